"""Label Studio's `<Choices>`, which several label types are made of or asked with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from xml.etree import ElementTree as ET

from connector.model import LabelSchema
from connector.platforms.results import CHOICE_PATH, REVIEW_TARGET, choices_of, regions_of

Raw = dict[str, Any]


def whole_item(control: Any) -> bool:
    """Whether a control of a config is about the whole item, not about its regions or parts.

    The name of one inside a `<Repeater>` holds a place for a number, so no result bears it as it stands.
    """
    return "{{" not in str(control.name) and not any(
        control.attr.get(key, "false").lower() == "true" for key in ("perRegion", "perItem")
    )


def is_choices(control: Any, kinds: Sequence[str]) -> bool:
    """Whether a control of a config is a Choices of such a kind, with fixed classes, for the whole item."""
    return (
        control.tag == "Choices"
        and control.attr.get("choice", "single") in kinds
        and not control.dynamic_value
        and whole_item(control)
    )


def choices_schema(control: Any, kind: str, config: str) -> LabelSchema:
    """The schema of a Choices control of a config; aliases stand in the place of values.

    Nested choices are their paths, as the page stores them: each result is a list of lists then, of choices
    at the top too. Without `allowNested` the page leaves out all but the top ones.
    """
    labels = [str(label) for label in control.labels]
    if control.attr.get("allowNested", "false").lower() == "true":
        labels = _paths(config, str(control.name))
    classes = tuple(dict.fromkeys(labels))
    return LabelSchema(str(control.name), (control.to_name or [""])[0], classes, (), kind)


def _paths(config: str, name: str) -> list[str]:
    """The choices of a control that have none below them, each with those above it."""
    root = ET.fromstring(config)  # noqa: S314 - the SDK has parsed it just before
    control = next((one for one in root.iter("Choices") if one.get("name") == name), None)
    return [] if control is None else [CHOICE_PATH.join(path) for path in _leaves(control, ())]


def _leaves(parent: ET.Element, above: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for one in parent.findall("Choice"):
        path = (*above, one.get("alias") or one.get("value") or "")
        below = list(_leaves(one, path))
        yield from below or [path]


def choices_control(schema: LabelSchema, kind: str) -> ET.Element:
    """The least Choices control that has this schema."""
    control = ET.Element("Choices", {"name": schema.control, "toName": schema.to_name, "choice": kind})
    for label in schema.classes:
        ET.SubElement(control, "Choice", {"value": label})
    return control


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
    known = (one for region in regions_of(result, control) for one in choices_of(region) or ())
    return list(dict.fromkeys(known))
