"""What the loop asks of a label type. Nothing else of a type is known outside of its folder."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from connector.model import Issue, Json, LabelledItem, LabelSchema, Prediction, WriteMode
from connector.model.reasons import Code, ScanDoubt, coded
from connector.ports import Codec


@dataclass(frozen=True, slots=True)
class Suspicion:
    """One label that is probably wrong. `quality` and `probability` are 0..1: low is suspicious.

    `suggested` is the key of what it probably should be, `probability` how sure that is, as far as known.
    `given` is the part of the label that is meant, where a label has parts; None for all of it.
    """

    row: int
    suggested: str
    quality: float
    probability: float
    evidence: Json
    given: str | None = None


@dataclass(frozen=True, slots=True)
class Suspicions:
    """What detection found: the suspicious rows, the worst first, and what is to be said of the run.

    `unusable` says by reason how many of the items could not be judged.
    """

    suspicions: Sequence[Suspicion]
    judged: Sequence[int]  # rows that were judged
    unusable: Mapping[Code, int]
    warnings: tuple[Code, ...] = ()


def odd_input(texts: Iterable[str]) -> tuple[Code, ...]:
    """What detection noticed about the arrays that it was given, as a scan stores it."""
    return tuple(coded(ScanDoubt.INPUT_ODD, said=each) for each in texts)


@dataclass(frozen=True, slots=True)
class LabelNumbers:
    """Labels as rows of numbers: a column for each of `names`, by which predictions give the like.

    `marked`: a column is 1 for a label that has this class, else 0. Otherwise it is a number, of which only
    the order is sure to mean something.
    """

    names: tuple[str, ...]
    rows: Sequence[Sequence[float]]
    marked: bool


@dataclass(frozen=True, slots=True)
class Frame:
    """A part of a picture of this `width` and `height`, from (x1, y1) to (x2, y2)."""

    x1: float
    y1: float
    x2: float
    y2: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class LabelTags:
    """Labels as tags of the tokens of texts: what a model learns where parts are places in a text.

    `scores` makes the parts of one text (a row) of probabilities (tokens, n_tags): part → probability.
    """

    words: Sequence[Sequence[str]]
    tags: Sequence[Sequence[int]]
    n_tags: int
    scores: Callable[[int, Any], Mapping[str, float]]


class Detects(Protocol):
    def __call__(
        self,
        items: Sequence[LabelledItem],
        predictions: Sequence[Prediction | None],
        schema: LabelSchema,
        method: str,
    ) -> Suspicions:
        """Which labels are probably wrong, by one prediction for each item."""
        ...


class LabelType(Protocol):
    """What a label is. Labels are keys: text that is equal where the labels are, and that people can read."""

    kind: str  # stored with a project's schema

    @property
    def codecs(self) -> Mapping[str, Codec]:
        """Platform → how it holds such labels. A platform that cannot show them is not there."""
        ...

    @property
    def detect(self) -> Detects | None:
        """How labels are judged; None for a class matrix, which the scan reads from its own sources."""
        ...

    def valid(self, label: str, schema: LabelSchema) -> bool:
        """Whether the control can carry this label."""
        ...

    def classes(self, label: str) -> Sequence[str]:
        """The classes that rules for classes apply to; none where a label is no class."""
        ...

    def names(self, schema: LabelSchema, seen: Collection[str]) -> tuple[str, ...]:
        """The labels among which answers are told apart: all there can be, or all seen."""
        ...

    def numbers(self, labels: Sequence[str], schema: LabelSchema) -> LabelNumbers | None:
        """The labels as what a model learns and how far apart they are; None where they are alike or not."""
        ...

    def tags(self, texts: Sequence[str], labels: Sequence[str], schema: LabelSchema) -> LabelTags | None:
        """The labels of these texts as tags of their tokens; None where they are no places in a text."""
        ...

    def positions(self, answers: Mapping[str, str], given: str, quorum: int) -> Mapping[str, str]:
        """Person → the label that their answer counts for.

        `answers` is what everybody answers (person → label), `given` the label in question, `quorum` how many
        must agree. Which person comes first changes nothing.
        """
        ...

    def question(self, issue: Issue) -> str | None:
        """Why the item is shown, in a sentence; None for the usual one."""
        ...

    def write_mode(self, platform: str) -> WriteMode:
        """How corrections are written to that platform where the settings do not say."""
        ...

    @property
    def in_parts(self) -> bool:
        """Whether an item's label has parts (regions), each of which is judged and corrected by itself."""
        ...

    def parts(self, label: str) -> Sequence[str]:
        """The parts of an item's label that are judged each for itself; the label where it is one thing."""
        ...

    def carries(self, label: str, part: str) -> bool:
        """Whether an item with this label still has what a question is about."""
        ...

    def follows(self, label: str, given: str, part: str) -> bool:
        """Whether an item's label is as one in which `part` was put in the place of `given`."""
        ...

    def same_place(self, part: str, other: str) -> bool:
        """Whether two parts of an item's labels are about the same spot of it."""
        ...

    def framed(self, given: str, suggested: str) -> Frame | None:
        """What of its picture a question is about; None where it is about no place in one."""
        ...

    def expected(self, truth: str, given: str) -> str:
        """The answer to a question about `given` on an item whose label is known to be `truth`."""
        ...

    def alike(self, one: str, other: str) -> bool:
        """Whether two answers to a question mean the same."""
        ...

    def told_apart(self, one: str, other: str) -> tuple[str, str]:
        """What a guideline calls the two labels that a decision chose between."""
        ...

    def pooled(self, given: str, suggested: str) -> tuple[str, str]:
        """What questions like this one share, so that answers to one bear on the others: two classes, say."""
        ...

    def probes(self, label: str, truth: str, schema: LabelSchema) -> Sequence[tuple[str, str]]:
        """Questions about parts of an item whose label should be `truth`: what is given, and a suggestion.

        About what is wrong, where anything is; none where labels are one thing.
        """
        ...

    def doubts(self, given: str, suggested: str) -> Json:
        """The facts of a question that leads from one part to another; none where labels are one thing."""
        ...

    def part_at(
        self, label: str, spot: Sequence[float], shown: tuple[float, float] | str | None, beside: str
    ) -> str | None:
        """The part that a model names by its class and plain numbers; None where that is no place.

        `spot` is x1, y1, x2, y2 in pixels and a rotation, or start and end in code points; `shown` the size
        of the picture, or the text, None where it is not known; `beside` what the item is labelled.
        """
        ...


class WholeItem:
    """What holds for types whose label is one thing: it is judged, asked about and written as a whole.

    A type adds its kind, its codecs and `detect`, and what is otherwise with it. The codec of the in-memory
    platform holds keys as they are: its `valid` is the type's.
    """

    in_parts = False

    @property
    def codecs(self) -> Mapping[str, Codec]:
        """Platform → how it holds such labels."""
        raise NotImplementedError

    def valid(self, label: str, schema: LabelSchema) -> bool:
        """Whether the control can carry this label."""
        return self.codecs["memory"].valid(label, schema)

    def write_mode(self, platform: str) -> WriteMode:
        """Beside what people said."""
        del platform
        return WriteMode.GROUND_TRUTH

    def classes(self, label: str) -> Sequence[str]:
        """None: the label is no class that could lose its items."""
        del label
        return ()

    def names(self, schema: LabelSchema, seen: Collection[str]) -> tuple[str, ...]:
        """What the control offers, whether seen or not."""
        del seen
        return schema.classes

    def numbers(self, labels: Sequence[str], schema: LabelSchema) -> LabelNumbers | None:
        """None: labels are alike or not."""
        del labels, schema
        return None

    def tags(self, texts: Sequence[str], labels: Sequence[str], schema: LabelSchema) -> LabelTags | None:
        """None: the label is about all of it."""
        del texts, labels, schema
        return None

    def positions(self, answers: Mapping[str, str], given: str, quorum: int) -> Mapping[str, str]:
        """Each answer counts for itself."""
        del given, quorum
        return answers

    def question(self, issue: Issue) -> str | None:
        """The usual one."""
        del issue
        return None

    def parts(self, label: str) -> Sequence[str]:
        """The label."""
        return (label,)

    def carries(self, label: str, part: str) -> bool:
        """Whether it is the label."""
        return label == part

    def follows(self, label: str, given: str, part: str) -> bool:
        """Whether it is the part."""
        del given
        return label == part

    def same_place(self, part: str, other: str) -> bool:
        """Always: the whole item is one spot."""
        del part, other
        return True

    def framed(self, given: str, suggested: str) -> Frame | None:
        """None: the question is about the item."""
        del given, suggested
        return None

    def expected(self, truth: str, given: str) -> str:
        """The label."""
        del given
        return truth

    def alike(self, one: str, other: str) -> bool:
        """Whether they are equal."""
        return one == other

    def told_apart(self, one: str, other: str) -> tuple[str, str]:
        """As they are."""
        return one, other

    def pooled(self, given: str, suggested: str) -> tuple[str, str]:
        """The two labels."""
        return given, suggested

    def probes(self, label: str, truth: str, schema: LabelSchema) -> Sequence[tuple[str, str]]:
        """None: questions are about the item."""
        del label, truth, schema
        return ()

    def doubts(self, given: str, suggested: str) -> Json:
        """None: questions are about the item."""
        del given, suggested
        return {}

    def part_at(
        self, label: str, spot: Sequence[float], shown: tuple[float, float] | str | None, beside: str
    ) -> str | None:
        """None: the label is no place."""
        del label, spot, shown, beside
        return None
