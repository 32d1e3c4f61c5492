"""The reductions: from the shards' summaries to thresholds, and from those to the issues."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from workers.issues.arrays import Counts, Mask, Probabilities
from workers.issues.detection import LabelIssues, found_issues
from workers.issues.groups import Groups
from workers.issues.joint import calibrated, prune_counts
from workers.issues.methods import BY_MARGIN, PRUNING, Method, method_of
from workers.issues.pruning import prune_by_class
from workers.issues.selection import smallest
from workers.issues.sharded.leads import NoiseRate
from workers.issues.sharded.parts import Cuts, PairQuestion, ShardEvidence, ShardMargins, ShardTrust
from workers.issues.thresholds import thresholds_of
from workers.issues.validation import SLACK, InvalidInput, OffSums, refuse_one_class


def cuts_of(trusts: Sequence[ShardTrust], method: str) -> Cuts:
    """Reduce 1: the thresholds of all rows.

    Raises
    ------
    InvalidInput
        Where all labels are of one class, shards differ in type or number of classes, or there is no such
        method.
    """
    chosen = method_of(method)
    if len({(part.n_classes, part.trust.dtype) for part in trusts}) != 1:
        raise InvalidInput(
            "differs in type or number of classes from shard to shard",
            argument="pred_probs",
            remedy="Give every shard one column per class, all in float32 or all in float64",
        )
    given = np.concatenate([part.given for part in trusts])
    refuse_one_class(given)
    clip = max(part.highest for part in trusts) > 1 + SLACK
    groups = Groups(given, trusts[0].n_classes)
    return Cuts(chosen, thresholds_of(_trust(trusts, clip=clip), groups), clip)


class Reduction:
    """Reduce 2: `question` is what the summaries leave open, None if nothing; `issues` is the answer."""

    def __init__(self, cuts: Cuts, trusts: Sequence[ShardTrust], evidences: Sequence[ShardEvidence]) -> None:
        self._method = cuts.method
        self._evidences = evidences
        self._trust = _trust(trusts, clip=cuts.clip)
        self._disagreeing: Mask = np.concatenate([part.disagreeing for part in evidences])
        self._groups = Groups(np.concatenate([part.given for part in trusts]), len(cuts.thresholds))
        self._prune = self._counts()
        self._noise_rate: NoiseRate | None = None
        self.question: PairQuestion | None = None
        if cuts.method in BY_MARGIN:
            self._noise_rate = NoiseRate(self._groups, self._prune, self._disagreeing, evidences)
            self.question = self._noise_rate.question

    def issues(self, answers: Sequence[ShardMargins] = ()) -> LabelIssues:
        """The issues of all rows, as `label_issues` gives them.

        Raises
        ------
        ValueError
            Where there is a question and not every shard has answered it.
        """
        starts = np.cumsum([0, *(len(part.predicted) for part in self._evidences)])
        off = OffSums(
            np.concatenate([part.off + start for part, start in zip(self._evidences, starts, strict=False)]),
            np.concatenate([part.sums for part in self._evidences]),
        )
        return found_issues(
            self._mask(answers),
            self._trust.copy(),
            np.concatenate([part.predicted for part in self._evidences]),
            off,
            min(part.lowest for part in self._evidences),
        )

    def _counts(self) -> Counts:
        """How many rows to prune of each (true, given) pair; empty for methods that do not prune."""
        if self._method not in PRUNING:
            return np.empty((0, 0), dtype=np.int64)
        n_classes = len(self._groups.counts)
        joint = np.zeros(n_classes**2, dtype=np.int64)
        for part in self._evidences:
            joint[part.pair] += part.count
        return prune_counts(calibrated(joint.reshape(n_classes, n_classes), self._groups.counts))

    def _mask(self, answers: Sequence[ShardMargins]) -> Mask:
        if self._method is Method.PREDICTED_NEQ_GIVEN:
            return self._disagreeing
        if self._method in PRUNING:
            return self._pruned(answers)
        confident: Mask = np.concatenate([part.confident for part in self._evidences])
        if self._method is Method.CONFIDENT_LEARNING:
            return confident
        wanted = int(np.count_nonzero(confident))
        if self._method is Method.LOW_SELF_CONFIDENCE:
            return smallest(self._trust, wanted)
        return smallest(np.concatenate([part.scores for part in self._evidences]), wanted)

    def _pruned(self, answers: Sequence[ShardMargins]) -> Mask:
        noisy = None if self._noise_rate is None else self._noise_rate.answered(answers)
        if noisy is not None and self._method is Method.PRUNE_BY_NOISE_RATE:
            return noisy
        mask = prune_by_class(self._trust, self._disagreeing, self._groups, self._prune)
        return mask if noisy is None else mask & noisy


def _trust(trusts: Sequence[ShardTrust], *, clip: bool) -> Probabilities:
    trust: Probabilities = np.concatenate([part.trust for part in trusts])
    return np.minimum(trust, 1) if clip else trust
