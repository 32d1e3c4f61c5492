"""What reviews say of all labels: what is left to find, how often flags are right, and when to stop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Literal

from connector.config.project import PolicySettings, QualitySettings
from connector.model import IssueKind, IssueState, Json, Project
from connector.store.repositories.quality import AgreementCount
from connector.store.unit_of_work import UnitOfWork
from connector.store.views.figures import IssueCount, Moved, issue_counts, kind_counts, moved
from workers.label_types.registry import kind_of
from workers.review.quality.class_names import (
    counts_by_class,
    gained_and_lost,
    moves_by_class,
    summed_by_class,
)
from workers.review.quality.harm import Harm, harm_of
from workers.review.quality.intervals import ShareBounds, anytime_bounds, difference_bounds, exact_bounds
from workers.review.quality.needed import controls_needed

WAITING = (IssueState.OPEN, IssueState.IN_REVIEW, IssueState.SUPPRESSED)


@dataclass(frozen=True, slots=True)
class Rate:
    """`hits` of `n`, with the exact 95 % interval."""

    hits: int
    n: int
    value: float | None  # None for n = 0
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class FlagCount:
    """Flags of one class or method; `precision` is the share of corrections among what was decided."""

    name: str
    flagged: int
    waiting: int
    accepted: int
    rejected: int
    unresolved: int
    precision: Rate


@dataclass(frozen=True, slots=True)
class Anchoring:
    """How often votes chose the suggestion, blind and seeing it; the effect has a 95 % interval."""

    blind: Rate
    shown: Rate
    effect: float | None
    low: float
    high: float
    beyond_limit: bool


@dataclass(frozen=True, slots=True)
class QualityFigures:
    """See docs/quality.md. `remaining_high` is the largest share of all labels that can be wrong.

    `remaining_high_anytime` is the same however often one looks, `remaining` what is likeliest: None without
    a control. `controls_needed` more answers to controls show the target, if they come as those so far and
    the flags that wait are decided; None where no number of them does.
    """

    items: int
    waiting: int
    unwritten: int  # flagged labels that reviewers found wrong, and that still stand
    controls: Rate
    controls_unresolved: int
    flags: FlagCount
    by_class: tuple[FlagCount, ...]
    by_method: tuple[FlagCount, ...]
    remaining: float | None
    remaining_high: float
    remaining_high_anytime: float
    controls_needed: int | None
    target: float
    clean_enough: bool
    anchoring: Anchoring
    moved: tuple[Moved, ...]
    change: Mapping[str, int]  # class → labels gained less labels lost, by all corrections that are written
    held_by_class: Mapping[str, int]  # corrections that wait for a person
    harm: Harm

    def as_json(self) -> Json:
        return asdict(self)


def figures(unit: UnitOfWork, project: Project, settings: QualitySettings) -> QualityFigures:
    """Computed from what stands in the store now."""
    known = _known(unit, project, issue_counts(unit, project.id))
    kind = kind_of(project.schema)
    moves = moved(unit, project.id)
    gained, lost = gained_and_lost(kind, moves)
    high = known.high
    return QualityFigures(
        items=known.left.items,
        waiting=known.flags.waiting,
        unwritten=known.left.unwritten,
        controls=known.controls,
        controls_unresolved=known.controls_unresolved,
        flags=known.flags,
        by_class=_with_decisions(flags_by(counts_by_class(kind, known.flagged), "given")),
        by_method=_with_decisions(flags_by(known.flagged, "method")),
        remaining=known.left.likely(known.controls, rate(*known.decided)),
        remaining_high=high,
        remaining_high_anytime=known.left.high(
            rate(known.controls.hits, known.controls.n, anytime_bounds),
            rate(*known.decided, anytime_bounds),
        ),
        controls_needed=known.needed(settings.target_error_rate),
        target=settings.target_error_rate,
        clean_enough=high <= settings.target_error_rate,
        anchoring=_anchoring(unit.quality.agreement(project.id), settings.anchoring_limit),
        moved=tuple(moves_by_class(kind, moves)),
        change={name: n for name in sorted({*gained, *lost}) if (n := gained[name] - lost[name])},
        held_by_class=summed_by_class(kind, unit.quality.held_by_class(project.id)),
        harm=harm_of(unit, project),
    )


@dataclass(frozen=True, slots=True)
class ControlOutlook:
    """Of `QualityFigures` what says how many controls are to be asked, which is far less to compute."""

    waiting: int
    flags: FlagCount
    controls: Rate
    controls_needed: int | None


def control_outlook(unit: UnitOfWork, project: Project, settings: QualitySettings) -> ControlOutlook:
    """Computed from what stands in the store now."""
    known = _known(unit, project, kind_counts(unit, project.id))
    needed = known.needed(settings.target_error_rate)
    return ControlOutlook(known.flags.waiting, known.flags, known.controls, needed)


@dataclass(frozen=True, slots=True)
class _Known:
    """What has been answered: `decided` flags, confirmed of all, and `controls`."""

    flagged: Sequence[IssueCount]
    flags: FlagCount
    decided: tuple[int, int]
    controls: Rate
    controls_unresolved: int
    left: _Left

    @property
    def high(self) -> float:
        """The largest share of labels that can be wrong."""
        return self.left.high(self.controls, rate(*self.decided))

    def needed(self, target: float) -> int | None:
        """How many more answers to controls show the target, once the flags that wait are decided."""
        settled = replace(self.left, doubtful=self.flags.unresolved)
        return controls_needed(
            (self.controls.hits, self.controls.n),
            lambda hits, n: settled.high(rate(hits, n), rate(*self.decided)) <= target,
            most=self.left.unflagged - self.controls.n,
        )


def _known(unit: UnitOfWork, project: Project, counts: Sequence[IssueCount]) -> _Known:
    scan = unit.issues.last_scan(project.id)
    controls = [one for one in counts if one.kind == IssueKind.CONTROL]
    flagged = [one for one in counts if one.kind == IssueKind.LABEL_ERROR]
    flags = flag_count("all", flagged)
    return _Known(
        flagged=flagged,
        flags=flags,
        decided=(_in(flagged, IssueState.ACCEPTED), _judged(flagged)),
        controls=rate(_in(controls, IssueState.ACCEPTED), _judged(controls)),
        controls_unresolved=_in(controls, IssueState.UNRESOLVED),
        left=_Left(
            items=scan.n_items if scan else 0,
            flagged=scan.n_flagged if scan else 0,
            doubtful=flags.waiting + flags.unresolved,
            unwritten=unit.quality.unwritten(project.id),
        ),
    )


@dataclass(frozen=True, slots=True)
class _Left:
    """The labels that may be wrong still: `doubtful` flags wait or were left unresolved, `unwritten` are
    known to be wrong and stand."""

    items: int
    flagged: int
    doubtful: int
    unwritten: int

    @property
    def unflagged(self) -> int:
        return max(0, self.items - self.flagged)

    def high(self, controls: Rate, flags: Rate) -> float:
        """The largest share: what controls allow for the unflagged, decided flags for the doubtful. 1 without
        controls or items."""
        return self._share(controls.high, flags.high) if self.items else 1.0

    def likely(self, controls: Rate, flags: Rate) -> float | None:
        """The share that is likeliest; None while nothing says it."""
        if not self.items or controls.value is None or (self.doubtful and flags.value is None):
            return None
        return self._share(controls.value, flags.value or 0.0)

    def _share(self, controls: float, flags: float) -> float:
        return min(1.0, (self.unflagged * controls + self.doubtful * flags + self.unwritten) / self.items)


def _in(counts: Iterable[IssueCount], state: IssueState) -> int:
    return sum(one.n for one in counts if one.state == state)


def _judged(counts: Sequence[IssueCount]) -> int:
    return _in(counts, IssueState.ACCEPTED) + _in(counts, IssueState.REJECTED)


def rate(hits: int, n: int, interval: Callable[[int, int], ShareBounds] = exact_bounds) -> Rate:
    share = interval(hits, n)
    return Rate(hits, n, share.value, share.low, share.high)


def flag_count(name: str, counts: Iterable[IssueCount]) -> FlagCount:
    """What became of these flags, in every state that there is."""
    n = Counter[str]()
    for one in counts:
        n[one.state] += one.n
    accepted, rejected, unresolved = (
        n[state] for state in (IssueState.ACCEPTED, IssueState.REJECTED, IssueState.UNRESOLVED)
    )
    return FlagCount(
        name=name,
        flagged=n.total(),
        waiting=sum(n[state] for state in WAITING),
        accepted=accepted,
        rejected=rejected,
        unresolved=unresolved,
        precision=rate(accepted, accepted + rejected + unresolved),
    )


def flags_by(counts: Iterable[IssueCount], field: Literal["given", "method"]) -> tuple[FlagCount, ...]:
    """The same for each class or method, by name."""
    groups: dict[str, list[IssueCount]] = {}
    for one in counts:
        groups.setdefault(getattr(one, field), []).append(one)
    return tuple(flag_count(name, groups[name]) for name in sorted(groups))


def _with_decisions(counts: Iterable[FlagCount]) -> tuple[FlagCount, ...]:
    return tuple(one for one in counts if one.precision.n)


def _anchoring(counts: Sequence[AgreementCount], limit: float) -> Anchoring:
    agreed, n = Counter[bool](), Counter[bool]()
    for one in counts:
        agreed[one.blind] += one.agreed
        n[one.blind] += one.n
    effect = difference_bounds((agreed[True], n[True]), (agreed[False], n[False]))
    return Anchoring(
        blind=rate(agreed[True], n[True]),
        shown=rate(agreed[False], n[False]),
        effect=effect.value,
        low=effect.low,
        high=effect.high,
        # The whole interval: a few votes that differ by chance must not change how people are asked.
        beyond_limit=effect.value is not None and effect.low > limit,
    )


def blind_share(
    unit: UnitOfWork, project: Project, policy: PolicySettings, quality: QualitySettings
) -> float:
    """The share of new review tasks that show no suggestion: all, once seeing it bends answers too much."""
    if not quality.blind_when_anchored:
        return policy.blind_share
    result = _anchoring(unit.quality.agreement(project.id), quality.anchoring_limit)
    return 1.0 if result.beyond_limit else policy.blind_share
