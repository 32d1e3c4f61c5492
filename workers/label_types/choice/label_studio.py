"""A single choice on Label Studio: `<Choices choice="single">` for the whole item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as ET

from connector.model import Json, LabelSchema, LabelStatus, Reading, ReviewRequest
from connector.platforms import results
from connector.platforms.results import REVIEW_CONTROL, choices_of, dicts, regions_of
from connector.ports import ReviewContent
from workers.label_types.choice import value
from workers.label_types.choices_tag import (
    add_choices,
    choices_control,
    choices_schema,
    chosen,
    is_choices,
    suggested,
)

SINGLE = ("single", "single-radio")
OTHER_LABEL = "other"  # the control that searches all classes
OPTIONS = "secondlook_options"
OTHER = "OTHER (search all labels)"
FEW = 12  # more classes than this do not fit on a page as buttons

Raw = dict[str, Any]


class ChoiceOnLabelStudio:
    """Implements Codec."""

    def controls(self, config: Any) -> Sequence[LabelSchema]:
        """The single-choice controls; an alias stands in results in place of its value."""
        return [
            choices_schema(one, value.KIND, config.config)
            for one in config.controls
            if is_choices(one, SINGLE)
        ]

    def control(self, schema: LabelSchema) -> ET.Element:
        """The least control that has this schema."""
        return choices_control(schema, "single")

    def valid(self, label: str, schema: LabelSchema) -> bool:
        """Whether it is a class."""
        return value.valid(label, schema)

    def read(self, raw: Any, schema: LabelSchema) -> Reading:
        """The one class that a result gives to the control."""
        if not isinstance(raw, list):
            return Reading(None, LabelStatus.UNREADABLE)
        regions = regions_of(raw, schema.control)
        if not regions:
            only_rubbish = bool(raw) and not dicts(raw)
            return Reading(None, LabelStatus.UNREADABLE if only_rubbish else LabelStatus.EMPTY)
        named: set[str] = set()
        for region in regions:
            choices = choices_of(region)
            if choices is None:
                return Reading(None, LabelStatus.UNREADABLE)
            named.update(choices)
        return value.reading(named, schema)

    def scores(self, raw: Any, schema: LabelSchema) -> Mapping[str, float] | None:
        """`meta.class_scores` of the control's region."""
        return results.meta_scores(raw, schema.control)

    def write(self, raw: Any, schema: LabelSchema, label: str, meta: Json) -> list[Raw]:
        """The result with this class."""
        return results.with_choices(raw, schema, [label], meta)

    def form(self, schema: LabelSchema, given: Any) -> Sequence[ET.Element]:
        """Buttons; beyond a page of them near classes and a search box.

        A control that holds answers cannot be removed: a search box that was there once stays.
        """
        if len(schema.classes) > FEW or has_search(given):
            return _searching(schema)
        buttons = _choices(schema, choice="single-radio", layout="inline")
        add_choices(buttons, schema.classes)
        return [buttons]

    def content(self, request: ReviewRequest, form: Any) -> ReviewContent:
        """The near classes, and the suggestion as a prediction."""
        options = tuple(dict.fromkeys(request.options))
        fields = {OPTIONS: [{"value": option} for option in (*options, OTHER)]}
        label = request.suggestion
        if label is None:
            return ReviewContent(fields, [])
        searched = has_search(form) and label not in options
        regions = [suggested(REVIEW_CONTROL, "choices", [OTHER if searched else label])]
        if searched:
            regions.append(suggested(OTHER_LABEL, "taxonomy", [[label]]))
        return ReviewContent(fields, regions)

    def answer(self, raw: Any) -> str | None:
        """The class chosen. A search result left behind before another option was chosen says nothing."""
        named = chosen(raw, REVIEW_CONTROL)
        if len(named) != 1:
            return None
        return _searched(raw) if named[0] == OTHER else named[0]


def has_search(config: Any) -> bool:
    """Whether a config shows near classes and a search box for the others."""
    return isinstance(config, str) and f'name="{OTHER_LABEL}"' in config


def _choices(schema: LabelSchema, **attributes: str) -> ET.Element:
    return ET.Element("Choices", {"name": schema.control, "toName": schema.to_name, **attributes})


def _searching(schema: LabelSchema) -> list[ET.Element]:
    near = _choices(schema, value=f"${OPTIONS}", choice="single-radio", layout="vertical")
    when = {"visibleWhen": "choice-selected", "whenTagName": schema.control, "whenChoiceValue": OTHER}
    hidden = ET.Element("View", when)
    taxonomy = ET.SubElement(
        hidden,
        "Taxonomy",
        name=OTHER_LABEL,
        toName=schema.to_name,
        maxUsages="1",
        required="true",
        requiredMessage="Pick the other label",
        placeholder="Search all labels",
        minWidth="480px",
    )
    add_choices(taxonomy, schema.classes)
    return [near, hidden]


def _searched(result: Any) -> str | None:
    for region in regions_of(result, OTHER_LABEL):
        paths = results.values_in(region, "taxonomy")
        if isinstance(paths, list) and len(paths) == 1 and isinstance(paths[0], list) and paths[0]:
            return paths[0][-1] if isinstance(paths[0][-1], str) else None
    return None
