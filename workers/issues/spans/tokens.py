"""Which token labels are probably wrong: sentences laid end to end, and detection as for single choices."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workers.issues.arrays import Counts, Probabilities
from workers.issues.detection import LabelIssues, issues_among
from workers.issues.pooling import pooled_min, pooled_softmin
from workers.issues.quality import self_confidence
from workers.issues.row_source import MatrixRows, RowSource
from workers.issues.spans.flat import FlatTokens, UnlikeTables, flatten
from workers.issues.spreading import THREADS
from workers.issues.validation import InvalidInput, checked_probs

TEMPERATURE = 0.05


class Pooling(StrEnum):
    """How a sentence's score comes from those of its tokens."""

    MIN = "min"
    SOFTMIN = "softmin"


@dataclass(frozen=True, slots=True)
class TokenIssues:
    """What was found.

    `pairs` (M, 2) are sentence and token of each issue, the most suspicious first; `quality` (T,) the
    probability of each token's label, sentence after sentence; `sizes` (N,) how many tokens each has.
    """

    pairs: NDArray[np.int64]
    quality: Probabilities
    sizes: Counts
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SentenceScores:
    """0 (suspicious) to 1: `sentence` (N,), 1 for one without tokens, and `token` (T,)."""

    sentence: NDArray[np.float64]
    token: Probabilities
    sizes: Counts


def token_issues(
    labels: Iterable[ArrayLike],
    pred_probs: Iterable[ArrayLike],
    *,
    method: str = "prune_by_noise_rate",
    threads: int = THREADS,
    compiled: bool = False,
) -> TokenIssues:
    """Find token labels that are probably wrong.

    Parameters
    ----------
    labels : N lists of int
        Given classes of each sentence's tokens, 0..K-1.
    pred_probs : N arrays (tokens, K)
        Out-of-sample probabilities, float32 or float64.
    method
        One of `Method`.
    threads
        How many to compute with; the answer is the same for any number.
    compiled
        As in `label_issues`: with loops that numba compiles (extra `compiled`).

    Returns
    -------
    TokenIssues
        Its pairs equal those of cleanlab 2.9.0's `token_classification.filter.find_label_issues` with
        `filter_by=method`; of equally probable labels the first token stands first.

    Raises
    ------
    InvalidInput
        Naming the argument, the sentence (as row), the token and the remedy.

    Notes
    -----
    A span that is wrong is several tokens here; `span_findings` reports it once.
    """
    tokens = flatten(labels, pred_probs)

    def issues_of(source: RowSource) -> LabelIssues:
        try:
            return issues_among(tokens.labels, source, method, threads, compiled=compiled)
        except InvalidInput as refused:
            raise tokens.located(refused) from None

    issues = _of_either(tokens, issues_of)
    return TokenIssues(tokens.pairs(issues.order), issues.quality, tokens.sizes, issues.warnings)


def _of_either(tokens: FlatTokens, issues_of: Callable[[RowSource], LabelIssues]) -> LabelIssues:
    """The issues of the sentences' rows where they lie, or of all joined where they are not alike."""
    rows = tokens.rows()
    if rows is not None:
        try:
            return issues_of(rows)
        except UnlikeTables:
            pass
    return issues_of(MatrixRows(checked_probs(tokens.probs)))


def sentence_scores(
    labels: Iterable[ArrayLike],
    pred_probs: Iterable[ArrayLike],
    *,
    pooling: str = Pooling.MIN,
    token_score: Callable[[ArrayLike, ArrayLike], Probabilities] = self_confidence,
) -> SentenceScores:
    """How likely all labels of each sentence are right.

    Parameters
    ----------
    labels, pred_probs
        As in `token_issues`.
    pooling
        `min`, the least score of a token, or `softmin`, Σ s softmax(-s / .05).
    token_score
        `self_confidence`, `normalized_margin` or an entropy of `workers.issues`.

    Returns
    -------
    SentenceScores
        Equal to cleanlab 2.9.0's `token_classification.rank.get_label_quality_scores`.

    Raises
    ------
    InvalidInput
        As `token_issues`, and for a pooling that there is not.
    """
    pool = _pool(pooling)
    tokens = flatten(labels, pred_probs)
    token = _scored(tokens, token_score)
    return SentenceScores(pool(token, tokens.sizes), token, tokens.sizes)


def _pool(name: str) -> Callable[[Probabilities, Counts], NDArray[np.float64]]:
    if name == Pooling.MIN:
        return pooled_min
    if name == Pooling.SOFTMIN:
        return lambda scores, sizes: pooled_softmin(scores, sizes, TEMPERATURE)
    raise InvalidInput(f"is {name!r}", argument="pooling", remedy=f"Choose one of {', '.join(Pooling)}")


def _scored(
    tokens: FlatTokens, token_score: Callable[[ArrayLike, ArrayLike], Probabilities]
) -> Probabilities:
    probs = tokens.probs
    try:
        return token_score(tokens.labels, probs)
    except InvalidInput as refused:
        raise tokens.located(refused) from None
