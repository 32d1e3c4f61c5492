"""Records as we understand them, whatever stands in them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import Misconfigured
from connector.model import LabelSchema, LabelStatus, ObjectTag
from connector.platforms.argilla import guidelines, mapping
from connector.platforms.argilla.changes import Fingerprint
from connector.platforms.argilla.schema import schema_of
from tests.support.codecs import ARGILLA

SCHEMA = LabelSchema("kind", "text", ("cat", "dog"), (ObjectTag("text", "Text", "text"),))
QUESTION = "q-1"
CODEC = ARGILLA["choice"]
ID = "5b3f0c1e-8d2a-4f6b-9c7d-0e1f2a3b4c5d"


def record(**more: Any) -> dict[str, Any]:
    return {"id": ID, "inserted_at": "2026-01-01T00:00:00", "fields": {"text": "x"}} | more


def response(label: Any = "cat", **more: Any) -> dict[str, Any]:
    values = {"kind": {"value": label}}
    return {"id": "r-1", "user_id": "u-1", "status": "submitted", "values": values} | more


def question(name: str, kind: str, options: Any = ()) -> dict[str, Any]:
    given = [{"value": option, "text": option} for option in options]
    return {"id": name, "name": name, "settings": {"type": kind, "options": given}}


@pytest.mark.parametrize(
    ("given", "status"),
    [
        (response(), LabelStatus.VALID),
        (response(status="discarded"), LabelStatus.CANCELLED),
        (response(None), LabelStatus.EMPTY),
        (response(values=None), LabelStatus.EMPTY),
        (response(["cat"]), LabelStatus.UNREADABLE),
        (response("wolf"), LabelStatus.UNKNOWN_CLASS),
    ],
)
def test_a_response_that_cannot_be_judged_says_why(given: dict[str, Any], status: LabelStatus) -> None:
    (found,) = mapping.item(record(responses=[given]), SCHEMA, QUESTION, CODEC).annotations
    assert found.status is status
    assert found.label == ("cat" if status is LabelStatus.VALID else None)


def test_a_draft_is_not_given_yet() -> None:
    given = record(responses=[response(status="draft")])
    assert mapping.item(given, SCHEMA, QUESTION, CODEC).annotations == ()


def test_answers_to_other_questions_are_kept_as_they_are() -> None:
    spans = [{"label": "x", "start": 0, "end": 1}]
    given = response(values={"kind": {"value": "cat"}, "spans": {"value": spans}})
    (found,) = mapping.item(record(responses=[given]), SCHEMA, QUESTION, CODEC).annotations
    assert {"question": "spans", "value": spans} in found.result


def test_a_list_of_scores_is_no_score_of_one_label() -> None:
    suggestion = {"id": "s", "question_id": QUESTION, "value": "cat", "score": [0.1, 0.9], "agent": "m"}
    (found,) = mapping.item(record(suggestions=[suggestion]), SCHEMA, QUESTION, CODEC).predictions
    assert (found.label, found.score, found.model_version) == ("cat", None, "m")


@given(held=st.one_of(st.none(), st.text(), st.integers(), st.just('[{"marker": 1}]'), st.just("[" * 9999)))
def test_strange_metadata_is_none_of_ours(held: Any) -> None:
    assert mapping.marks_of(record(metadata={mapping.MARKS: held})) == []


def test_marks_come_and_go_without_touching_other_metadata() -> None:
    mark = mapping.Mark("c-1", "update", "u", "dog", "r-1", "t", {})
    marked = record(metadata=mapping.with_marks(record(metadata={"split": "train"}), [mark]))
    assert mapping.marks_of(marked) == [mark]
    assert mapping.with_marks(marked, []) == {"split": "train"}


def test_a_correction_in_the_metadata_ends_when_its_response_is_edited() -> None:
    mark = mapping.Mark("c-1", "update", "u", "dog", "r-1", "t-1", {})
    metadata = {mapping.MARKS: json.dumps([mark.as_json()])}
    labels = []
    for stamp in ("t-1", "t-2"):
        raw = record(metadata=metadata, responses=[response(updated_at=stamp)])
        labels.append(mapping.item(raw, SCHEMA, QUESTION, CODEC).annotations[0].label)
    assert labels == ["dog", "cat"]


def test_a_dataset_is_judged_by_its_only_single_label_question() -> None:
    questions = [question("kind", "label_selection", ["cat", "dog"]), question("stars", "rating")]
    fields = [{"name": "picture", "settings": {"type": "image"}}]
    schema = schema_of({"status": "ready"}, questions, fields, None, ARGILLA)
    assert (schema.control, schema.classes) == ("kind", ("cat", "dog"))
    assert schema.objects == (ObjectTag("picture", "Image", "picture"),)


@pytest.mark.parametrize(
    ("status", "kinds", "wanted", "said"),
    [
        ("draft", ["label_selection"], None, "draft"),
        ("ready", ["multi_label_selection"], None, "no question that can be judged"),
        ("ready", ["label_selection", "label_selection"], None, "several questions"),
        ("ready", ["label_selection"], "other", "'other'"),
    ],
)
def test_a_dataset_without_a_usable_question_says_what_it_has(
    status: str, kinds: list[str], wanted: str | None, said: str
) -> None:
    questions = [question(f"q{n}", kind, ["a", "b"]) for n, kind in enumerate(kinds)]
    with pytest.raises(Misconfigured, match=said):
        schema_of({"status": status, "name": "d"}, questions, [], wanted, {"choice": CODEC})


def test_a_fingerprint_sees_every_kind_of_change_and_survives_being_stored() -> None:
    plain = record(updated_at="t", responses=[], suggestions=[])
    kinds = [
        plain,
        plain | {"updated_at": "later"},
        plain | {"responses": [{"id": "r", "updated_at": "t"}]},
        plain | {"responses": [{"id": "r", "updated_at": "later"}]},
        plain | {"suggestions": [{"id": "s", "updated_at": "t"}]},
    ]
    texts = []
    for kind in kinds:
        seen = Fingerprint()
        seen.add([kind])
        texts.append(seen.text())
        again = Fingerprint.read(seen.text())
        assert again is not None
        assert again.sums == seen.sums
    assert len(set(texts)) == len(kinds)
    assert Fingerprint.read("no fingerprint") is None


@given(people=st.text(alphabet="ab \n<>!-"), blocks=st.lists(st.sampled_from(["", "one", "two\nlines"])))
def test_what_people_wrote_into_the_guidelines_stays(people: str, blocks: list[str]) -> None:
    text = people
    for block in blocks:
        text = guidelines.replaced(text, block)
        assert (block in text) or not block
    assert guidelines.replaced(text, "").strip() == people.strip()
