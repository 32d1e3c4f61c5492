"""Several choices on Label Studio: `<Choices choice="multiple">` for the whole item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as ET

from connector.model import Json, LabelSchema, LabelStatus, Reading, ReviewRequest
from connector.platforms import results
from connector.platforms.results import REVIEW_CONTROL, choices_of, dicts, regions_of
from connector.ports import ReviewContent
from workers.label_types.choices_tag import (
    add_choices,
    choices_control,
    choices_schema,
    chosen,
    is_choices,
    suggested,
)
from workers.label_types.multi_label import value

NONE_CONTROL, NONE_APPLIES = "none", "No label applies"

Raw = dict[str, Any]


class SetsOnLabelStudio:
    """Implements Codec."""

    def controls(self, config: Any) -> Sequence[LabelSchema]:
        """The Choices controls of which several may be chosen."""
        return [
            choices_schema(one, value.KIND, config.config)
            for one in config.controls
            if is_choices(one, ("multiple",))
        ]

    def control(self, schema: LabelSchema) -> ET.Element:
        """The least control that has this schema."""
        return choices_control(schema, "multiple")

    def valid(self, label: str, schema: LabelSchema) -> bool:
        """Whether it is a set of classes; the empty set is one."""
        return value.valid(label, schema)

    def read(self, raw: Any, schema: LabelSchema) -> Reading:
        """The set. Nothing chosen in a submitted result is the empty set: no class applies."""
        if not isinstance(raw, list) or (raw and not dicts(raw)):
            return Reading(None, LabelStatus.UNREADABLE)
        named: set[str] = set()
        for region in regions_of(raw, schema.control):
            choices = choices_of(region)
            if choices is None:
                return Reading(None, LabelStatus.UNREADABLE)
            named.update(choices)
        return value.reading(named, schema)

    def scores(self, raw: Any, schema: LabelSchema) -> Mapping[str, float] | None:
        """`meta.class_scores` of the control's region: a probability of each class, of whatever sum."""
        return results.meta_scores(raw, schema.control)

    def write(self, raw: Any, schema: LabelSchema, label: str, meta: Json) -> list[Raw]:
        """The result with these classes ticked; without any, a region that ticks none bears the mark."""
        return results.with_choices(raw, schema, value.classes(label), meta)

    def form(self, schema: LabelSchema, given: Any) -> Sequence[ET.Element]:  # noqa: ARG002 - the protocol's signature
        """Ticks, and a button that says that none applies: no tick alone would be no answer."""
        names = {"name": schema.control, "toName": schema.to_name}
        ticks = ET.Element("Choices", {**names, "choice": "multiple", "layout": "inline"})
        add_choices(ticks, schema.classes)
        none = ET.Element("Choices", {**names, "name": NONE_CONTROL, "choice": "single", "layout": "inline"})
        add_choices(none, [NONE_APPLIES])
        return [ticks, none]

    def content(self, request: ReviewRequest, form: Any) -> ReviewContent:  # noqa: ARG002 - the protocol's signature
        """The suggested ticks."""
        if request.suggestion is None:
            return ReviewContent({}, [])
        if request.suggestion == value.NONE:
            return ReviewContent({}, [suggested(NONE_CONTROL, "choices", [NONE_APPLIES])])
        return ReviewContent(
            {}, [suggested(REVIEW_CONTROL, "choices", list(value.classes(request.suggestion)))]
        )

    def answer(self, raw: Any) -> str | None:
        """The ticks, or that none applies; None without either, and with both."""
        ticked, none = chosen(raw, REVIEW_CONTROL), chosen(raw, NONE_CONTROL)
        return value.key(ticked) if bool(ticked) != bool(none) else None
