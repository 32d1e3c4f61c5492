"""Pruning by noise rate from the margins that shards have told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from workers.issues.arrays import Classes, Counts, Mask, Probabilities, Rows
from workers.issues.groups import Groups
from workers.issues.selection import smallest
from workers.issues.sharded.parts import PairQuestion, Places, ShardEvidence, ShardMargins


class NoiseRate:
    """`prune_by_noise_rate` in two steps: `mask` is what the told margins decide, `question` what they leave.

    `counts` (true, given) says how many rows to take for each pair of classes, as for that function.
    """

    def __init__(
        self, groups: Groups, counts: Counts, disagreeing: Mask, evidences: Sequence[ShardEvidence]
    ) -> None:
        self._groups = groups
        self._disagreeing = disagreeing
        self._wanted = _wanted(groups, counts, disagreeing)
        self._lengths = [len(part.predicted) for part in evidences]
        self.mask = np.zeros(len(disagreeing), dtype=bool)
        left = self._decide(*_told(evidences), floor=max(part.margins.floor for part in evidences))
        other, given = np.divmod(left, len(groups.counts))
        pairs = np.stack([given, other], axis=1).astype(np.int32)
        self.question = PairQuestion(pairs) if len(pairs) else None

    def answered(self, answers: Sequence[ShardMargins]) -> Mask:
        """The mask with what the shards have answered."""
        if self.question is None:
            return self.mask
        if len(answers) != len(self._lengths):
            raise ValueError(f"{len(self._lengths)} shards are to answer, {len(answers)} have")
        mask = self.mask.copy()
        for (label, other), leads in zip(
            self.question.pairs.tolist(), self._by_pair(self.question.pairs, answers), strict=True
        ):
            rows = self._groups.rows(label)
            mask[rows[smallest(-leads, int(self._wanted[other, label]))]] = True
        mask &= self._disagreeing
        return mask

    def _decide(self, row: Rows, other: Classes, lead: Probabilities, *, floor: float) -> Rows:
        """Mark what is certain; the numbers (true * K + given) of the pairs that are not."""
        n_classes = len(self._groups.counts)
        pair = other.astype(np.int64) * n_classes + self._groups.labels[row]
        order = np.lexsort((-lead, pair))
        row, lead, pair = row[order], lead[order], pair[order]
        told = np.bincount(pair, minlength=n_classes**2)
        first = np.cumsum(told) - told
        wanted = self._wanted.ravel()
        asked = np.flatnonzero(wanted)
        everyone = wanted[asked] >= self._groups.counts[asked % n_classes]
        for label in np.unique(asked[everyone] % n_classes).tolist():
            self.mask[self._groups.rows(label)] = True
        self.mask &= self._disagreeing
        asked = asked[~everyone]
        enough = told[asked] >= wanted[asked]
        last = np.minimum(first + wanted - 1, len(lead) - 1)[asked]
        after = np.minimum(last + 1, len(lead) - 1)
        clear = enough.copy()
        clear[enough] = lead[last[enough]] > floor
        tied = (told[asked] > wanted[asked]) & enough
        clear[tied] &= lead[last[tied]] > lead[after[tied]]
        decided = np.zeros(n_classes**2, dtype=bool)
        decided[asked[clear]] = True
        self.mask[row[decided[pair] & (np.arange(len(pair)) < (first + wanted)[pair])]] = True
        return asked[~clear]

    def _by_pair(self, pairs: Places, answers: Sequence[ShardMargins]) -> Iterator[Probabilities]:
        """The leads of all rows of each pair's given class, in row order."""
        ends = np.cumsum(self._lengths)
        shards = [
            self._groups.labels[end - length : end] for end, length in zip(ends, self._lengths, strict=True)
        ]
        sizes = [np.bincount(given, minlength=len(self._groups.counts)) for given in shards]
        at = [0] * len(answers)
        for label in pairs[:, 0].tolist():
            parts = []
            for shard, answer in enumerate(answers):
                end = at[shard] + int(sizes[shard][label])
                parts.append(answer.leads[at[shard] : end])
                at[shard] = end
            yield np.concatenate(parts)


def _wanted(groups: Groups, counts: Counts, disagreeing: Mask) -> Counts:
    """How many rows each pair takes; classes of one row, or where nobody disagrees, take none."""
    wanted = counts.copy()
    np.fill_diagonal(wanted, 0)
    idle = np.bincount(groups.labels[disagreeing], minlength=len(groups.counts)) == 0
    wanted[:, idle | (groups.counts < 2)] = 0
    return wanted


def _told(evidences: Sequence[ShardEvidence]) -> tuple[Rows, Classes, Probabilities]:
    """Row among all, other class and lead of everything told."""
    starts = np.cumsum([0, *(len(part.predicted) for part in evidences)])
    return (
        np.concatenate([part.margins.row + start for part, start in zip(evidences, starts, strict=False)]),
        np.concatenate([part.margins.other for part in evidences]),
        np.concatenate([part.margins.lead for part in evidences]),
    )
