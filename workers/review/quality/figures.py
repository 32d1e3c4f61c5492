"""What reviews say of all labels: what is left to find, how often flags are right, and when to stop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from connector.config.project import PolicySettings, QualitySettings
from connector.model import IssueKind, IssueState, Json, Project
from connector.store.repositories.quality import AgreementCount
from connector.store.unit_of_work import UnitOfWork
from connector.store.views.figures import IssueCount, Moved, issue_counts, moved
from workers.review.quality.fairness import net_change
from workers.review.quality.harm import Harm, harm_of

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
    """See docs/quality.md. `remaining_high` is the largest share of all labels that can be wrong."""

    items: int
    waiting: int
    unwritten: int  # flagged labels that reviewers found wrong, and that still stand
    controls: Rate
    controls_unresolved: int
    flags: FlagCount
    by_class: tuple[FlagCount, ...]
    by_method: tuple[FlagCount, ...]
    remaining_high: float
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
    counts = issue_counts(unit, project.id)
    scan = unit.issues.last_scan(project.id)
    controls = [one for one in counts if one.kind == IssueKind.CONTROL]
    flagged = [one for one in counts if one.kind == IssueKind.LABEL_ERROR]
    control = rate(_in(controls, IssueState.ACCEPTED), _judged(controls))
    flags = flag_count("all", flagged)
    items = scan.n_items if scan else 0
    unwritten = unit.quality.unwritten(project.id)
    doubtful = flags.waiting + flags.unresolved
    high = _remaining(items, scan.n_flagged if scan else 0, doubtful, unwritten, control, flagged)
    moves = tuple(moved(unit, project.id))
    return QualityFigures(
        items=items,
        waiting=flags.waiting,
        unwritten=unwritten,
        controls=control,
        controls_unresolved=_in(controls, IssueState.UNRESOLVED),
        flags=flags,
        by_class=_with_decisions(flags_by(flagged, "given")),
        by_method=_with_decisions(flags_by(flagged, "method")),
        remaining_high=high,
        target=settings.target_error_rate,
        clean_enough=high <= settings.target_error_rate,
        anchoring=_anchoring(unit.quality.agreement(project.id), settings.anchoring_limit),
        moved=moves,
        change=net_change(moves),
        held_by_class=unit.quality.held_by_class(project.id),
        harm=harm_of(unit, project),
    )


def _remaining(
    items: int,
    flagged: int,
    doubtful: int,
    unwritten: int,
    controls: Rate,
    flags: Sequence[IssueCount],
) -> float:
    """The largest share of labels that can be wrong: what controls allow for the unflagged; of the flags
    that wait or were left unresolved what the decided ones allow; and all that are known to be wrong and
    were not replaced. 1 without controls or items."""
    if not items:
        return 1.0
    undecided = rate(_in(flags, IssueState.ACCEPTED), _judged(flags))
    unflagged = max(0, items - flagged)
    return min(1.0, (unflagged * controls.high + doubtful * undecided.high + unwritten) / items)


def _in(counts: Iterable[IssueCount], state: IssueState) -> int:
    return sum(one.n for one in counts if one.state == state)


def _judged(counts: Sequence[IssueCount]) -> int:
    return _in(counts, IssueState.ACCEPTED) + _in(counts, IssueState.REJECTED)


def rate(hits: int, n: int) -> Rate:
    """The share with its interval; without any case nothing is known, and nothing is computed."""
    if not n:
        return Rate(hits, 0, None, 0.0, 1.0)
    from workers.consensus.binomial import exact_interval

    share = exact_interval([hits], [n])
    return Rate(hits, n, float(share.value[0]), float(share.low[0]), float(share.high[0]))


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
    blind, shown = rate(agreed[True], n[True]), rate(agreed[False], n[False])
    if not n[True] or not n[False]:
        return Anchoring(blind, shown, effect=None, low=-1.0, high=1.0, beyond_limit=False)
    from workers.consensus.binomial import difference

    effect = difference([agreed[True]], [n[True]], [agreed[False]], [n[False]])
    low = float(effect.low[0])
    # The whole interval: a few votes that differ by chance must not change how people are asked.
    beyond = low > limit
    return Anchoring(blind, shown, float(effect.value[0]), low, float(effect.high[0]), beyond_limit=beyond)


def blind_share(
    unit: UnitOfWork, project: Project, policy: PolicySettings, quality: QualitySettings
) -> float:
    """The share of new review tasks that show no suggestion: all, once seeing it bends answers too much."""
    if not quality.blind_when_anchored:
        return policy.blind_share
    found = _anchoring(unit.quality.agreement(project.id), quality.anchoring_limit)
    return 1.0 if found.beyond_limit else policy.blind_share
