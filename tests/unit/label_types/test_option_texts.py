"""Options of Argilla have a value and a text: people read the text, as in the dataset of the source."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from tests.support.world import SCHEMA, World
from workers.label_types.choice.argilla import ChoiceOnArgilla
from workers.label_types.multi_label.argilla import SetsOnArgilla

OPTIONS = [
    {"value": "0", "text": "A dog", "description": None},
    {"value": "1", "text": "A cat", "description": None},
    {"value": "bird", "text": "bird", "description": None},
]


@pytest.mark.parametrize("codec", [ChoiceOnArgilla(), SetsOnArgilla()], ids=["choice", "multi_label"])
def test_reviewers_are_asked_in_the_words_of_the_source(codec: ChoiceOnArgilla | SetsOnArgilla) -> None:
    kind = "label_selection" if isinstance(codec, ChoiceOnArgilla) else "multi_label_selection"
    (schema,) = codec.controls([{"name": "kind", "settings": {"type": kind, "options": OPTIONS}}])
    asked: list[dict[str, str]] = []
    sdk = SimpleNamespace(
        LabelQuestion=lambda _name, options, **_: asked.append(options),
        MultiLabelQuestion=lambda _name, options, **_: asked.append(options),
        TextQuestion=lambda _name, **_: None,
    )
    codec.form(schema, sdk)

    assert schema.classes == ("0", "1", "bird")
    assert list(asked[0].items())[:3] == [("0", "A dog"), ("1", "A cat"), ("bird", "bird")]


def test_the_reason_says_labels_in_the_words_of_the_source(world: World) -> None:
    schema = replace(SCHEMA, texts=(("dog", "A dog"), ("cat", "A cat")))
    world.server.set_schema(world.source_id, schema)
    world.some_right()
    world.wrong()
    world.settle()

    said = str(world.review_of("odd").item.data["secondlook_context"])
    assert "A dog" in said
    assert "'dog'" not in said
