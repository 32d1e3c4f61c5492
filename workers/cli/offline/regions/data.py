"""Regions of a file's items, in one form whatever the file was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from connector.wording import one_line
from workers.cli.offline.kinds import FileKind
from workers.cli.offline.outcome import FileIssue
from workers.cli.offline.record import LeftOut
from workers.cli.offline.regions.causes import WholeWords

PERCENT = (100.0, 100.0)  # the size of a picture whose pixels are not known
PIXELS = (1.0, 1.0)  # that of one whose boxes are in pixels, though nothing says how many it has
NO_SCORES = "prediction without a score: taken as 100 %"


@dataclass(frozen=True, slots=True)
class Region:
    """One box or span. `spot` is x1, y1, x2, y2 in pixels and the rotation in degrees, or start and end.

    `score` (0..1) is that of a prediction. Spans count characters, the end exclusive.
    """

    label: str
    spot: tuple[float, ...]
    id: str | None = None
    score: float | None = None

    @property
    def probability(self) -> float:
        """The score; of a prediction without one 1."""
        return 1.0 if self.score is None else self.score


@dataclass(frozen=True, slots=True)
class RegionAnswer:
    """What one person marked on an item; nothing is an answer too."""

    annotator: str | None
    regions: tuple[Region, ...]
    ground_truth: bool = False
    id: str | None = None  # of the annotation
    ours: bool = False  # whether Secondlook made it, beside the one that it corrects


@dataclass(frozen=True, slots=True)
class RegionItem:
    """A picture or a text. `size` is its width and height in pixels, None where boxes are in percent.

    `predictions` is None where the file has none for it. `tokens` are the ends of a text's tokens, where the
    file has them. `image` is the picture itself as a data URI, where the file holds it.
    """

    id: str
    place: str
    answers: tuple[RegionAnswer, ...]
    name: str = ""  # of a picture's file
    text: str = ""
    size: tuple[float, float] | None = None
    predictions: tuple[Region, ...] | None = None
    tokens: tuple[tuple[int, int], ...] | None = None
    image: str | None = None

    @property
    def people(self) -> tuple[RegionAnswer, ...]:
        """The answers that people gave; what we made counts where there is no other."""
        return tuple(one for one in self.answers if not one.ours) or self.answers


@dataclass(frozen=True, slots=True)
class RegionData:
    """All of a file. `faults` are findings of the file itself; `notes` what was guessed or is odd."""

    kind: FileKind
    items: tuple[RegionItem, ...]
    label_name: str
    fields: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    faults: tuple[FileIssue, ...] = ()
    notes: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()  # where the file names them, also those that nobody gave
    class_ids: Mapping[str, str] = field(default_factory=dict)  # a class's id in the file → its name

    def names(self) -> tuple[str, ...]:
        """The classes: those that the file names, then others by the alphabet."""
        used = {region.label for item in self.items for answer in item.answers for region in answer.regions}
        used |= {region.label for item in self.items for region in item.predictions or ()}
        return (*self.classes, *sorted(used - set(self.classes)))


@dataclass(slots=True)
class Remarks:
    """What is odd in a file without keeping anything from being judged, counted with its first place."""

    first: dict[str, str] = field(default_factory=dict)
    times: Counter[str] = field(default_factory=Counter)
    words: WholeWords = field(default_factory=WholeWords)

    def add(self, what: str, place: str, n: int = 1) -> None:
        """Once more of it."""
        self.first.setdefault(what, place)
        self.times[what] += n

    def sentences(self) -> tuple[str, ...]:
        """One for each kind."""
        counted = (
            f"{self.times[what]:,} × {what} (first: {one_line(place, 80)})."
            for what, place in self.first.items()
        )
        return (*counted, *self.words.sentences())


def mapped(names: Sequence[str]) -> dict[str, int]:
    """Class → its number."""
    return {name: k for k, name in enumerate(names)}
