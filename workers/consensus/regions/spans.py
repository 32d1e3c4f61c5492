"""Several people's spans in one text become one set of spans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from workers.consensus.arrays import Floats, Ints, Mask, level_in_range, whole_numbers
from workers.consensus.library.dawid_skene import dawid_skene
from workers.consensus.regions.answers import SpanAnswers
from workers.consensus.regions.segments import Segments, segments_of, spans_of
from workers.consensus.votes import Votes

CAUTIOUS_SHARE = 1 / 2  # of the people, from which a span stays
ENOUGH_ANSWERS = 20  # marked places an annotator, from which confusions can be learnt
ROUNDING = 1e-9  # shares are quotients


@dataclass(frozen=True, slots=True)
class AgreedSpans:
    """What people agree on in one text, in its order.

    `spans` (C, 2), `label` (C,), `support` (C,) 0..1: the probability that the span is there, or, without
    learnt confusions, the share of the people who marked something there. `tied` (C,) says that another
    label stood equal. `left_out` is how many marked spans touch none of these: somebody meant something
    that did not stay.
    """

    spans: Ints
    label: Ints
    support: Floats
    tied: Mask
    left_out: int


@dataclass(frozen=True, slots=True)
class SpanConsensus:
    """The texts' spans, and whether people were `weighed` by what they confuse and miss."""

    texts: tuple[AgreedSpans, ...]
    weighed: bool


def span_consensus(
    answers: Sequence[SpanAnswers], n_labels: int, *, share: float = CAUTIOUS_SHARE
) -> SpanConsensus:
    """Agree on the spans of many texts.

    Parameters
    ----------
    answers
        One entry a text; people have the same number in all of them.
    n_labels
        K; labels are 0..K-1.
    share
        Of the people, that must have marked a place for it to stay while too little is known of them:
        `TRUSTED_SHARE` where golden items show that they miss more than they invent.

    Returns
    -------
    SpanConsensus
        Of one text at most one label a place: nested spans do not survive.

    Raises
    ------
    InvalidVotes
        For labels outside 0..K-1, or a share outside 0..1.

    Notes
    -----
    With 20 marked places an annotator and more, Dawid and Skene (1979) on segments: every text is cut
    wherever a span of anybody begins or ends, and who marks nothing says "none", so that misses are one of
    the confusions. Segments take the place of tokens, and no tokeniser is needed. With fewer, places are
    voted on: spans that overlap the most frequent one are one place, and stay where the share of people
    marked it; start and end are those of the most frequent span, of equal ones the shortest, and the label
    is voted on in the same way.
    """
    level_in_range(share)
    for item in answers:
        whole_numbers("label", item.label, below=n_labels)
    cut = [segments_of(item) for item in answers]
    votes = _votes(answers, cut)
    if _enough(answers, cut):
        return SpanConsensus(tuple(_weighed(answers, cut, votes, n_labels)), weighed=True)
    return SpanConsensus(tuple(_voted(item, share) for item in answers), weighed=False)


def _enough(answers: Sequence[SpanAnswers], cut: Sequence[Segments]) -> bool:
    """Whether an annotator has enough places that somebody marked, on average."""
    judged = sum(
        int(np.count_nonzero(segments.marked())) * len(item.people)
        for item, segments in zip(answers, cut, strict=True)
    )
    return judged >= ENOUGH_ANSWERS * max(len(_people(answers)), 1)


def _people(answers: Sequence[SpanAnswers]) -> Ints:
    """All who saw any of the texts, ascending."""
    everyone: Ints = np.unique(np.concatenate([np.zeros(0, np.int64), *(item.people for item in answers)]))
    return everyone


def _votes(answers: Sequence[SpanAnswers], cut: Sequence[Segments]) -> Votes:
    """Each segment is a task; all who saw the text have a vote on it. People are numbered anew."""
    none = np.zeros(0, dtype=np.int64)
    sizes = [len(item.marks) for item in cut]
    voters = np.repeat(np.array([len(item.people) for item in answers], dtype=np.int64), sizes)
    person = [none, *(np.tile(item.people, size) for item, size in zip(answers, sizes, strict=True))]
    annotator = np.searchsorted(_people(answers), np.concatenate(person))
    label = np.concatenate([none, *(item.marks.ravel() for item in cut)])
    return Votes(np.repeat(np.arange(len(voters)), voters), annotator, label)


def _weighed(
    answers: Sequence[SpanAnswers], cut: Sequence[Segments], votes: Votes, n_labels: int
) -> list[AgreedSpans]:
    learnt = dawid_skene(votes, n_labels + 1)
    texts, start = [], 0
    for item, segments in zip(answers, cut, strict=True):
        rows = slice(start, start + len(segments.marks))
        start = rows.stop
        winner = np.where(segments.marked() > 0, learnt.label[rows], 0)
        spans, label, least = spans_of(segments, winner, learnt.quality[rows])
        texts.append(_agreed(item, spans, label, least, np.zeros(len(label), dtype=bool)))
    return texts


def _voted(answers: SpanAnswers, share: float) -> AgreedSpans:
    kept: list[tuple[int, int, int, float, bool]] = []
    open_ = np.ones(len(answers.label), dtype=bool)
    while open_.any():
        start, end = _most_frequent(answers.spans[open_])
        there: Mask = open_ & (answers.spans[:, 0] < end) & (answers.spans[:, 1] > start)
        open_ &= ~there
        support = len(np.unique(answers.person[there])) / len(answers.people)
        if support >= share - ROUNDING:
            exact = there & (answers.spans == (start, end)).all(axis=1)
            label, tied = _label(answers.label[there], answers.label[exact])
            kept.append((start, end, label, support, tied))
    kept.sort()
    starts, ends, labels, supports, ties = zip(*kept, strict=True) if kept else ((),) * 5
    return _agreed(
        answers,
        np.stack([whole_numbers("start", starts), whole_numbers("end", ends)], axis=1),
        whole_numbers("label", labels),
        np.array(supports, dtype=np.float64),
        np.array(ties, dtype=bool),
    )


def _label(there: Ints, exact: Ints) -> tuple[int, bool]:
    """The most frequent label, and whether others are as frequent: then what more say of the very span."""
    n = int(there.max()) + 1
    votes, nearer = np.bincount(there, minlength=n), np.bincount(exact, minlength=n)
    return int(np.lexsort((-nearer, -votes))[0]), int(np.count_nonzero(votes == votes.max())) > 1


def _most_frequent(spans: Ints) -> tuple[int, int]:
    """Of equally frequent ones the shortest, then the first."""
    extent = int(spans.max()) + 1
    distinct, n = np.unique(spans[:, 0] * extent + spans[:, 1], return_counts=True)
    start, end = np.divmod(distinct, extent)
    best = np.lexsort((start, end - start, -n))[0]
    return int(start[best]), int(end[best])


def _agreed(answers: SpanAnswers, spans: Ints, label: Ints, support: Floats, tied: Mask) -> AgreedSpans:
    (a, b), (c, d) = answers.spans.T[:, :, None], spans.T[:, None]
    touched = ((a < d) & (b > c)).any(axis=1)
    return AgreedSpans(spans, label, support, tied, int(np.count_nonzero(~touched)))
