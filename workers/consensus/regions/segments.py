"""A text cut wherever anybody's span begins or ends: inside a segment everyone says one thing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workers.consensus.arrays import Floats, Ints
from workers.consensus.regions.answers import SpanAnswers

NOTHING = 0  # what people say of a segment that they did not mark; label k is k + 1
END = np.iinfo(np.int64).max  # of a text, whose length need not be known


@dataclass(frozen=True, slots=True)
class Segments:
    """`cuts` (S + 1,) from 0 to `END`, what each person says of each segment, and who begins a span there.

    `marks` (S, P) is `NOTHING` or a label + 1; `begins` (S, P) is whether the person's span begins with it.
    """

    cuts: Ints
    marks: Ints
    begins: Ints

    def marked(self) -> Ints:
        """(S,): how many people marked each segment."""
        marked: Ints = np.count_nonzero(self.marks, axis=1)
        return marked


def segments_of(answers: SpanAnswers) -> Segments:
    """The segments of one text, the unmarked ones too.

    Where spans of one person overlap, the longest counts: the answer to a text is one label a place.
    """
    cuts = np.unique(np.append(answers.spans.ravel(), [0, END]))
    first, last = np.searchsorted(cuts, answers.spans).T
    person = np.searchsorted(answers.people, answers.person)
    shape = (len(cuts) - 1, len(answers.people))
    marks, begins = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    for row in np.argsort(answers.spans[:, 1] - answers.spans[:, 0], kind="stable"):
        inside = slice(first[row], last[row])
        marks[inside, person[row]] = answers.label[row] + 1
        begins[inside, person[row]] = 0
        begins[first[row], person[row]] = 1
    return Segments(cuts, marks, begins)


def spans_of(segments: Segments, winner: Ints, probability: Floats) -> tuple[Ints, Ints, Floats]:
    """Spans, labels and the least probability in each, from what wins each segment.

    Segments of one label side by side are one span, unless most of those who marked the second begin a span
    with it.
    """
    split = 2 * segments.begins.sum(axis=1) > segments.marked()
    begins = (winner != NOTHING) & (split | (np.append(NOTHING, winner[:-1]) != winner))
    ends = (winner != NOTHING) & (np.append(winner[1:], NOTHING) != winner)
    ends[:-1] |= begins[1:] & (winner[:-1] != NOTHING)
    first, last = np.flatnonzero(begins), np.flatnonzero(ends)
    spans = np.stack([segments.cuts[first], segments.cuts[last + 1]], axis=1)
    outside = np.where(winner == NOTHING, 1.0, probability)
    least = np.minimum.reduceat(outside, first) if len(first) else np.zeros(0)
    return spans, winner[first] - 1, least
