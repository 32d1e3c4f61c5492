"""Label Studio's JSON → vocabulary: garbage has a status, never an exception."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.model import LabelSchema, LabelStatus, ObjectTag, Reading
from connector.platforms import results
from connector.platforms.label_studio import mapping, review_tasks
from connector.platforms.results import regions_of
from tests.support.codecs import LABEL_STUDIO

SCHEMA = LabelSchema("label", "text", ("A", "B"), (ObjectTag("text", "Text", "text"),))
CODEC = LABEL_STUDIO["choice"]
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=4)
    | st.sampled_from(["label", "A", "B", "choices", "other", "note", "problem", "meta", "secondlook"])
)
KEYS = st.sampled_from(
    [
        "from_name",
        "to_name",
        "type",
        "value",
        "choices",
        "meta",
        "secondlook",
        "class_scores",
        "text",
        "taxonomy",
    ]
)
JSON = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5)
)
REGION = st.fixed_dictionaries(
    {"from_name": st.sampled_from(["label", "other", "note", "problem"])},
    optional={"value": JSON, "meta": JSON, "type": JSON, "origin": JSON},
)


def choice(*labels: str, control: str = "label", **more: Any) -> dict[str, Any]:
    return {
        "from_name": control,
        "to_name": "text",
        "type": "choices",
        "value": {"choices": [*labels]},
        **more,
    }


@pytest.mark.parametrize(
    ("result", "label", "status"),
    [
        ([choice("A")], "A", LabelStatus.VALID),
        ([choice("A"), choice("A")], "A", LabelStatus.VALID),
        ([choice("A", control="other"), choice("B")], "B", LabelStatus.VALID),
        ([], None, LabelStatus.EMPTY),
        ([choice()], None, LabelStatus.EMPTY),
        ([choice("A", control="other")], None, LabelStatus.EMPTY),
        ([choice("A", "B")], None, LabelStatus.SEVERAL),
        ([choice("A"), choice("B")], None, LabelStatus.SEVERAL),
        ([choice("Z")], None, LabelStatus.UNKNOWN_CLASS),
        (None, None, LabelStatus.UNREADABLE),
        ({}, None, LabelStatus.UNREADABLE),
        ("x", None, LabelStatus.UNREADABLE),
        ([1, None], None, LabelStatus.UNREADABLE),
        ([{"from_name": "label"}], None, LabelStatus.UNREADABLE),
        ([{"from_name": "label", "value": {"choices": [["A"]]}}], "A", LabelStatus.VALID),  # a path of one
        ([{"from_name": "label", "value": {"choices": [[["A"]]]}}], None, LabelStatus.UNREADABLE),
        ([{"from_name": "label", "value": {"rating": 3}}], None, LabelStatus.UNREADABLE),
    ],
)
def test_each_result_has_a_label_or_the_reason_for_none(
    result: Any, label: str | None, status: LabelStatus
) -> None:
    assert CODEC.read(result, SCHEMA) == Reading(label, status)


@given(result=JSON | st.lists(REGION | JSON, max_size=4), by=JSON, when=JSON, score=JSON)
def test_no_annotation_prediction_or_answer_makes_the_mapping_raise(
    result: Any, by: Any, when: Any, score: Any
) -> None:
    raw = {
        "id": 1,
        "result": result,
        "completed_by": by,
        "updated_by": by,
        "created_at": when,
        "score": score,
    }
    found = mapping.annotation(raw, SCHEMA, CODEC)
    assert (found.label is not None) == (found.status is LabelStatus.VALID)
    assert mapping.prediction(raw, SCHEMA, CODEC).label in (None, "A", "B")
    item = mapping.item({"id": 1, "annotations": result, "predictions": [raw], "data": result}, SCHEMA, CODEC)
    assert item.remote_id == "1"
    answer = review_tasks.answer(raw, "k", "1", CODEC, {})
    assert answer.label is None or isinstance(answer.label, str)


@given(result=st.lists(REGION | JSON, max_size=4), label=st.sampled_from(SCHEMA.classes))
def test_a_relabelled_result_carries_the_label_the_mark_and_all_other_regions(
    result: Any, label: str
) -> None:
    changed = CODEC.write(result, SCHEMA, label, {results.MARKER: "c-1"})
    assert CODEC.read(changed, SCHEMA) == Reading(label, LabelStatus.VALID)
    assert "c-1" in {mapping.marker_of([region]) for region in regions_of(changed, "label")}
    others = [r for r in result if isinstance(r, dict) and r.get("from_name") != "label"]
    assert [r for r in changed if r.get("from_name") != "label"] == others


def test_class_scores_are_read_whole_or_not_at_all() -> None:
    def scores(value: Any) -> Any:
        return CODEC.scores([choice("A", meta={"class_scores": value})], SCHEMA)

    assert scores({"A": 0.25, "B": 1}) == {"A": 0.25, "B": 1.0}
    assert scores({"A": "high"}) is None
    assert scores({"A": float("nan")}) is None
    assert scores({}) is None
    assert scores([0.5]) is None


def test_users_come_as_numbers_and_as_objects() -> None:
    assert [mapping.user_id(v) for v in (3, {"id": 3}, None, True, {}, "3")] == [
        "3",
        "3",
        None,
        None,
        None,
        "3",
    ]


def test_a_mark_counts_as_ours_until_somebody_else_saves() -> None:
    result = [choice("A", meta={results.MARKER: "c-1", results.BY: "9"})]
    raw = {"id": 1, "result": result, "completed_by": 2}
    assert mapping.annotation({**raw, "updated_by": 9}, SCHEMA, CODEC).marker == "c-1"
    assert mapping.annotation({**raw, "updated_by": 2}, SCHEMA, CODEC).marker is None


def test_a_skipped_annotation_has_no_label_even_if_one_was_stored_with_it() -> None:
    found = mapping.annotation({"id": 1, "result": [choice("A")], "was_cancelled": True}, SCHEMA, CODEC)
    assert (found.label, found.status) == (None, LabelStatus.CANCELLED)
