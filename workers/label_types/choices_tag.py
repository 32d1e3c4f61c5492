"""Label Studio's `<Choices>`, which several label types are made of or asked with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from xml.etree import ElementTree as ET

from connector.model import LabelSchema
from connector.platforms.results import REVIEW_TARGET, choices_of, regions_of

Raw = dict[str, Any]


def whole_item(control: Any) -> bool:
    """Whether a control of a config is about the whole item, not about its regions or parts."""
    return not any(control.attr.get(key, "false").lower() == "true" for key in ("perRegion", "perItem"))


def is_choices(control: Any, kinds: Sequence[str]) -> bool:
    """Whether a control of a config is a Choices of such a kind, with fixed classes, for the whole item."""
    return (
        control.tag == "Choices"
        and control.attr.get("choice", "single") in kinds
        and not control.dynamic_value
        and whole_item(control)
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
