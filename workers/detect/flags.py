"""From rows that triage has put into a queue to issues, in the vocabulary."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from connector.config.project import PolicySettings
from connector.model import FlagEvidence, Issue, IssueKind, IssueState, Json, LabelledItem
from connector.model.reasons import HeldBack
from workers.detect.standing import BUDGET, REASON
from workers.issues import TriagePlan, TriagePolicy, triage
from workers.issues.arrays import Rows
from workers.issues.triage import Flagged

NEAR_SHARE = 0.05  # a class below this probability is no near miss
NEAR_CLASSES = 2
OPTION_CLASSES = 6


@dataclass(frozen=True, slots=True)
class Origin:
    """What all issues of one scan share."""

    project_id: int
    scan_id: str
    model_version: str
    method: str
    classes: tuple[str, ...]
    in_parts: bool = False  # whether parts of a label are judged, each for itself


@dataclass(frozen=True, slots=True)
class Place:
    """Where triage has put a row; `reason` says why it is held back, if it is."""

    rank: int
    kind: IssueKind
    reason: HeldBack | None
    blind: bool
    suggested: str | None = None  # by what else was found; None: the most probable class
    about: Json | None = None  # what else was found

    def opened(self, *, is_open: bool) -> tuple[IssueState, HeldBack | None]:
        """The state of its issue and the reason, where there is room for it or not."""
        if self.reason is None and is_open:
            return IssueState.OPEN, None
        return IssueState.SUPPRESSED, self.reason or HeldBack.BUDGET


@dataclass(frozen=True, slots=True)
class FlaggedRow:
    """A row that was judged: the item, its probabilities (K,), and what follows from them."""

    item: LabelledItem
    probs: NDArray[np.floating[Any]]
    suggested: int
    quality: float
    similar: Sequence[str] = ()
    neighbours: Sequence[tuple[int, float]] = ()  # the items of these labels, and how far they are


def planned_rows(plan: TriagePlan) -> tuple[Rows, NDArray[np.int8]]:
    """(P,) rows of a plan in the order of their ranks, and the number of the reason that holds each back.

    What may be asked waits for its turn, as if for the budget.
    """
    reasons = [REASON[str(reason)] for reason in plan.reasons]
    waiting = np.full(len(plan.rows), BUDGET, dtype=np.int8)
    rows = np.concatenate([plan.rows, plan.suppressed])
    return rows, np.concatenate([waiting, np.array(reasons, dtype=np.int8)])


def places(plan: TriagePlan, ranks: Iterable[int] | None = None) -> Iterator[tuple[int, Place]]:
    """Each row of a plan and its place: first the queue, then what is held back; all ranks, or some."""
    n_fit = len(plan.rows)
    for rank in range(n_fit + len(plan.suppressed)) if ranks is None else ranks:
        if rank >= n_fit:
            reason = HeldBack(str(plan.reasons[rank - n_fit]))
            place = Place(rank, IssueKind.LABEL_ERROR, reason, blind=False)
            yield int(plan.suppressed[rank - n_fit]), place
            continue
        control, blind = bool(plan.control[rank]), bool(plan.blind[rank])
        kind = IssueKind.CONTROL if control else IssueKind.LABEL_ERROR
        # A control measures what flags miss: seeing a suggestion would bend the answer.
        yield int(plan.rows[rank]), Place(rank, kind, None, blind or control)


def issue_of(flagged: FlaggedRow, place: Place, origin: Origin, *, is_open: bool) -> Issue:
    """A new issue; open where there is room for it and nothing holds it back."""
    state, reason = place.opened(is_open=is_open)
    return Issue(
        id=str(uuid.uuid4()),
        project_id=origin.project_id,
        item_id=flagged.item.item_id,
        annotation_id=flagged.item.annotation_id,
        label_version=flagged.item.label_version,
        label_updated_at=flagged.item.updated_at,
        kind=place.kind,
        state=state,
        given=flagged.item.label,
        suggested=origin.classes[flagged.suggested],
        quality=flagged.quality,
        probability=float(flagged.probs[flagged.suggested]),
        rank=place.rank,
        method=origin.method,
        model_version=origin.model_version,
        scan_id=origin.scan_id,
        evidence=_evidence(flagged, origin.classes, place),
        reason=reason,
    )


def _evidence(flagged: FlaggedRow, classes: tuple[str, ...], place: Place) -> FlagEvidence:
    probs = flagged.probs
    order = [int(k) for k in np.argsort(-probs, kind="stable")]
    given = classes.index(flagged.item.label)
    near = [k for k in order if k not in {flagged.suggested, given} and probs[k] >= NEAR_SHARE]
    return FlagEvidence(
        blind=place.blind,
        given_probability=float(probs[given]),
        near=tuple((classes[k], float(probs[k])) for k in near[:NEAR_CLASSES]),
        options=tuple(classes[k] for k in order[:OPTION_CLASSES]),
        others=flagged.item.others,
        similar=tuple(flagged.similar),
        neighbours=tuple(flagged.neighbours),
        about=None if place.about is None else dict(place.about),
    )


def line_up(
    policy: PolicySettings,
    flagged: Flagged,
    rng: np.random.Generator,
    *,
    controls: bool = True,
    limit: float = 1.0,
    least_controls: int = 0,
) -> TriagePlan:
    """Lay out the whole queue, with controls in their places unless they are not wanted.

    As much of it is opened as there is room for, and the push opens the rest as room appears. Of a weak
    model's flags only the most suspicious enter it: as many as `limit`, a share of the budget, allows.
    """
    flagged = replace(flagged, order=flagged.order[: n_kept(policy, limit, len(flagged.order))])
    whole = TriagePolicy(
        budget=len(flagged.given),
        per_class_cap=policy.class_cap,
        min_class_examples=policy.min_class_examples,
        control_share=policy.control_share if controls else 0.0,
        blind_share=policy.blind_share,
        least_controls=least_controls if controls else 0,
    )
    return triage(flagged, whole, rng)


def n_kept(policy: PolicySettings, limit: float, n_flagged: int) -> int:
    """How many flagged labels are put forward: fewer than all where the model is weak."""
    return n_flagged if limit >= 1 else min(n_flagged, ceil(limit * policy.budget))
