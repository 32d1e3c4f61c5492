"""A rating on Label Studio: `<Rating>` for the whole item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as ET

from connector.model import Json, LabelSchema, LabelStatus, Reading, ReviewRequest
from connector.platforms import results
from connector.platforms.results import REVIEW_CONTROL, dicts, finite, regions_of, values_in
from connector.ports import ReviewContent
from workers.label_types.choices_tag import add_choices, chosen, whole_item
from workers.label_types.rating import value

STARS = 5  # of a control that does not say how many

Raw = dict[str, Any]


class RatingOnLabelStudio:
    """Implements Codec."""

    def controls(self, config: Any) -> Sequence[LabelSchema]:
        """The Rating controls, from 1 to their `maxRating`."""
        return [_schema(one) for one in config.controls if one.tag == "Rating" and whole_item(one)]

    def control(self, schema: LabelSchema) -> ET.Element:
        """The least control that has this schema."""
        names = {"name": schema.control, "toName": schema.to_name}
        return ET.Element("Rating", {**names, "maxRating": schema.classes[-1]})

    def valid(self, label: str, schema: LabelSchema) -> bool:
        """Whether it stands on the scale."""
        return value.valid(label, schema)

    def read(self, raw: Any, schema: LabelSchema) -> Reading:
        """The rating; the server does not check its range."""
        if not isinstance(raw, list) or (raw and not dicts(raw)):
            return Reading(None, LabelStatus.UNREADABLE)
        held = [values_in(region, "rating") for region in regions_of(raw, schema.control)]
        if any(one is None for one in held):
            return Reading(None, LabelStatus.UNREADABLE)
        if any(one != held[0] for one in held):
            return Reading(None, LabelStatus.SEVERAL)
        return value.reading(held[0] if held else None, schema)

    def scores(self, raw: Any, schema: LabelSchema) -> Mapping[str, float] | None:
        """`meta.class_scores` of the control's region, else the number that is predicted."""
        scores = results.meta_scores(raw, schema.control)
        if scores is not None:
            return scores
        numbers = [finite(values_in(region, "rating")) for region in regions_of(raw, schema.control)]
        return None if len(numbers) != 1 or numbers[0] is None else {value.EXPECTED: numbers[0]}

    def write(self, raw: Any, schema: LabelSchema, label: str, meta: Json) -> list[Raw]:
        """The result with this rating."""
        return results.with_value(raw, schema, "rating", int(label), meta)

    def form(self, schema: LabelSchema, given: Any) -> Sequence[ET.Element]:  # noqa: ARG002 - the protocol's signature
        """A button for each step: in a `<Rating>` a digit's key adds a star."""
        names = {"name": schema.control, "toName": schema.to_name}
        buttons = ET.Element("Choices", {**names, "choice": "single-radio", "layout": "inline"})
        add_choices(buttons, schema.classes)
        return [buttons]

    def content(self, request: ReviewRequest, form: Any) -> ReviewContent:  # noqa: ARG002 - the protocol's signature
        """Nothing filled in: a number that is shown draws the answer to it."""
        return ReviewContent({}, [])

    def answer(self, raw: Any) -> str | None:
        """The step chosen."""
        named = chosen(raw, REVIEW_CONTROL)
        return named[0] if len(named) == 1 else None


def _schema(control: Any) -> LabelSchema:
    most = control.attr.get("maxRating", "")
    steps = tuple(str(step) for step in range(1, (int(most) if most.isdecimal() else STARS) + 1))
    return LabelSchema(str(control.name), (control.to_name or [""])[0], steps, (), value.KIND)
