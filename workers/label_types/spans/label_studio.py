"""Spans on Label Studio: `<Labels>` of a `<Text>`, whose offsets are code points."""

from __future__ import annotations

import re
from typing import Any

from connector.model import Json, LabelSchema, LabelStatus
from connector.platforms.results import values_in
from workers.label_types.regions.label_studio import RegionsOnLabelStudio
from workers.label_types.spans.offsets import Fit, placed
from workers.label_types.spans.value import KEYS, KIND, Span

_ADDRESS = re.compile(r"(?:[a-z][a-z0-9-]*:/)?/\S+")  # of a text that lies elsewhere (valueType="url")

Raw = dict[str, Any]


class SpansOnLabelStudio(RegionsOnLabelStudio[Span]):
    """Implements PartsCodec."""

    tag, held, kind, noun, keys = "Labels", "labels", KIND, "span", KEYS

    def __init__(self, shown: Json | None = None) -> None:
        self._texts: Json = shown or {}

    def for_item(self, shown: Json) -> SpansOnLabelStudio:
        """The codec for what is said about one text."""
        return SpansOnLabelStudio(shown)

    def refused(self, raw: Any, schema: LabelSchema) -> str | None:  # noqa: ARG002 - the protocol's signature
        """None: the server takes any span."""
        return None

    def fits(self, control: Any, config: Any) -> bool:
        """Whether it is about a plain text: other tags count in other units."""
        names = set(control.to_name or ())
        objects = [one for one in config.objects if one.name in names]
        return bool(objects) and all(one.tag == "Text" for one in objects)

    def spot_of(self, region: Raw, size: tuple[float, float] | None) -> Span | LabelStatus | None:
        """The span, with the words that the region names: the editor never computes them again.

        Offsets that count UTF-16 units, as answers of old pages and of JavaScript do, are mended by them.
        """
        del size
        start, end = _offset(values_in(region, "start")), _offset(values_in(region, "end"))
        words = values_in(region, "text")
        if start is None or end is None or end <= start:
            return None
        marked, text = words if isinstance(words, str) else "", self._texts.get(str(region.get("to_name")))
        if not isinstance(text, str) or _ADDRESS.fullmatch(text):
            return Span(start, end, marked)
        place = placed(text, start, end, marked or None)
        if place.fit in (Fit.DIFFERS, Fit.BEYOND):
            return LabelStatus.MISPLACED
        return Span(place.start, place.end, marked or text[place.start : place.end])

    def value_of(self, spot: Span, region: Raw) -> Raw:
        """Offsets and words: the editor never computes the words again."""
        del region
        return {"start": spot.start, "end": spot.end, "text": spot.words}

    def item_of(self, spot: Span) -> Raw:
        """Nothing."""
        del spot
        return {}


def _offset(value: Any) -> int | None:
    """A place in a text: a number, or, in old answers, its digits."""
    if isinstance(value, str) and value.isdecimal():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
