"""What a labelling config says: its controls with their labels, and the objects that they are about.

The official SDK reads the same and needs 250 MB of packages for it; the tests hold this to the SDK.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from xml.etree import ElementTree as ET

NO_CONTROLS = frozenset({"Filter"})  # has a name and a target, and labels nothing
LABEL_TAGS = frozenset({"Label", "Choice", "Relation"})
OWN_OBJECTS = frozenset({"chat", "reactcode"})  # are objects without naming a value


@dataclass(frozen=True, slots=True)
class ConfigControl:
    """A tag that labels. `dynamic_value` says that its classes come with each task."""

    name: str
    tag: str
    attr: Mapping[str, str]
    to_name: tuple[str, ...]
    dynamic_value: bool
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ConfigObject:
    """A tag that shows something. `value_name` is the key of the task's data, empty where it names none."""

    name: str
    tag: str
    attr: Mapping[str, str]
    value_name: str


@dataclass(frozen=True, slots=True)
class LabellingConfig:
    """In the order of the text, `config`."""

    config: str
    controls: tuple[ConfigControl, ...]
    objects: tuple[ConfigObject, ...]


def read_config(xml: str) -> LabellingConfig:
    """The controls and objects of a labelling config; of tags with one name the last counts.

    Raises
    ------
    ET.ParseError
        If it is no XML.
    """
    controls: dict[str, ConfigControl] = {}
    objects: dict[str, ConfigObject] = {}
    labels: dict[str, dict[str, None]] = {}
    for tag, above in _with_ancestors(ET.fromstring(xml)):  # noqa: S314 - expat bounds entities, and loads none
        name, attr = tag.get("name"), dict(tag.attrib)
        if name and tag.get("toName") and tag.tag not in NO_CONTROLS:
            controls[name] = _control(name, tag.tag, attr)
        elif name and (tag.get("value") or tag.get("valueList") or tag.tag.lower() in OWN_OBJECTS):
            value = tag.get("valueList", tag.get("value")) or ""
            objects[name] = ConfigObject(name, tag.tag, attr, value[1:])
        elif tag.tag in LABEL_TAGS:
            of = next((each for each in above if each in controls), None)
            label = tag.get("alias") or tag.get("value")
            if of is not None and label is not None:
                labels.setdefault(of, {})[label] = None
    found = (replace(each, labels=tuple(labels.get(each.name, ()))) for each in controls.values())
    return LabellingConfig(xml, tuple(found), tuple(objects.values()))


def _control(name: str, tag: str, attr: Mapping[str, str]) -> ConfigControl:
    dynamic = attr.get("value", "").startswith("$") or bool(attr.get("apiUrl"))
    return ConfigControl(name, tag, attr, tuple(attr["toName"].split(",")), dynamic)


def _with_ancestors(root: ET.Element) -> Iterator[tuple[ET.Element, list[str]]]:
    """Every tag in the order of the config, with the names of those above it, the nearest first."""
    waiting: list[tuple[ET.Element, list[str]]] = [(root, [])]
    while waiting:
        tag, above = waiting.pop()
        yield tag, above
        inside = [tag.get("name", ""), *above]
        waiting += [(each, inside) for each in reversed(tag)]
