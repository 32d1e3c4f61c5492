"""A labelling config is read as Label Studio's own SDK reads it."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from label_studio_sdk.label_interface.interface import LabelInterface

from connector.platforms.label_studio.interface import read_config

NAMES = st.sampled_from(["a", "b", "c", "a{{idx}}", ""])
TAGS = st.sampled_from(
    ["View", "Choices", "Choice", "Labels", "RectangleLabels", "Label", "Text", "Image", "Rating", "Filter",
     "Relations", "Relation", "Repeater", "Taxonomy", "Header"]
)  # fmt: skip
ATTRIBUTES = st.fixed_dictionaries(
    {},
    optional={
        "name": NAMES,
        "toName": st.sampled_from(["a", "b", "a,b", ""]),
        "value": st.sampled_from(["$text", "$nested.key", "plain", ""]),
        "valueList": st.just("$pages"),
        "alias": st.sampled_from(["x", ""]),
        "apiUrl": st.just("https://example.org"),
        "choice": st.sampled_from(["single", "multiple"]),
        "perRegion": st.just("true"),
    },
)


def element(tag: str, attributes: dict[str, str], children: list[ET.Element]) -> ET.Element:
    made = ET.Element(tag, attributes)
    made.extend(children)
    return made


TREES = st.recursive(
    st.builds(element, TAGS, ATTRIBUTES, st.just([])),
    lambda inner: st.builds(element, TAGS, ATTRIBUTES, st.lists(inner, max_size=4)),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(tree=TREES)
def test_controls_and_objects_are_those_of_the_sdk(tree: ET.Element) -> None:
    xml = ET.tostring(element("View", {}, [tree]), encoding="unicode")
    ours, sdk = read_config(xml), LabelInterface(xml)
    assert [_said_of(one) for one in ours.controls] == [_said_of(one) for one in sdk.controls or ()]
    assert [(one.name, one.tag, one.attr, one.value_name) for one in ours.objects] == [
        (one.name, one.tag, one.attr, one.value_name) for one in sdk.objects or ()
    ]


def test_an_object_of_its_own_needs_no_value() -> None:
    config = read_config(
        '<View><Chat name="c"/><Choices name="q" toName="c"><Choice value="x"/></Choices></View>'
    )
    assert [(one.name, one.value_name) for one in config.objects] == [("c", "")]
    assert [(one.name, one.labels) for one in config.controls] == [("q", ("x",))]


def _said_of(one: object) -> tuple[object, ...]:
    names = ("name", "tag", "attr", "to_name", "dynamic_value", "labels")
    return tuple(list(v) if isinstance(v := getattr(one, name), tuple) else v for name in names)


@pytest.mark.parametrize("xml", ["", "<View>", "plain", "<View><Text name='a'></View>"])
def test_what_is_no_xml_is_refused(xml: str) -> None:
    with pytest.raises(ET.ParseError):
        read_config(xml)
