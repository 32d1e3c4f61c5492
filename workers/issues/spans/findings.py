"""One finding a span: what people marked beside what a model reads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from workers.issues.arrays import Mask
from workers.issues.matching import one_to_one
from workers.issues.pooling import starts_of
from workers.issues.spans.table import SpanTable

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NO_SPAN = -1
EXTRA_SHARE = 0.01  # of given spans that mark nothing, before a model is asked
READ_STRENGTH = 10.0  # given spans that the usual rate of being read counts for in a label


class SpanKind(StrEnum):
    """What may be wrong with a span, in the order in which equal findings are listed."""

    MISSING = "missing"
    EXTRA = "extra"
    TYPE = "type"
    BOUNDARY = "boundary"


SPAN_KINDS = tuple(SpanKind)


@dataclass(frozen=True, slots=True)
class SpanFindings:
    """One entry a suspicious span, the most suspicious first.

    `kind` (F,) is the place in `SPAN_KINDS`, `text` (F,) the text, `given` and `predicted` (F,) the places
    of the spans as they were handed over, or -1, and `score` (F,) is 0..1, 1 the most suspicious. `not_read`
    is how many given spans were not judged, because the model's span over them belongs to another one, or
    because it reads no span of their label at all.
    """

    kind: Ints
    text: Ints
    given: Ints
    predicted: Ints
    score: Floats
    not_read: int = 0

    def __len__(self) -> int:
        return len(self.kind)


def span_findings(given: SpanTable, predicted: SpanTable, *, absent: Floats | None = None) -> SpanFindings:
    """Compare given spans with a model's.

    Parameters
    ----------
    given, predicted
        Of the same texts.
    absent : (S,) float, optional
        For each given span, as handed over, the model's probability that nothing is there. Without it, that
        comes from how many of a label's spans the model reads at all.

    Returns
    -------
    SpanFindings
        *missing*: the model reads a span that touches none given. *extra*: the model reads nothing that
        touches the given one. *type* and *boundary*: one touches it, with another label, or with the same
        label and other ends; each span has one partner, the one that it shares most with. The score is
        the probability of the model's span, of an extra one `absent`.

    Notes
    -----
    Without `absent`, by Bayes e / (e + (1 - e) (1 - d)) with e = .01 and d the share of the label's given
    spans that the model reads alike.
    """
    match = _matched(given, predicted)
    unlike = np.flatnonzero((match.partner != NO_SPAN) & ~match.agreed)
    extra = np.flatnonzero(match.alone)
    nothing = _unread(given, match.agreed) if absent is None else np.asarray(absent, np.float64)[given.place]
    not_read = (match.partner == NO_SPAN) & (~match.alone | np.isnan(nothing))
    extra = extra[nothing[extra] > 0]  # NaN is not
    missing = np.flatnonzero(match.free)
    partner = match.partner[unlike]
    alike = given.label[unlike] == predicted.label[partner]
    kinds = np.where(alike, SPAN_KINDS.index(SpanKind.BOUNDARY), SPAN_KINDS.index(SpanKind.TYPE))
    return ordered(
        SpanFindings(
            np.concatenate([_kind(SpanKind.MISSING, missing), _kind(SpanKind.EXTRA, extra), kinds]),
            np.concatenate([predicted.text[missing], given.text[extra], given.text[unlike]]),
            np.concatenate([_nobody(missing), given.place[extra], given.place[unlike]]),
            np.concatenate([predicted.place[missing], _nobody(extra), predicted.place[partner]]),
            np.concatenate([predicted.probability[missing], nothing[extra], predicted.probability[partner]]),
            int(np.count_nonzero(not_read)),
        )
    )


def ordered(result: SpanFindings) -> SpanFindings:
    """By falling score; equal ones by kind, then as they stand."""
    order = np.lexsort((result.kind, -result.score))
    columns = ("kind", "text", "given", "predicted", "score")
    return replace(result, **{name: getattr(result, name)[order] for name in columns})


@dataclass(frozen=True, slots=True)
class _Match:
    """For each given span its `partner` or -1, whether it `agreed` with it, and who touches nothing."""

    partner: Ints
    agreed: Mask
    alone: Mask
    free: Mask


def _matched(given: SpanTable, predicted: SpanTable) -> _Match:
    left, right, overlap = touching(given, predicted)
    same = (overlap == 1) & (given.label[left] == predicted.label[right])
    kept = one_to_one(left, right, overlap + same)  # of equal places the one with the same label first
    partner = np.full(len(given), NO_SPAN)
    partner[left[kept]] = right[kept]
    agreed, alone = np.zeros(len(given), dtype=bool), np.ones(len(given), dtype=bool)
    agreed[left[kept]] = same[kept]
    alone[left] = False
    free = np.ones(len(predicted), dtype=bool)
    free[right] = False
    return _Match(partner, agreed, alone, free)


def touching(given: SpanTable, predicted: SpanTable) -> tuple[Ints, Ints, Floats]:
    """The pairs of spans that share a place, and the share of their union that they share."""
    extent = 1 + max(int(given.end.max(initial=0)), int(predicted.end.max(initial=0)))
    start, end = given.start + given.text * extent, given.end + given.text * extent
    from_, to = predicted.start + predicted.text * extent, predicted.end + predicted.text * extent
    first = np.searchsorted(np.maximum.accumulate(to), start, side="right")
    n = np.maximum(np.searchsorted(from_, end, side="left") - first, 0)
    left = np.repeat(np.arange(len(given)), n)
    right = np.arange(len(left)) + np.repeat(first - starts_of(n), n)
    shared = np.minimum(end[left], to[right]) - np.maximum(start[left], from_[right])
    meet = np.flatnonzero(shared > 0)
    left, right, shared = left[meet], right[meet], shared[meet]
    union = (end - start)[left] + (to - from_)[right] - shared
    return left, right, shared / union


def _unread(given: SpanTable, agreed: Mask) -> Floats:
    """(S,): the probability that nothing is there, from what the model reads of the label elsewhere.

    NaN for a label of which it reads nothing: that says nothing of a single span.
    """
    n_labels = int(given.label.max(initial=0)) + 1
    n = np.bincount(given.label, minlength=n_labels)
    n_read = np.bincount(given.label, agreed, minlength=n_labels)
    usual = n_read.sum() / max(len(given), 1)
    read = ((n_read + READ_STRENGTH * usual) / (n + READ_STRENGTH))[given.label]
    unread: Floats = EXTRA_SHARE / (EXTRA_SHARE + (1 - EXTRA_SHARE) * (1 - read))
    return np.where(n_read[given.label] > 0, unread, np.nan)


def _kind(kind: SpanKind, rows: Ints) -> Ints:
    return np.full(len(rows), SPAN_KINDS.index(kind))


def _nobody(rows: Ints) -> Ints:
    return np.full(len(rows), NO_SPAN)
