"""A single choice on Label Studio: `<Choices choice="single">` for the whole item."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as ET

from connector.model import Json, LabelSchema, LabelStatus, Reading, ReviewRequest
from connector.platforms import results
from connector.platforms.results import REVIEW_CONTROL, REVIEW_TARGET, choices_of, dicts, regions_of
from connector.ports import ReviewContent
from workers.label_types.choice import value

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
        return [choices_schema(one, value.KIND) for one in config.controls if is_choices(one, SINGLE)]

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
        return results.with_value(raw, schema, "choices", [label], meta)

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


def is_choices(control: Any, kinds: Sequence[str]) -> bool:
    """Whether a control of a config is a Choices of such a kind, with fixed classes, for the whole item."""
    attributes = control.attr
    return (
        control.tag == "Choices"
        and attributes.get("choice", "single") in kinds
        and not control.dynamic_value
        and not any(attributes.get(key, "false").lower() == "true" for key in ("perRegion", "perItem"))
    )


def choices_schema(control: Any, kind: str) -> LabelSchema:
    """The schema of a Choices control; the SDK has put aliases in the place of values."""
    classes = tuple(dict.fromkeys(str(label) for label in control.labels))
    return LabelSchema(str(control.name), (control.to_name or [""])[0], classes, (), kind)


def add_choices(parent: ET.Element, values: Iterable[str]) -> None:
    """Choices with hotkeys of their own where each is a single letter or digit."""
    values = tuple(values)
    # Label Studio numbers its hotkeys from 1, so that the digit 0 would answer to the key 1.
    named = all(len(one) == 1 and one.isascii() and one.isalnum() for one in values)
    keys = {one.lower() for one in values}
    for one in values:
        hotkey = {"hotkey": one.lower()} if named and len(keys) == len(values) else {}
        ET.SubElement(parent, "Choice", {"value": one, **hotkey})


def suggested(control: str, kind: str, held: list[Any]) -> Raw:
    """A region of a review task's prediction. Its id is text: a number would hang the page."""
    return {
        "id": f"suggestion-{control}",
        "from_name": control,
        "to_name": REVIEW_TARGET,
        "type": kind,
        "value": {kind: held},
    }


def chosen(result: Any, control: str) -> list[str]:
    """What a Choices control of a review task carries, each value once."""
    found = (one for region in regions_of(result, control) for one in choices_of(region) or ())
    return list(dict.fromkeys(found))


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
