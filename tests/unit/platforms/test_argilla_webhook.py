"""Argilla's deliveries: signatures under several secrets, and whatever else may arrive."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.errors import BadPayload, Unauthorised
from connector.platforms.argilla.webhook import TOLERANCE_S, ArgillaWebhooks

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SECRET = base64.b64encode(b"k" * 64).decode()
OLDER = base64.b64encode(b"o" * 64).decode()
RECORD, RESPONSE = "5b3f0c1e-8d2a-4f6b-9c7d-0e1f2a3b4c5d", "00000000-0000-4000-8000-000000000001"
DATASET = "8e1a6a0e-1111-4222-8333-0123456789ab"
HOOKS = ArgillaWebhooks()


def body_of(kind: str = "record.updated", **data: Any) -> bytes:
    return json.dumps({"type": kind, "version": 1, "timestamp": "x", "data": {"id": RECORD} | data}).encode()


def headers_for(body: bytes, secret: str = SECRET, at: datetime = NOW) -> dict[str, str]:
    stamp = str(int(at.timestamp()))
    digest = hmac.digest(base64.b64decode(secret), f"msg_1.{stamp}.".encode() + body, hashlib.sha256)
    signature = f"v1,{base64.b64encode(digest).decode()}"
    return {"webhook-id": "msg_1", "webhook-timestamp": stamp, "webhook-signature": signature}


def test_a_delivery_signed_with_any_of_our_secrets_is_ours() -> None:
    body = body_of()
    HOOKS.verify(headers_for(body), body, [OLDER, SECRET], NOW)
    HOOKS.verify(headers_for(body, OLDER), body, [OLDER, f"whsec_{SECRET}"], NOW)
    several = headers_for(body)
    several["webhook-signature"] = f"v2,AAAA v1,AAAA {several['webhook-signature']}"
    HOOKS.verify({name.title(): value for name, value in several.items()}, body, [SECRET], NOW)


@pytest.mark.parametrize("late", [-TOLERANCE_S - 1, TOLERANCE_S + 1])
def test_a_recorded_delivery_cannot_be_sent_again_later(late: int) -> None:
    body = body_of()
    with pytest.raises(Unauthorised, match="another time"):
        HOOKS.verify(headers_for(body), body, [SECRET], NOW + timedelta(seconds=late))


@pytest.mark.parametrize("secrets", [[], [OLDER], [""], ["no base64!"]])
def test_a_delivery_under_another_secret_is_refused(secrets: list[str]) -> None:
    body = body_of()
    with pytest.raises(Unauthorised):
        HOOKS.verify(headers_for(body), body, secrets, NOW)


def test_a_changed_body_is_refused() -> None:
    body = body_of()
    with pytest.raises(Unauthorised):
        HOOKS.verify(headers_for(body), body + b" ", [SECRET], NOW)


def test_a_signature_with_an_empty_key_opens_nothing() -> None:
    body = body_of()
    with pytest.raises(Unauthorised):
        HOOKS.verify(headers_for(body, ""), body, ["", "%%%"], NOW)


@given(
    headers=st.dictionaries(
        st.sampled_from(["webhook-id", "webhook-timestamp", "webhook-signature", "Webhook-Id", "x"]),
        st.one_of(st.text(), st.from_regex(r"v1,[A-Za-z0-9+/=]*"), st.integers().map(str)),
    ),
    body=st.binary(),
    secrets=st.lists(st.text()),
)
def test_hostile_headers_and_bodies_are_refused_and_nothing_else_happens(
    headers: dict[str, str], body: bytes, secrets: list[str]
) -> None:
    with pytest.raises(Unauthorised):
        HOOKS.verify(headers, body, [*secrets, SECRET], NOW)
    with suppress(BadPayload):
        assert list(HOOKS.hints(body)) == []


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["id", "record", "type", "data"]), inner),
    max_leaves=10,
)


@given(kind=st.sampled_from(["record.created", "response.updated", "dataset.updated", "x"]), data=_JSON)
def test_strange_data_is_a_bad_payload_or_a_hint_and_nothing_else(kind: str, data: Any) -> None:
    with suppress(BadPayload):
        HOOKS.hints(json.dumps({"type": kind, "data": data}).encode())


def test_deep_nesting_is_a_bad_payload() -> None:
    with pytest.raises(BadPayload):
        HOOKS.hints(b"[" * 100_000)


def test_events_name_the_record_to_fetch() -> None:
    (updated,) = HOOKS.hints(body_of())
    assert (updated.item_ids, updated.deleted) == ((RECORD,), False)
    (deleted,) = HOOKS.hints(body_of("record.deleted"))
    assert deleted.deleted
    (answered,) = HOOKS.hints(body_of("response.created", id=RESPONSE, record={"id": RECORD}))
    assert (answered.item_ids, answered.annotation_ids) == ((RECORD,), (RESPONSE,))


def test_events_name_the_dataset_that_they_are_about() -> None:
    dataset = {"id": DATASET.upper()}
    (deleted,) = HOOKS.hints(body_of("record.deleted", dataset=dataset))
    (answered,) = HOOKS.hints(
        body_of("response.created", id=RESPONSE, record={"id": RECORD, "dataset": dataset})
    )
    assert deleted.place == answered.place == DATASET
    (unsaid,) = HOOKS.hints(body_of("record.deleted"))
    assert unsaid.place is None
    with pytest.raises(BadPayload, match="a dataset without an id"):
        HOOKS.hints(body_of("record.deleted", dataset={}))


def test_events_that_do_not_matter_hold_nothing_to_do() -> None:
    assert HOOKS.hints(body_of("dataset.updated")) == []
    assert HOOKS.hints(body_of("ping")) == []
