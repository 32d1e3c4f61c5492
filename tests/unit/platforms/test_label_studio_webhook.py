"""Deliveries: verified by our secret, read strictly, and nothing of them kept but ids."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import BadPayload, Unauthorised
from connector.model import Hint
from connector.platforms.label_studio.webhook import LabelStudioWebhooks
from connector.platforms.memory import MemoryWebhooks
from connector.platforms.results import BY, MARKER
from connector.platforms.webhooks import SECRET_HEADER
from connector.ports import WebhookDialect

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DIALECTS = [LabelStudioWebhooks(), MemoryWebhooks()]
ACTIONS = [
    "ANNOTATION_CREATED",
    "ANNOTATION_UPDATED",
    "ANNOTATIONS_DELETED",
    "TASKS_CREATED",
    "PROJECT_UPDATED",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "task", "result", "meta", "updated_by"]), inner, max_size=4)
    ),
    max_leaves=8,
)


def hints(payload: Any) -> list[Hint]:
    return list(LabelStudioWebhooks().hints(json.dumps(payload).encode()))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_any_of_several_secrets_will_do_and_nothing_else(dialect: WebhookDialect) -> None:
    for good in ("old", "new"):
        dialect.verify({SECRET_HEADER.lower(): good}, b"", ["old", "new"], NOW)
    for headers in ({}, {SECRET_HEADER: ""}, {SECRET_HEADER: "ol"}, {SECRET_HEADER: "\udcff é"}):
        with pytest.raises(Unauthorised):
            dialect.verify(headers, b"", ["old", "new", ""], NOW)
    with pytest.raises(Unauthorised):
        dialect.verify({SECRET_HEADER: ""}, b"", [], NOW)


@pytest.mark.parametrize("dialect", DIALECTS)
@given(value=st.text())
def test_no_header_makes_verification_fail_in_another_way(dialect: WebhookDialect, value: str) -> None:
    with pytest.raises(Unauthorised):
        dialect.verify({SECRET_HEADER: value}, b"", ["a secret that is longer than that " * 9], NOW)


def test_each_action_says_what_changed() -> None:
    annotation = {"id": 7, "task": 3, "result": [], "updated_by": 1}
    project = {"id": 1, "token": "do-not-keep"}
    assert hints({"action": "ANNOTATION_CREATED", "annotation": annotation, "project": project}) == [
        Hint("ANNOTATION_CREATED", item_ids=("3",), annotation_ids=("7",))
    ]
    assert hints({"action": "ANNOTATIONS_CREATED", "annotation": [annotation, annotation | {"id": 8}]}) == [
        Hint("ANNOTATIONS_CREATED", item_ids=("3",), annotation_ids=("7", "8"))
    ]
    assert hints({"action": "ANNOTATIONS_DELETED", "annotations": [{"id": 7}]}) == [
        Hint("ANNOTATIONS_DELETED", annotation_ids=("7",), deleted=True)
    ]
    assert hints({"action": "TASKS_CREATED", "tasks": [{"id": 1}, {"id": 2}]}) == [
        Hint("TASKS_CREATED", item_ids=("1", "2"))
    ]
    assert hints({"action": "TASKS_DELETED", "tasks": [{"id": 1}]}) == [
        Hint("TASKS_DELETED", item_ids=("1",), deleted=True)
    ]
    assert hints({"action": "PROJECT_UPDATED", "project": project}) == [
        Hint("PROJECT_UPDATED", schema_changed=True)
    ]
    assert hints({"action": "LABEL_LINK_CREATED"}) == []


def test_an_event_is_ours_only_while_nobody_else_has_saved() -> None:
    result = [{"from_name": "label", "meta": {MARKER: "c-1", BY: "9"}}]
    annotation = {"id": 7, "task": 3, "result": result, "updated_by": 9}
    assert hints({"action": "ANNOTATION_CREATED", "annotation": annotation})[0].own
    assert not hints({"action": "ANNOTATION_UPDATED", "annotation": annotation | {"updated_by": 2}})[0].own


@pytest.mark.parametrize("dialect", DIALECTS)
@given(body=st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()))
def test_a_hostile_body_is_a_bad_payload_and_never_another_error(
    dialect: WebhookDialect, body: bytes
) -> None:
    with contextlib.suppress(BadPayload):
        dialect.hints(body)


@given(
    action=st.sampled_from(ACTIONS), part=JSON, key=st.sampled_from(["annotation", "tasks", "annotations"])
)
def test_a_known_action_with_a_hostile_part_is_read_or_refused(action: str, part: Any, key: str) -> None:
    try:
        found = hints({"action": action, key: part})
    except BadPayload:
        return
    assert all(isinstance(i, str) for hint in found for i in (*hint.item_ids, *hint.annotation_ids))


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_body_nested_too_deep_is_a_bad_payload(dialect: WebhookDialect) -> None:
    with pytest.raises(BadPayload):
        dialect.hints(b"[" * 200_000)
