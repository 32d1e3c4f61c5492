"""Nested choices are paths, as Label Studio's page stores them; no result matches those of a Repeater."""

from __future__ import annotations

import pytest

from connector.errors import Misconfigured
from connector.platforms.label_studio.config import schema_of
from connector.platforms.results import choices_of, with_choices
from tests.support.codecs import LABEL_STUDIO

TREE = """<View><Text name="t" value="$ticket.text"/>
<Choices name="kind" toName="t" choice="{choice}" allowNested="{nested}">
<Choice value="Support" alias="help"><Choice value="billing"/><Choice value="refund"/></Choice>
<Choice value="Other"/></Choices></View>"""
REPEATED = """<View><Repeater on="$items" indexFlag="{{idx}}">
<Text name="t_{{idx}}" value="$items[{{idx}}].a"/>
<Choices name="kind_{{idx}}" toName="t_{{idx}}"><Choice value="a"/><Choice value="b"/></Choices></Repeater>
</View>"""
META = {"secondlook": "c1"}


def region(*held: object) -> dict[str, object]:
    return {"from_name": "kind", "to_name": "t", "type": "choices", "value": {"choices": [*held]}}


@pytest.mark.parametrize(("choice", "kind"), [("single", "choice"), ("multiple", "multi_label")])
def test_a_class_is_a_path_and_is_read_and_written_as_one(choice: str, kind: str) -> None:
    schema = schema_of(TREE.format(choice=choice, nested="true"), None, LABEL_STUDIO)
    assert (schema.kind, schema.classes) == (kind, ("help / billing", "help / refund", "Other"))
    codec = LABEL_STUDIO[kind]
    given = [region(["help", "billing"])]
    billing, other = (codec.read([region(path)], schema).label for path in (["help", "billing"], ["Other"]))
    assert billing is not None
    assert other is not None
    written = codec.write(given, schema, other, META)
    assert written[0]["value"] == {"choices": [["Other"]]}
    assert codec.read(written, schema).label == other
    assert codec.write([region(["Other"])], schema, billing, META)[0]["value"] == given[0]["value"]


def test_choices_that_are_not_nested_are_written_as_before() -> None:
    schema = schema_of(TREE.format(choice="single", nested="false"), None, LABEL_STUDIO)
    assert with_choices([region("Other")], schema, ["a / b"], META)[0]["value"] == {"choices": ["a / b"]}


@pytest.mark.parametrize("held", [[["a", 1]], [[]], [{"a": 1}], [[["a"]]], [None]])
def test_what_is_neither_value_nor_path_is_no_choice(held: list[object]) -> None:
    assert choices_of(region(*held)) is None


def test_a_control_that_no_result_can_match_is_refused() -> None:
    with pytest.raises(Misconfigured, match=r"kind_\{\{idx\}\} \(Choices single\)"):
        schema_of(REPEATED, None, LABEL_STUDIO)
    with pytest.raises(Misconfigured, match="not a control for the whole item"):
        schema_of(REPEATED, "kind_{{idx}}", LABEL_STUDIO)
