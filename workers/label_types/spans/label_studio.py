"""Spans on Label Studio: labels of a `<Text>`, a `<HyperText>` or `<Paragraphs>`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from connector.model import Json, LabelSchema, LabelStatus, ObjectTag
from connector.model.item_text import DIALOGUE, HYPERTEXT
from workers.label_types.regions.label_studio import RegionsOnLabelStudio
from workers.label_types.spans.objects import PLACE_KEYS, PlainSpanText, SpanObject, object_of
from workers.label_types.spans.offsets import Fit, placed
from workers.label_types.spans.value import KEYS, KIND, Span

_OBJECTS = frozenset({"Text", HYPERTEXT, DIALOGUE})
_ADDRESS = re.compile(r"(?:[a-z][a-z0-9-]*:/)?/\S+")  # of a text that lies elsewhere (valueType="url")
_UNKNOWN = PlainSpanText()

Raw = dict[str, Any]


class SpansOnLabelStudio(RegionsOnLabelStudio[Span]):
    """Implements PartsCodec. Review projects show every text as a `<Text>`."""

    tag, held, kind, noun, keys = "Labels", "labels", KIND, "span", KEYS
    tags = frozenset({"Labels", "HyperTextLabels", "ParagraphLabels"})

    def __init__(self, shown: Mapping[str, SpanObject] | None = None) -> None:
        self._objects = shown or {}

    def for_item(self, shown: Json, tags: Sequence[ObjectTag]) -> SpansOnLabelStudio:
        """The codec for what is said about one text."""
        result = {tag.name: object_of(tag, _here(shown.get(tag.name))) for tag in tags}
        return SpansOnLabelStudio({name: one for name, one in result.items() if one is not None})

    def refused(self, raw: Any, schema: LabelSchema) -> str | None:  # noqa: ARG002 - the protocol's signature
        """None: the server takes any span."""
        return None

    def fits(self, control: Any, config: Any) -> bool:
        """Whether it is about one text; one that lies elsewhere must be plain, for others are counted by it.

        Of one that the page decodes we would not know the words.
        """
        names = set(control.to_name or ())
        objects = [one for one in config.objects if one.name in names]
        return len(objects) == 1 and all(
            one.tag in _OBJECTS
            and (one.tag == "Text" or one.value_type != "url")
            and one.attr.get("encoding", "none") == "none"
            for one in objects
        )

    def spot_of(self, region: Raw, size: tuple[float, float] | None) -> Span | LabelStatus | None:
        """The span, with the words that the region names: the editor never computes them again.

        Offsets that count UTF-16 units, as answers of old pages and of JavaScript do, are mended by them.
        """
        del size
        value, shown = region.get("value"), self._object_of(region)
        ends = shown.offsets(value) if isinstance(value, dict) else None
        if ends is None or not isinstance(value, dict):
            return None
        marked = shown.marked(value)
        if shown.text is None:
            return Span(*ends, marked or "")
        place = placed(shown.text, *ends, marked)
        if place.fit in (Fit.DIFFERS, Fit.BEYOND):
            return LabelStatus.MISPLACED
        return Span(place.start, place.end, marked or shown.text[place.start : place.end])

    def moved(self, value: Raw, spot: Span, region: Raw) -> Raw:
        """The span in the units of its object; a text that is said of the region is no place."""
        said = isinstance(value.get("text"), list)
        rest = {key: held for key, held in value.items() if key not in PLACE_KEYS or (said and key == "text")}
        return {**self._object_of(region).value(spot), **rest}

    def item_of(self, spot: Span) -> Raw:
        """Nothing."""
        del spot
        return {}

    def _object_of(self, region: Raw) -> SpanObject:
        return self._objects.get(str(region.get("to_name")), _UNKNOWN)


def _here(value: Any) -> Any:
    """A value that is a text; None for the address of one."""
    return None if isinstance(value, str) and _ADDRESS.fullmatch(value) else value
