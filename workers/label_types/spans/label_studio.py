"""Spans on Label Studio: `<Labels>` of a `<Text>`, whose offsets are code points."""

from __future__ import annotations

from typing import Any

from connector.platforms.results import values_in
from workers.label_types.regions.label_studio import RegionsOnLabelStudio
from workers.label_types.spans.value import KEYS, KIND, Span

Raw = dict[str, Any]


class SpansOnLabelStudio(RegionsOnLabelStudio[Span]):
    """Implements PartsCodec."""

    tag, held, kind, noun, keys = "Labels", "labels", KIND, "span", KEYS

    def fits(self, control: Any, config: Any) -> bool:
        """Whether it is about a plain text: other tags count in other units."""
        names = set(control.to_name or ())
        objects = [one for one in config.objects if one.name in names]
        return bool(objects) and all(one.tag == "Text" for one in objects)

    def spot_of(self, region: Raw, size: tuple[float, float] | None) -> Span | None:
        """The span, with the words that the region names."""
        del size
        start, end = _offset(values_in(region, "start")), _offset(values_in(region, "end"))
        words = values_in(region, "text")
        if start is None or end is None or end <= start:
            return None
        return Span(start, end, words if isinstance(words, str) else "")

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
