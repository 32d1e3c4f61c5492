"""Which spans are probably wrong, from a model's probabilities of tokens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from workers.issues.arrays import Counts, Probabilities
from workers.issues.pooling import none_wrong, starts_of
from workers.issues.reading import read_rows
from workers.issues.row_source import MatrixRows
from workers.issues.spans.findings import NO_SPAN, SpanFindings, ordered, span_findings
from workers.issues.spans.flat import flatten
from workers.issues.spans.table import NO_LABEL, SpanTable, Tags, read_tags, spans_of_tags
from workers.issues.validation import InvalidInput, checked_probs, compact_labels

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Joining(StrEnum):
    """How the probability of a span comes from those of its tokens."""

    MIN = "min"
    PRODUCT = "product"


@dataclass(frozen=True, slots=True)
class SpanIssues:
    """`findings`, one a suspicious span, and the spans, in tokens, that they name.

    `score` (N,) is the probability that no span of the sentence is wrong. `given` are the spans of the
    labels, `predicted` the model's, with probabilities, and `names` the labels.
    """

    findings: SpanFindings
    score: Floats
    given: SpanTable
    predicted: SpanTable
    names: tuple[str, ...]


def span_issues(
    labels: Iterable[ArrayLike],
    pred_probs: Iterable[ArrayLike],
    classes: Sequence[str],
    *,
    joining: str = Joining.MIN,
) -> SpanIssues:
    """Find spans that are probably missing, extra, of another type or with other ends.

    Parameters
    ----------
    labels, pred_probs
        As in `token_issues`.
    classes : K names
        What the columns mean, as `read_tags` has it: `O`, `B-PER`, `I-PER`, ...
    joining
        `min`: a span is as probable as its least probable token; `product`: as all of them together, taken
        as independent, which makes long spans improbable.

    Returns
    -------
    SpanIssues

    Raises
    ------
    InvalidInput
        Naming the argument, the sentence (as row) and the remedy.

    Notes
    -----
    The score is p (1 - q): p the probability of the model's span, or of nothing for an extra one, and q that
    of the given labels over both spans. Columns of one label are added up, so that a `B-` for an `I-` of the
    same span costs nothing.
    """
    if joining not in tuple(Joining):
        raise InvalidInput(
            f"is {joining!r}", argument="joining", remedy=f"Choose one of {', '.join(Joining)}"
        )
    tokens = flatten(labels, pred_probs)
    tags = read_tags(classes)
    if not len(tokens.labels):
        none = SpanTable([], [], [], [])
        return SpanIssues(span_findings(none, none), np.ones(len(tokens.sizes)), none, none, tags.names)
    joined = tokens.probs
    try:
        probs = checked_probs(joined)
        chosen = compact_labels(tokens.labels, *probs.shape)
        read_rows(MatrixRows(probs))  # refuses the first row that is no distribution
    except InvalidInput as refused:
        raise tokens.located(refused) from None
    _refuse_other_width(len(classes), probs.shape[1])
    model = _Model(tags, probs, tokens.sizes, np.minimum if joining == Joining.MIN else np.multiply)
    given, predicted = spans_of_tags(tags, chosen, tokens.sizes), model.spans()
    findings = span_findings(given, predicted, absent=model.joined(given, np.full(len(given), NO_LABEL)))
    doubt = 1 - model.trust(findings, given, predicted, tags.label[chosen])
    findings = ordered(replace(findings, score=findings.score * doubt))
    score = none_wrong(findings.text, findings.score, len(tokens.sizes))
    return SpanIssues(findings, score, given, predicted, tags.names)


class _Model:
    """Probabilities of labels, token by token, and joined over spans."""

    def __init__(self, tags: Tags, probs: Probabilities, sizes: Counts, join: np.ufunc) -> None:
        self._tags, self._sizes, self._join = tags, sizes, join
        self._best = probs.argmax(axis=1)
        labels = range(NO_LABEL, len(tags.names))
        columns = [probs[:, tags.label == label].sum(axis=1, dtype=np.float64) for label in labels]
        self._by_label: Floats = np.clip(columns, 0, 1)  # (1 + labels, T), outside first

    def spans(self) -> SpanTable:
        """What the most probable tags say."""
        read = spans_of_tags(self._tags, self._best, self._sizes)
        return SpanTable(read.text, read.start, read.end, read.label, self.joined(read, read.label))

    def joined(self, spans: SpanTable, label: Ints) -> Floats:
        """(S,): the probability that all tokens of each span have the label."""
        token, begin = self._tokens(spans.text, spans.start, spans.end)
        return self._joined(self._by_label[1 + np.repeat(label, spans.end - spans.start), token], begin)

    def trust(self, findings: SpanFindings, given: SpanTable, predicted: SpanTable, label: Ints) -> Floats:
        """(F,): the probability of the given labels (T,) over what either span of each finding covers."""
        start = np.full(len(findings), np.iinfo(np.int64).max)
        end = np.zeros(len(findings), dtype=np.int64)
        for table, rows in ((given, findings.given), (predicted, findings.predicted)):
            known = rows != NO_SPAN
            start[known] = np.minimum(start[known], table.start[rows[known]])
            end[known] = np.maximum(end[known], table.end[rows[known]])
        token, begin = self._tokens(findings.text, start, end)
        return self._joined(self._by_label[1 + label[token], token], begin)

    def _tokens(self, text: Ints, start: Ints, end: Ints) -> tuple[Ints, Ints]:
        """The tokens of all spans, one span after the other, and where each begins."""
        begin = starts_of(end - start)
        shift = start + starts_of(self._sizes)[text] - begin
        return np.arange((end - start).sum()) + np.repeat(shift, end - start), begin

    def _joined(self, values: Floats, begin: Ints) -> Floats:
        joined: Floats = self._join.reduceat(values, begin) if len(begin) else np.zeros(0)
        return joined


def _refuse_other_width(n_classes: int, columns: int) -> None:
    if n_classes != columns:
        raise InvalidInput(
            f"has {n_classes} names for {columns} columns of pred_probs",
            argument="classes",
            remedy="Name every column, 'O' too",
        )
