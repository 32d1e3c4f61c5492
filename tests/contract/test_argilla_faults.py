"""Where Argilla differs from other platforms: its roles, faults and ways to lose data."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from queue import Queue
from typing import Any

import pytest

from connector.config.file import load
from connector.errors import Conflict, Misconfigured, Retryable, UnknownOutcome
from connector.model import Hint, ItemRef, ReviewRequest, ReviewSetup, Role, WriteMode, WriteOrder
from connector.platforms.argilla import hooks
from connector.platforms.argilla.client import ArgillaClient
from connector.platforms.argilla.desk import ArgillaDesk
from connector.platforms.argilla.source import ArgillaSource
from connector.platforms.argilla.survey import ArgillaSurvey
from connector.platforms.argilla.webhook import ArgillaWebhooks
from tests.contract.argilla_scene import ArgillaScene
from tests.contract.scenes import CLASSES, SCHEMA
from tests.support.argilla import ArgillaServer, label_question, text_field
from tests.support.codecs import ARGILLA
from tests.support.loop import wait_until
from workers.cli.app import run

LABRADOR, GOLDEN, POODLE = CLASSES
DELIVERY_S = 60.0


@pytest.fixture
def scene(argilla: ArgillaServer) -> ArgillaScene:
    return ArgillaScene(argilla)


@pytest.fixture
def own_logs() -> Iterator[None]:
    """Commands set up logging for a process of their own."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def source_as(scene: ArgillaScene, name: str, dataset: str | None = None) -> ArgillaSource:
    client = ArgillaClient(scene.server.url, scene.server.key(name))
    return ArgillaSource(client, dataset or scene.project_id, label_control="breed", codecs=ARGILLA)


def order_for(scene: ArgillaScene, item_id: str, response: str, mode: WriteMode) -> WriteOrder:
    item = scene.source.fetch([item_id])[0]
    return WriteOrder(
        marker=f"c-{uuid.uuid4().hex}",
        mode=mode,
        item=ItemRef(item.remote_id, item.created_at),
        annotation_id=response,
        expected_label=LABRADOR,
        label=GOLDEN,
        score=0.9,
    )


def raw(scene: ArgillaScene, item_id: str) -> dict[str, Any]:
    return next(row for row in scene.server.records(scene.project_id) if row["id"] == item_id)


def test_a_wrong_key_and_a_strangers_dataset_are_said_plainly(scene: ArgillaScene) -> None:
    with pytest.raises(Misconfigured, match="token"):
        source_as(scene, "nobody").describe()
    with pytest.raises(Misconfigured, match="does not exist"):
        source_as(scene, "owner", str(uuid.uuid4())).describe()


def test_an_annotators_key_is_not_enough(scene: ArgillaScene) -> None:
    with pytest.raises(Misconfigured, match="403"):
        list(source_as(scene, "anna").changes_since(None))


def test_a_draft_is_refused_with_its_remedy(scene: ArgillaScene) -> None:
    questions = [label_question("breed", CLASSES)]
    draft = scene.server.new_dataset(uuid.uuid4().hex, [text_field("text")], questions, publish=False)
    with pytest.raises(Misconfigured, match="Publish it"):
        source_as(scene, "owner", draft).describe()


def test_an_admin_works_without_webhooks(scene: ArgillaScene) -> None:
    source = source_as(scene, "service")
    item = scene.add_items(["dog"])[0]
    given = scene.annotate(item, LABRADOR)
    url = "http://127.0.0.1:9/hooks/dogs/source/x"
    assert not source.ensure_webhook(Role.SOURCE, scene.project_id, url, "s")
    assert source.webhook_secrets(url) == []
    order = order_for(scene, item, given, WriteMode.GROUND_TRUTH)
    assert source.write(order).after["user_id"] == scene.user_id("service")


@pytest.mark.parametrize("mode", [WriteMode.GROUND_TRUTH, WriteMode.UPDATE, WriteMode.PREDICTION])
def test_no_mode_touches_a_persons_response_or_other_metadata(scene: ArgillaScene, mode: WriteMode) -> None:
    item = scene.add_items(["dog"])[0]
    given = scene.annotate(item, LABRADOR)
    scene.server.call("PATCH", f"/records/{item}", json={"metadata": {"split": "train"}})
    before = raw(scene, item)["responses"]
    order = order_for(scene, item, given, mode)
    record = scene.source.write(order)
    held = raw(scene, item)
    assert [row for row in held["responses"] if row["id"] == given] == before
    assert held["metadata"]["split"] == "train"
    scene.source.revert(order, record)
    held = raw(scene, item)
    assert (held["responses"], held["metadata"]) == (before, {"split": "train"})


def test_a_suggestion_of_a_model_is_kept_while_ours_stands_and_comes_back(scene: ArgillaScene) -> None:
    item = scene.add_items(["dog"])[0]
    given = scene.annotate(item, LABRADOR)
    scene.predict(item, POODLE)
    order = order_for(scene, item, given, WriteMode.PREDICTION)
    record = scene.source.write(order)
    assert raw(scene, item)["suggestions"][0]["value"] == GOLDEN
    assert scene.source.fetch([item])[0].predictions[0].label == POODLE
    scene.source.revert(order, record)
    (back,) = raw(scene, item)["suggestions"]
    assert (back["value"], back["agent"], back["score"]) == (POODLE, "model", 0.7)


def test_an_answer_that_the_service_user_gave_by_hand_is_not_overwritten(scene: ArgillaScene) -> None:
    item = scene.add_items(["dog"])[0]
    given = scene.annotate(item, LABRADOR)
    scene.annotate(item, POODLE, "owner")
    with pytest.raises(Conflict, match="itself"):
        scene.source.write(order_for(scene, item, given, WriteMode.GROUND_TRUTH))


def test_our_own_truth_can_be_corrected_and_restored(scene: ArgillaScene) -> None:
    item = scene.add_items(["dog"])[0]
    first = order_for(scene, item, scene.annotate(item, LABRADOR), WriteMode.GROUND_TRUTH)
    ours = scene.source.write(first).remote_id
    second = replace(first, marker="c-2", annotation_id=ours, expected_label=GOLDEN, label=POODLE)
    record = scene.source.write(second)
    assert record.remote_id == ours
    scene.source.revert(second, record)
    labels = {a.remote_id: a.label for a in scene.source.fetch([item])[0].annotations}
    assert labels[ours] == GOLDEN


def test_a_write_that_broke_off_after_its_mark_is_finished(scene: ArgillaScene) -> None:
    item = scene.add_items(["dog"])[0]
    order = order_for(scene, item, scene.annotate(item, LABRADOR), WriteMode.GROUND_TRUTH)
    record = scene.source.write(order)
    scene.delete_annotation(record.remote_id)  # as far as the first try came: the mark alone
    assert scene.source.find_write(order) is None
    assert scene.source.write(order).after["values"]["breed"]["value"] == GOLDEN


def test_metadata_may_be_limited_to_its_properties(scene: ArgillaScene) -> None:
    questions = [label_question("breed", CLASSES)]
    settings = {"allow_extra_metadata": False}
    scene.project_id = scene.server.new_dataset(uuid.uuid4().hex, [text_field("text")], questions, **settings)
    scene.source = scene.small_source(10)
    item = scene.add_items(["dog"])[0]
    given = scene.server.respond(item, {"breed": LABRADOR}, "anna")
    order = order_for(scene, item, given, WriteMode.UPDATE)
    scene.source.write(order)
    assert scene.source.fetch([item])[0].annotations[0].label == GOLDEN
    scene.source.write(replace(order, marker="c-2", expected_label=GOLDEN, label=POODLE))
    assert scene.source.fetch([item])[0].annotations[0].label == POODLE


def test_a_record_with_vectors_is_read_although_the_server_fails_on_it(scene: ArgillaScene) -> None:
    settings = {"name": "v", "title": "v", "dimensions": 2}
    scene.server.call("POST", f"/datasets/{scene.project_id}/vectors-settings", json=settings)
    records = [{"fields": {"text": "x"}, "vectors": {"v": [0.1, 0.2]}}]
    (item,) = scene.server.add_records(scene.project_id, records)
    given = scene.annotate(item, LABRADOR)
    assert scene.server.request("GET", f"/records/{item}").status_code == 500
    order = order_for(scene, item, given, WriteMode.GROUND_TRUTH)
    scene.source.revert(order, scene.source.write(order))


def test_what_leaves_no_trace_in_a_records_own_stamp_is_seen(scene: ArgillaScene) -> None:
    ids = scene.add_items(["one", "two", "three"])
    given = scene.annotate(ids[0], LABRADOR)
    scene.predict(ids[1], GOLDEN)
    *_, page = scene.source.changes_since(None)
    scene.delete_annotation(given)
    scene.predict(ids[1], POODLE)
    changed = {
        item.remote_id: item for page in scene.source.changes_since(page.cursor) for item in page.items
    }
    assert changed[ids[0]].annotations == ()
    assert changed[ids[1]].predictions[0].label == POODLE
    assert ids[2] not in changed


@pytest.mark.parametrize("stop_after", range(1, 12))
def test_a_review_dataset_whose_creation_broke_off_is_finished(
    scene: ArgillaScene, stop_after: int, argilla: ArgillaServer
) -> None:
    setup = ReviewSetup(uuid.uuid4().hex, "Second look", SCHEMA, 2, "Look again.")
    stopped = ArgillaClient(argilla.url, argilla.key("owner"))
    left, write = [stop_after], stopped.api.write

    def until(*arguments: Any, **more: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise Retryable("the process ended here")
        return write(*arguments, **more)

    stopped.api.write = until  # type: ignore[method-assign]
    with suppress(Retryable):
        ArgillaDesk(stopped, scene.project_id, codecs=ARGILLA).ensure(setup, None)
    review_id = scene.desk.ensure(setup, None)
    assert scene.desk.ensure(setup, None) == review_id
    dataset = scene.client.dataset(review_id)
    assert (dataset["status"], dataset["distribution"]["min_submitted"]) == ("ready", 2)
    named = {row["name"] for row in scene.client.listed(f"/api/v1/datasets/{review_id}/questions")}
    assert named == {"label", "other_label", "problem", "note"}


def test_a_survey_names_the_role_and_the_datasets(scene: ArgillaScene) -> None:
    survey = ArgillaSurvey(scene.client, ARGILLA)
    assert survey.server().version == "2.8.0"
    assert survey.account().token_kind == "API key of an owner"
    assert scene.project_id in {project.remote_id for project in survey.projects()}
    assert survey.label_controls(scene.project_id) == {"breed": "choice", "mood": "multi_label"}
    url = f"http://127.0.0.1:9/hooks/{uuid.uuid4().hex}/source/x"
    assert scene.source.ensure_webhook(Role.SOURCE, scene.project_id, url, "s")  # type: ignore[attr-defined]
    assert (url, True) in {(hook.url, hook.active) for hook in survey.hooks(scene.project_id)}
    forget_webhooks(scene, url)


def test_real_deliveries_carry_the_secret_that_the_server_tells_its_owner(scene: ArgillaScene) -> None:
    source = source_as(scene, "owner")
    item = scene.add_items(["dog"])[0]
    with receiver() as (url, arrived):
        source.ensure_webhook(Role.SOURCE, scene.project_id, url, "s")
        try:
            given = scene.annotate(item, LABRADOR)
            while True:
                headers, body = arrived.get(timeout=DELIVERY_S)
                ArgillaWebhooks().verify(headers, body, source.webhook_secrets(url), datetime.now(UTC))
                (hint,) = ArgillaWebhooks().hints(body)
                if hint.annotation_ids == (given,):
                    break
            assert (hint.item_ids, hint.place) == ((item,), scene.project_id)
        finally:
            forget_webhooks(scene, url)


def test_a_changed_setting_of_the_dataset_sets_off_no_storm(scene: ArgillaScene) -> None:
    source = source_as(scene, "owner")
    *answered, last = scene.add_items(["dog"] * 4)
    for item in answered:
        scene.annotate(item, LABRADOR)
    with receiver() as (url, arrived):
        source.ensure_webhook(Role.SOURCE, scene.project_id, url, "s")
        try:
            overlap = {"strategy": "overlap", "min_submitted": 2}
            scene.client.patch_dataset(scene.project_id, {"distribution": overlap})
            wait_until("every record to be looked at", lambda: _statuses(scene) == {"pending"})
            given = scene.annotate(last, LABRADOR)
            seen: list[Hint] = []
            while not any(hint.annotation_ids == (given,) for hint in seen):
                seen += ArgillaWebhooks().hints(arrived.get(timeout=DELIVERY_S)[1])
            assert {hint.action for hint in seen if hint.place == scene.project_id} == {"response.created"}
        finally:
            forget_webhooks(scene, url)


def _statuses(scene: ArgillaScene) -> set[str]:
    return {str(row["status"]) for rows in scene.client.bare_pages(scene.project_id, 100) for row in rows}


def forget_webhooks(scene: ArgillaScene, url: str) -> None:
    for hook in hooks.listed(scene.client):
        if hook["url"] == url:
            scene.client.api.write("DELETE", f"/api/v1/webhooks/{hook['id']}")


@contextmanager
def receiver() -> Iterator[tuple[str, Queue[tuple[dict[str, str], bytes]]]]:
    """An address that takes deliveries."""
    arrived: Queue[tuple[dict[str, str], bytes]] = Queue()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            arrived.put((dict(self.headers), body))
            self.send_response(202)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/hooks/dogs/source/{uuid.uuid4().hex}", arrived
        server.shutdown()
        thread.join()


def test_an_overlap_that_a_late_request_took_back_is_raised_at_the_next_look(scene: ArgillaScene) -> None:
    setup = ReviewSetup(uuid.uuid4().hex, "Second look", SCHEMA, 2, "")
    review_id = scene.desk.ensure(setup, None)
    lowered = {"distribution": {"strategy": "overlap", "min_submitted": 2}}
    for raised, stands in ((3, 3), (0, 3), (4, 4)):
        scene.desk.ensure(replace(setup, raised=raised), review_id)
        assert scene.client.dataset(review_id)["distribution"]["min_submitted"] == stands
    scene.client.patch_dataset(review_id, lowered)
    scene.desk.ensure(replace(setup, raised=4), review_id)
    assert scene.client.dataset(review_id)["distribution"]["min_submitted"] == 4


@pytest.mark.parametrize("mode", [WriteMode.GROUND_TRUTH, WriteMode.UPDATE, WriteMode.PREDICTION])
def test_a_500_hides_no_success_and_makes_no_double(scene: ArgillaScene, mode: WriteMode) -> None:
    item = scene.add_items(["dog"])[0]
    given = scene.annotate(item, LABRADOR)
    order = order_for(scene, item, given, mode)
    with scene.server.without_search():
        with pytest.raises(UnknownOutcome):
            scene.source.write(order)
        assert raw(scene, item)["metadata"] is not None, "stored, although the server said 500"
    record = scene.source.find_write(order) or scene.source.write(order)
    assert scene.source.find_write(order) == record
    assert len(raw(scene, item)["responses"]) == (2 if mode is WriteMode.GROUND_TRUTH else 1)
    scene.source.revert(order, record)
    assert [row["id"] for row in raw(scene, item)["responses"]] == [given]


def test_a_push_that_ended_in_a_500_is_found_and_not_repeated(scene: ArgillaScene) -> None:
    review_id = scene.desk.ensure(ReviewSetup(uuid.uuid4().hex, "Second look", SCHEMA, 2, ""), None)
    request = ReviewRequest("k1", "b1", "Look", "Why", {"text": "dog"}, (), GOLDEN, 0.9, "model: 1 (new)")
    with scene.server.without_search(), pytest.raises(UnknownOutcome):
        scene.desk.push(review_id, [request])
    found = scene.desk.find(review_id, "b1")
    assert {key: list(ids) for key, ids in found.items()} == {
        key: [one] for key, one in scene.desk.push(review_id, [request]).items()
    }
    assert len(scene.server.records(review_id)) == 1


def test_init_writes_a_project_of_argilla_that_doctor_understands(
    scene: ArgillaScene, tmp_path: Path, capsys: pytest.CaptureFixture[str], own_logs: None
) -> None:
    key = tmp_path / "key"
    key.write_text(scene.server.key("service"))
    config = tmp_path / "secondlook.toml"
    where = ["--platform", "argilla", "--url", scene.server.url, "--project", scene.project_id]
    given = ["init", "--yes", *where, "--token-file", str(key), "--name", "dogs"]
    given += ["--label-control", "breed"]
    assert run(["--config", str(config), *given]) == 0
    dogs = load(config, environ={}).project("dogs")
    assert (dogs.platform, dogs.project) == ("argilla", scene.project_id)
    scene.add_items(["dog"])
    run(["--config", str(config), "doctor"])
    said = capsys.readouterr().out
    assert "version 2.8.0" in said
    assert "API key of an admin of service" in said
    assert "control 'breed' with 3 classes" in said
    assert "'mood' (multi label selection, 0 answers)" in said
    assert "this account may not register webhooks" in said
    key.write_text(scene.server.key("anna"))
    assert run(["--config", str(config), "doctor"]) != 0
    assert "Use the key of an admin or an owner" in capsys.readouterr().out


def test_while_redis_is_down_nothing_is_lost_or_written_twice(scene: ArgillaScene) -> None:
    item = scene.add_items(["dog"])[0]
    given = scene.annotate(item, LABRADOR)
    order = order_for(scene, item, given, WriteMode.GROUND_TRUTH)
    redis = scene.server.redis
    redis.kill()
    try:
        assert scene.source.fetch([item])[0].annotations[0].label == LABRADOR, "reading needs no Redis"
        with suppress(UnknownOutcome):
            scene.source.write(order)
    finally:
        redis.start()
    record = scene.source.find_write(order) or scene.source.write(order)
    assert scene.source.find_write(order) == record
    assert len(raw(scene, item)["responses"]) == 2
