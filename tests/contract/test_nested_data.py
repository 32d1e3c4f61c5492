"""Nested choices, dotted fields and Repeaters on a real Label Studio."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest

from connector.errors import Misconfigured
from connector.model import ItemRef, LabelSchema, ReviewSetup, WriteMode, WriteOrder
from connector.model.item_data import value_at
from connector.platforms.label_studio.client import LabelStudioClient
from connector.platforms.label_studio.desk import LabelStudioDesk
from connector.platforms.label_studio.source import LabelStudioSource
from tests.contract.test_desk import request_for
from tests.support.codecs import LABEL_STUDIO
from tests.support.label_studio import LabelStudioServer
from tests.unit.label_types.test_nested_choices import REPEATED, TREE, region

DATA = {"ticket": {"text": "the invoice is wrong"}}


def source_of(server: LabelStudioServer, config: str, *held: object) -> LabelStudioSource:
    tasks = [{"data": DATA, "annotations": [{"result": [region(one)]}]} for one in held]
    project = server.new_project("nested", config, tasks)
    client = LabelStudioClient(server.url, server.token)
    return LabelStudioSource(client, str(project), codecs=LABEL_STUDIO)


def test_nested_choices_and_dotted_fields_are_read_and_corrected(label_studio: LabelStudioServer) -> None:
    config = TREE.format(choice="single", nested="true")
    source = source_of(label_studio, config, ["help", "billing"], ["Other"])
    schema = source.describe().schema
    items = [item for page in source.changes_since(None) for item in page.items]
    assert sorted(one.annotations[0].label or "" for one in items) == ["Other", "help / billing"]
    assert value_at(items[0].data, schema.objects[0].field) == DATA["ticket"]["text"]
    wrong = next(item for item in items if item.annotations[0].label == "Other")
    order = WriteOrder(
        marker="c1",
        mode=WriteMode.UPDATE,
        item=ItemRef(wrong.remote_id, wrong.created_at),
        annotation_id=wrong.annotations[0].remote_id,
        expected_label="Other",
        label="help / refund",
        score=None,
    )
    record = source.write(order)
    stored = label_studio.task(int(wrong.remote_id))["annotations"][0]["result"][0]["value"]
    assert stored == {"choices": [["help", "refund"]]}
    source.revert(order, record)
    back = source.fetch([wrong.remote_id])[0]
    assert back.annotations[0].label == "Other"
    _reviewers_are_shown_the_field(label_studio, schema)


def _reviewers_are_shown_the_field(label_studio: LabelStudioServer, schema: LabelSchema) -> None:
    desk = LabelStudioDesk(LabelStudioClient(label_studio.url, label_studio.token), codecs=LABEL_STUDIO)
    review_id = desk.ensure(ReviewSetup(f"owner-{uuid.uuid4().hex}", "nested", schema, 2, ""), None)
    asked = replace(request_for("k1", suggestion=None), options=schema.classes)
    placed = desk.push(review_id, [replace(asked, data={"ticket.text": "the invoice"})])
    assert "the invoice" in label_studio.task(int(placed["k1"]))["data"].values()


def test_a_repeaters_control_is_refused(label_studio: LabelStudioServer) -> None:
    source = source_of(label_studio, REPEATED)
    with pytest.raises(Misconfigured, match="no control for the whole item"):
        source.describe()
