"""What spans lie in on Label Studio: each tag of a text counts in units of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from connector.model import ObjectTag
from connector.model.html_text import TextNode, html_text
from connector.model.item_text import DIALOGUE, HYPERTEXT, utterances
from workers.label_types.spans.units import code_points, utf16_units
from workers.label_types.spans.value import Span

PLACE_KEYS = frozenset({"start", "end", "startOffset", "endOffset", "globalOffsets", "text"})

_NOWHERE = {"start": "", "end": "", "startOffset": 0, "endOffset": 0}

Raw = Mapping[str, Any]
Ends = tuple[int, int]


class SpanObject(Protocol):
    """One item's text. Keys of spans count its code points, whatever the platform counts."""

    @property
    def text(self) -> str | None:
        """None where it is not known."""
        ...

    def offsets(self, value: Raw) -> Ends | None:
        """Where the value of a region says that it lies, in code points as far as it counts in them."""
        ...

    def marked(self, value: Raw) -> str | None:
        """The words that the region names, where they can be compared with the text."""
        ...

    def value(self, spot: Span) -> dict[str, Any]:
        """What the value of a region holds for a span."""
        ...


@dataclass(frozen=True, slots=True)
class PlainSpanText:
    """Of a `<Text>`: code points."""

    text: str | None = None

    def offsets(self, value: Raw) -> Ends | None:
        """As they are stored."""
        return _ordered(offset(value.get("start")), offset(value.get("end")))

    def marked(self, value: Raw) -> str | None:
        """As stored."""
        return words_of(value)

    def value(self, spot: Span) -> dict[str, Any]:
        """Offsets and words: the editor never computes the words again."""
        return {"start": spot.start, "end": spot.end, "text": spot.words}


class RenderedHtml:
    """Of a `<HyperText>`: `globalOffsets` in code points, and XPaths with UTF-16 offsets in their nodes."""

    def __init__(self, html: str) -> None:
        read = html_text(html)
        self._nodes = read.nodes
        self.text: str | None = read.text

    def offsets(self, value: Raw) -> Ends | None:
        """By `globalOffsets`, else by the nodes where the tree is sure."""
        spots = value.get("globalOffsets")
        if isinstance(spots, Mapping):
            return _ordered(offset(spots.get("start")), offset(spots.get("end")))
        return _ordered(*(self._at(value.get(name), value.get(f"{name}Offset")) for name in ("start", "end")))

    def marked(self, value: Raw) -> str | None:
        """As stored, unless only blanks differ: between paragraphs the page puts its own."""
        words, ends = words_of(value), self.offsets(value)
        if words is None or ends is None or self.text is None:
            return words
        same = "".join(words.split()) == "".join(self.text[slice(*ends)].split())
        return None if same else words

    def value(self, spot: Span) -> dict[str, Any]:
        """Both ways; where the tree is not sure paths that name nothing.

        The editor then finds the words by `globalOffsets`; a region without any path it does not show.
        """
        spots = {"globalOffsets": {"start": spot.start, "end": spot.end}, "text": spot.words}
        nodes = self._nodes or ()
        first = next((node for node in nodes if node.start <= spot.start < node.end), None)
        last = next((node for node in nodes if node.start < spot.end <= node.end), None)
        if first is None or last is None:
            return {**_NOWHERE, **spots}
        return {
            "start": first.path,
            "end": last.path,
            "startOffset": _units(first, spot.start),
            "endOffset": _units(last, spot.end),
            **spots,
        }

    def _at(self, path: Any, units: Any) -> int | None:
        node = next((one for one in self._nodes or () if one.path == path), None)
        inside = None if node is None else _points(node.text, units)
        return None if node is None or inside is None else node.start + inside


@dataclass(frozen=True, slots=True)
class Dialogue:
    """Of `<Paragraphs>`: the utterance's number, and UTF-16 units in it. The text has a line for each."""

    lines: Sequence[str]

    @property
    def text(self) -> str | None:
        """The utterances, a line each."""
        return "\n".join(self.lines)

    def offsets(self, value: Raw) -> Ends | None:
        """From one utterance into the same or a later one."""
        return _ordered(*(self._at(value.get(name), value.get(f"{name}Offset")) for name in ("start", "end")))

    def marked(self, value: Raw) -> str | None:
        """As stored, but for spans of several utterances, which the page joins in its own way."""
        return words_of(value) if str(value.get("start")) == str(value.get("end")) else None

    def value(self, spot: Span) -> dict[str, Any]:
        """The utterances in which it begins and ends."""
        (first, start), (last, end) = self._line_of(spot.start), self._line_of(spot.end)
        return {
            "start": str(first),
            "end": str(last),
            "startOffset": utf16_units(self.lines[first], 0, start)[1],
            "endOffset": utf16_units(self.lines[last], 0, end)[1],
            "text": spot.words,
        }

    def _at(self, number: Any, units: Any) -> int | None:
        line = offset(number)
        if line is None or line >= len(self.lines):
            return None
        inside = _points(self.lines[line], units)
        return None if inside is None else sum(len(one) + 1 for one in self.lines[:line]) + inside

    def _line_of(self, at: int) -> tuple[int, int]:
        for number, line in enumerate(self.lines):
            if at <= len(line):
                return number, at
            at -= len(line) + 1
        return len(self.lines) - 1, len(self.lines[-1])


def object_of(tag: ObjectTag, value: Any) -> SpanObject | None:
    """What spans of an object lie in; None where its value is no such text."""
    if tag.kind == DIALOGUE:
        lines = utterances(value, tag.text_key)
        return Dialogue(lines) if lines else None
    if not isinstance(value, str):
        return None
    return RenderedHtml(value) if tag.kind == HYPERTEXT else PlainSpanText(value)


def offset(value: Any) -> int | None:
    """A place in a text: a number, or, in old answers, its digits."""
    if isinstance(value, str) and value.isdecimal():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def words_of(value: Raw) -> str | None:
    """The words that a region names; None for none."""
    held = value.get("text")
    return held if isinstance(held, str) and held else None


def _ordered(start: int | None, end: int | None) -> Ends | None:
    return None if start is None or end is None or end <= start else (start, end)


def _points(text: str, units: Any) -> int | None:
    """An offset in UTF-16 units as code points; None where it lies outside, or splits a character."""
    at = offset(units)
    if at == 0:
        return 0
    result = None if at is None else code_points(text, 0, at)
    return None if result is None else result[1]


def _units(node: TextNode, at: int) -> int:
    return utf16_units(node.text, 0, at - node.start)[1]
