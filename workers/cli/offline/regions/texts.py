"""The text of an item as Label Studio's tags count it, and where a region of theirs lies in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from typing import Any

from workers.detect.predictions.region_values import NO_OFFSETS, whole_offsets
from workers.label_types.spans.units import code_points

NO_GLOBAL = "hypertext span without globalOffsets"
SILENT = frozenset({"script", "style"})
UTTERANCE_KEYS = ("text", "utterance", "content", "message")


def text_of(value: Any, *, html: bool) -> str | None:
    """The text that offsets count in: of a dialogue its utterances, a line each. None for anything else."""
    if isinstance(value, str):
        return _rendered(value) if html else value
    if isinstance(value, list) and value and all(isinstance(one, Mapping) for one in value):
        return "\n".join(_utterance(one) for one in value)
    return None


def span_in(value: Mapping[str, Any], held: Any) -> tuple[int, int] | str:
    """Start and end of a region in `text_of(held)`; or why there are none."""
    if isinstance(held, list):
        return _in_dialogue(value, held)
    spots = value.get("globalOffsets")
    if isinstance(spots, Mapping):
        value = spots
    elif isinstance(value.get("start"), str):
        return NO_GLOBAL
    return whole_offsets(value.get("start"), value.get("end"))


def _in_dialogue(value: Mapping[str, Any], held: Sequence[Any]) -> tuple[int, int] | str:
    """`start` and `end` name utterances, their offsets count UTF-16 units in these."""
    try:
        first, last = int(value["start"]), int(value["end"])
        offsets = whole_offsets(value.get("startOffset"), value.get("endOffset"), ordered=first == last)
        if isinstance(offsets, str):
            return offsets
        lines = [_utterance(one) for one in held]
        begins = [0]
        for line in lines:
            begins.append(begins[-1] + len(line) + 1)
        if not 0 <= first <= last < len(lines):
            return NO_OFFSETS
        return begins[first] + _points(lines[first], offsets[0]), begins[last] + _points(
            lines[last], offsets[1]
        )
    except (KeyError, TypeError, ValueError):
        return NO_OFFSETS


def _points(line: str, units: int) -> int:
    if units == 0:
        return 0
    found = code_points(line, 0, units)
    return units if found is None else found[1]


def _utterance(value: Any) -> str:
    found = [value.get(key) for key in UTTERANCE_KEYS] if isinstance(value, Mapping) else []
    return next((one for one in found if isinstance(one, str)), "")


def _rendered(html: str) -> str:
    reader = _Rendered()
    reader.feed(html)
    reader.close()
    return "".join(reader.parts)


class _Rendered(HTMLParser):
    """Characters between tags, entities decoded; tags themselves count nothing."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - of the base
        self._silent += tag in SILENT

    def handle_endtag(self, tag: str) -> None:
        if tag in SILENT:
            self._silent = max(0, self._silent - 1)

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.parts.append(data)
