"""Findings that are questions about one label, in the queue of what people are asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from connector.model import IssueKind
from workers.detect.findings.draft import Draft
from workers.detect.flags import Place
from workers.issues.arrays import Mask, Probabilities
from workers.issues.triage import Flagged

BETWEEN = 3  # suspicious labels between two other questions


def with_questions(
    wanted: Mapping[int, Place],
    drafts: Sequence[Draft],
    flagged: Flagged,
    quality: Probabilities,
    blind_share: float,
    chance: np.random.Generator,
) -> dict[int, Place]:
    """Row → place of a scan's issues, with one other question after every three.

    An item has one issue: where its label is in the queue already, it stays what it is. Of duplicates with
    different labels one is asked about at a time.
    """
    if not drafts:
        return dict(wanted)
    queue = [row for row, place in wanted.items() if place.reason is None]
    busy = flagged.in_review.copy()
    busy[queue] = True
    chosen = _chosen(drafts, quality, busy, flagged.settled)
    blind = chance.random(len(chosen)) < blind_share
    asked = {
        row: _place(draft, is_blind=bool(b)) for (row, draft), b in zip(chosen.items(), blind, strict=True)
    }
    lined = list(_interleaved(queue, list(asked)))
    rest = [row for row in wanted if wanted[row].reason is not None and row not in asked]
    every = {**wanted, **asked}
    return {row: replace(every[row], rank=rank) for rank, row in enumerate([*lined, *rest])}


def _chosen(drafts: Sequence[Draft], quality: Probabilities, busy: Mask, settled: Mask) -> dict[int, Draft]:
    """Row → draft, the worst first, of all kinds in turn by their scores; for each row, and each set, one."""
    about = [(draft.row, draft) for draft in drafts if draft.row is not None]
    about.sort(key=lambda pair: (-pair[1].score, float(quality[pair[0]])))
    sets = {draft.facts["set"] for row, draft in about if "set" in draft.facts and busy[row]}
    chosen: dict[int, Draft] = {}
    for row, draft in about:
        of_set = draft.facts.get("set")
        if busy[row] or settled[row] or row in chosen or of_set in sets:
            continue
        chosen[row] = draft
        if of_set is not None:
            sets.add(of_set)
    return chosen


def _place(draft: Draft, *, is_blind: bool) -> Place:
    kind = IssueKind(draft.kind.value)
    return Place(0, kind, None, is_blind, suggested=draft.facts["suggested"], about=draft.facts)


def _interleaved(queue: Sequence[int], asked: Sequence[int]) -> Iterator[int]:
    others = iter(asked)
    for n, row in enumerate(queue, start=1):
        yield row
        if n % BETWEEN == 0:
            another = next(others, None)
            if another is not None:
                yield another
    yield from others
