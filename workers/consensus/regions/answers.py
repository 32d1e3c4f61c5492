"""What people marked on one item; who marked nothing has answered too."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from workers.consensus.arrays import Ints, Mask, whole_numbers
from workers.consensus.votes import InvalidVotes
from workers.issues.geometry import Boxes, as_boxes


class _Answers:
    """`label` (R,) and `person` (R,) of each region, and `people` (P,), all who saw the item, ascending."""

    __slots__ = ("label", "people", "person")

    def __init__(self, label: ArrayLike, person: ArrayLike, people: ArrayLike) -> None:
        self.label = whole_numbers("label", label)
        self.person = whole_numbers("person", person)
        self.people: Ints = np.unique(whole_numbers("people", people))
        unknown = np.setdiff1d(self.person, self.people)
        if unknown.size:
            raise InvalidVotes(
                f"person holds {unknown[0]}, who is not among people. Name all who saw the item"
            )

    def _others(self, person: int) -> tuple[Mask, Ints]:
        """Which regions others marked, and who they are."""
        return self.person != person, self.people[self.people != person]

    def _refuse_other_lengths(self, regions: int) -> None:
        if not regions == len(self.label) == len(self.person):
            raise InvalidVotes(
                f"{regions} regions have {len(self.label)} labels and {len(self.person)} persons. "
                "Give one of each per region"
            )


class BoxAnswers(_Answers):
    """Boxes on one picture.

    Parameters
    ----------
    boxes : (R, 4) or (R, 5)
        As `geometry.as_boxes` takes them.
    label, person : (R,) int
        Class and person of each, numbers from 0.
    people : (P,) int
        All who saw the picture, also those who drew nothing.

    Raises
    ------
    InvalidInput, InvalidVotes
        For boxes that are none, lengths that differ, and persons who are not among `people`.
    """

    __slots__ = ("boxes",)

    def __init__(self, boxes: ArrayLike, label: ArrayLike, person: ArrayLike, people: ArrayLike) -> None:
        super().__init__(label, person, people)
        self.boxes: Boxes = as_boxes(boxes)
        self._refuse_other_lengths(len(self.boxes))

    def where(self, kept: Mask | Ints) -> BoxAnswers:
        """Some of the regions, as all the people's answer."""
        return BoxAnswers(self.boxes[kept], self.label[kept], self.person[kept], self.people)

    def without(self, person: int) -> BoxAnswers:
        """What the others drew: their consensus is what an answer can be compared with, without a model."""
        kept, others = self._others(person)
        return BoxAnswers(self.boxes[kept], self.label[kept], self.person[kept], others)


class SpanAnswers(_Answers):
    """Spans in one text.

    Parameters
    ----------
    spans : (R, 2) int
        Start and end of each, end exclusive: places of characters or of tokens, as long as all are the same.
    label, person, people
        As in `BoxAnswers`.

    Raises
    ------
    InvalidVotes
        For spans that are empty or begin before 0, lengths that differ, and persons not among `people`.
    """

    __slots__ = ("spans",)

    def __init__(self, spans: ArrayLike, label: ArrayLike, person: ArrayLike, people: ArrayLike) -> None:
        super().__init__(label, person, people)
        self.spans: Ints = whole_numbers("spans", spans).reshape(-1, 2)
        self._refuse_other_lengths(len(self.spans))
        empty = np.flatnonzero(self.spans[:, 1] <= self.spans[:, 0])
        if empty.size:
            start, end = self.spans[empty[0]].tolist()
            raise InvalidVotes(f"spans, row {empty[0]}: {start} to {end} is empty. Give end > start")

    def where(self, kept: Mask | Ints) -> SpanAnswers:
        """Some of the regions, as all the people's answer."""
        return SpanAnswers(self.spans[kept], self.label[kept], self.person[kept], self.people)

    def without(self, person: int) -> SpanAnswers:
        """What the others marked: their consensus is what an answer can be compared with, without a model."""
        kept, others = self._others(person)
        return SpanAnswers(self.spans[kept], self.label[kept], self.person[kept], others)
