"""Findings that are questions about one label, as issues in the queue of what people are asked."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from connector.model import Issue, IssueKind, IssueState
from connector.model.findings import FindingKind
from connector.model.reasons import HeldBack
from connector.store.unit_of_work import UnitOfWork
from workers.context import Context
from workers.detect.findings.detect import Looked
from workers.detect.findings.draft import Draft
from workers.detect.flags import FlaggedRow, Flags, Origin, Place, issue_of

BETWEEN = 3  # suspicious labels between two other questions


@dataclass(frozen=True, slots=True)
class Asking:
    """What decides which questions are put."""

    kinds: Collection[FindingKind]
    blind_share: float
    busy: Collection[int]  # items that are asked about already
    settled: Collection[tuple[int, str]]  # items and labels that reviewers have answered


def ask_too(
    unit: UnitOfWork,
    context: Context,
    issues: list[Issue],
    flags: Flags,
    looked: Looked,
    scan_id: str,
    free: int,
) -> list[Issue]:
    """The scan's issues, and such questions as the project's policy wants besides."""
    policy, items = context.settings.policy, flags.probabilities.items
    kinds = {FindingKind(kind.value) for kind in policy.review_kinds}
    about = [
        items[draft.row].item_id for draft in looked.drafts if draft.kind in kinds and draft.row is not None
    ]
    if not about:
        return issues
    active = unit.issues.active(context.project.id, about)
    busy = {item_id for item_id, issue in active.items() if issue.state is not IssueState.SUPPRESSED}
    asking = Asking(kinds, policy.blind_share, busy, unit.issues.settled(context.project.id))
    rng = np.random.default_rng([uuid.UUID(context.job.id).int, 1])  # a scan tried again draws the same
    origin = Origin(
        context.project.id, scan_id, flags.probabilities.model_version, flags.method, flags.classes
    )
    return with_questions(issues, flags, looked, asking, origin, rng, free=free)


def with_questions(
    issues: Sequence[Issue],
    flags: Flags,
    looked: Looked,
    asking: Asking,
    origin: Origin,
    rng: np.random.Generator,
    *,
    free: int,
) -> list[Issue]:
    """The scan's issues with one other question after every three; the first `free` of the queue open.

    An item has one issue: where its label is in the queue already, it stays what it is. Of duplicates with
    different labels one is asked about at a time.
    """
    queue = [issue for issue in issues if issue.state is IssueState.OPEN or issue.reason == HeldBack.BUDGET]
    queued = {issue.item_id for issue in queue}
    drafts = _chosen(flags, looked, asking, queued | set(asking.busy))
    blind = rng.random(len(drafts)) < asking.blind_share
    asked = [_issue(flags, draft, bool(b), origin) for draft, b in zip(drafts, blind, strict=True)]
    lined = list(_interleaved(queue, asked))
    taken = {issue.item_id for issue in lined}
    rest = [issue for issue in issues if issue.item_id not in taken]
    opened = [_placed(issue, rank, is_open=rank < free) for rank, issue in enumerate(lined)]
    return opened + [replace(issue, rank=rank) for rank, issue in enumerate(rest, start=len(lined))]


def _chosen(flags: Flags, looked: Looked, asking: Asking, taken: Collection[int]) -> list[Draft]:
    """The worst first, of all kinds in turn by their scores; for each item, and each set, one."""
    items, quality = flags.probabilities.items, flags.found.quality
    drafts = [draft for draft in looked.drafts if draft.kind in asking.kinds and draft.row is not None]
    drafts.sort(key=lambda draft: (-draft.score, float(quality[draft.row or 0])))
    seen = set(taken)
    sets = {d.facts["set"] for d in drafts if "set" in d.facts and items[d.row or 0].item_id in seen}
    chosen = []
    for draft in drafts:
        item = items[draft.row or 0]
        of_set = draft.facts.get("set")
        if item.item_id in seen or of_set in sets or (item.item_id, item.label) in asking.settled:
            continue
        seen.add(item.item_id)
        if of_set is not None:
            sets.add(of_set)
        chosen.append(draft)
    return chosen


def _issue(flags: Flags, draft: Draft, blind: bool, origin: Origin) -> Issue:  # noqa: FBT001 - a fact
    row = draft.row or 0
    found = FlaggedRow(
        flags.probabilities.items[row],
        flags.probabilities.matrix[row],
        flags.classes.index(draft.facts["suggested"]),
        float(flags.found.quality[row]),
    )
    made = issue_of(found, Place(0, IssueKind(draft.kind.value), None, blind), origin, is_open=True)
    return replace(made, evidence=replace(made.evidence, about=dict(draft.facts)))


def _interleaved(queue: Sequence[Issue], asked: Sequence[Issue]) -> Iterator[Issue]:
    others = iter(asked)
    for n, issue in enumerate(queue, start=1):
        yield issue
        if n % BETWEEN == 0:
            another = next(others, None)
            if another is not None:
                yield another
    yield from others


def _placed(issue: Issue, rank: int, *, is_open: bool) -> Issue:
    if is_open:
        return replace(issue, rank=rank, state=IssueState.OPEN, reason=None)
    return replace(issue, rank=rank, state=IssueState.SUPPRESSED, reason=HeldBack.BUDGET)
