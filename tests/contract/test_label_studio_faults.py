"""A real Label Studio whose answers get lost: trying again ends where one good try would have."""

from __future__ import annotations

import json
import uuid

import httpx
import pytest

from connector.errors import Conflict, InUse, Misconfigured, Retryable, UnknownOutcome
from connector.model import ItemRef, ReviewSetup, WriteMode, WriteOrder
from connector.platforms.label_studio.client import LabelStudioClient
from connector.platforms.label_studio.desk import LabelStudioDesk
from connector.platforms.label_studio.source import LabelStudioSource
from connector.platforms.label_studio.survey import LabelStudioSurvey
from tests.contract.scenes import CLASSES, SCHEMA, LabelStudioScene
from tests.contract.test_desk import request_for
from tests.support.codecs import LABEL_STUDIO
from tests.support.label_studio import LabelStudioServer

LABRADOR, GOLDEN, _ = CLASSES


class LosesAnswers(httpx.HTTPTransport):
    """Passes everything on, and answers 500 instead of the answer to one chosen write."""

    def __init__(self) -> None:
        super().__init__()
        self.lose: int | None = None
        self.writes = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = super().handle_request(request)
        if request.method == "GET":
            return response
        self.writes += 1
        if self.writes - 1 != self.lose:
            return response
        response.read()
        return httpx.Response(500, request=request)


@pytest.fixture
def scene(label_studio: LabelStudioServer) -> LabelStudioScene:
    return LabelStudioScene(label_studio)


@pytest.fixture
def wire() -> LosesAnswers:
    return LosesAnswers()


@pytest.fixture
def client(label_studio: LabelStudioServer, wire: LosesAnswers) -> LabelStudioClient:
    return LabelStudioClient(label_studio.url, label_studio.token, transport=wire)


@pytest.mark.parametrize("mode", [WriteMode.GROUND_TRUTH, WriteMode.UPDATE, WriteMode.PREDICTION])
def test_a_write_whose_answer_is_lost_was_done_once(
    scene: LabelStudioScene, client: LabelStudioClient, wire: LosesAnswers, mode: WriteMode
) -> None:
    item_id = scene.add_items(["dog"])[0]
    given = scene.annotate(item_id, LABRADOR, ground_truth=True)
    source = LabelStudioSource(client, scene.project_id, label_control="breed", codecs=LABEL_STUDIO)
    order = order_for(source, item_id, given, mode)
    wire.lose = 0
    with pytest.raises(UnknownOutcome):
        source.write(order)
    record = source.find_write(order)
    assert record is not None
    assert source.write(order) == record
    assert wire.writes == 1
    source.revert(order, record)
    left = source.fetch([item_id])[0]
    assert [(a.remote_id, a.label, a.ground_truth) for a in left.annotations] == [(given, LABRADOR, True)]


@pytest.mark.parametrize("lost", [0, 1])
def test_a_revert_that_broke_off_at_any_call_is_finished_by_the_next(
    scene: LabelStudioScene, client: LabelStudioClient, wire: LosesAnswers, lost: int
) -> None:
    item_id = scene.add_items(["dog"])[0]
    given = scene.annotate(item_id, LABRADOR, ground_truth=True)
    source = LabelStudioSource(client, scene.project_id, label_control="breed", codecs=LABEL_STUDIO)
    order = order_for(source, item_id, given, WriteMode.GROUND_TRUTH)
    record = source.write(order)
    wire.lose = wire.writes + lost
    with pytest.raises(UnknownOutcome):
        source.revert(order, record)
    source.revert(order, record)
    left = source.fetch([item_id])[0]
    assert [(a.remote_id, a.label, a.ground_truth) for a in left.annotations] == [(given, LABRADOR, True)]


@pytest.mark.parametrize("mode", [WriteMode.GROUND_TRUTH, WriteMode.UPDATE])
def test_unsaved_work_is_deleted_neither_by_a_write_nor_by_a_revert(
    scene: LabelStudioScene, label_studio: LabelStudioServer, mode: WriteMode
) -> None:
    item = scene.add_items(["dog"])[0]
    given = scene.annotate(item, LABRADOR, "anna", ground_truth=True)
    order = order_for(scene.source, item, given, mode)
    drafts = f"/api/tasks/{item}/annotations/{given}/drafts"
    begun = label_studio.call("POST", drafts, json={"result": []})
    if mode is WriteMode.UPDATE:
        with pytest.raises(InUse):
            scene.source.write(order)
        label_studio.call("DELETE", f"/api/drafts/{begun['id']}/")
    record = scene.source.write(order)
    if mode is WriteMode.UPDATE:
        label_studio.call("POST", drafts, json={"result": []})
    with pytest.raises(InUse):
        scene.source.revert(order, record)
    assert len(label_studio.call("GET", drafts)) == 1
    assert scene.source.find_write(order) is not None, "nothing was taken back by half"


def test_an_update_keeps_the_regions_of_other_controls(
    scene: LabelStudioScene, client: LabelStudioClient
) -> None:
    item_id = scene.add_items(["dog"])[0]
    given = scene.annotate(item_id, LABRADOR)
    source = LabelStudioSource(client, scene.project_id, label_control="breed", codecs=LABEL_STUDIO)
    order = order_for(source, item_id, given, WriteMode.UPDATE)
    before = source.fetch([item_id])[0].annotations[0].result
    record = source.write(order)
    mood = [r for r in source.fetch([item_id])[0].annotations[0].result if r["from_name"] == "mood"]
    assert mood == [r for r in before if r["from_name"] == "mood"]
    source.revert(order, record)
    after = source.fetch([item_id])[0].annotations[0].result
    assert sorted(after, key=str) == sorted(before, key=str)


def test_a_review_project_and_a_batch_whose_answers_are_lost_are_found(
    client: LabelStudioClient, wire: LosesAnswers, label_studio: LabelStudioServer
) -> None:
    desk = LabelStudioDesk(client, codecs=LABEL_STUDIO)
    setup = ReviewSetup(f"owner-{uuid.uuid4().hex}", "Second look", SCHEMA, 2, "<p>Look.</p>")
    wire.lose = 0
    with pytest.raises(UnknownOutcome):
        desk.ensure(setup, None)
    review_id = desk.ensure(setup, None)
    assert wire.writes == 1, "found, not made again, and nothing to repair"
    wire.lose = 1
    with pytest.raises(UnknownOutcome):
        desk.push(review_id, [request_for("k1"), request_for("k2")])
    assert {key: len(ids) for key, ids in desk.find(review_id, "b-1").items()} == {"k1": 1, "k2": 1}


def test_an_empty_twin_that_we_made_is_removed_and_one_that_somebody_made_stays(
    client: LabelStudioClient, label_studio: LabelStudioServer
) -> None:
    desk = LabelStudioDesk(client, codecs=LABEL_STUDIO)
    setup = ReviewSetup(f"owner-{uuid.uuid4().hex}", "Second look", SCHEMA, 2, "<p>Look.</p>")
    review_id = desk.ensure(setup, None)
    kept = label_studio.call("GET", f"/api/projects/{review_id}/")
    copied = {key: kept[key] for key in ("title", "description", "label_config")}
    person = label_studio.create_user("copies@example.com")
    late = label_studio.call("POST", "/api/projects/", json=copied)["id"]
    theirs = label_studio.call("POST", "/api/projects/", token=person.token, json=copied)["id"]
    assert desk.ensure(setup, review_id) == review_id
    with label_studio.client() as caller:
        status = {one: caller.get(f"/api/projects/{one}/").status_code for one in (late, theirs)}
    assert status == {late: 404, theirs: 200}


def test_settings_that_somebody_changed_are_repaired(
    client: LabelStudioClient, label_studio: LabelStudioServer
) -> None:
    desk = LabelStudioDesk(client, codecs=LABEL_STUDIO)
    setup = ReviewSetup(f"owner-{uuid.uuid4().hex}", "Second look", SCHEMA, 2, "<p>Look.</p>")
    review_id = desk.ensure(setup, None)
    desk.push(review_id, [request_for("k1")])
    path = f"/api/projects/{review_id}/"
    good = label_studio.call("GET", path)
    changes = {"maximum_annotations": 1, "show_collab_predictions": False, "description": "mine now"}
    label_studio.call("PATCH", path, json=changes | {"expert_instruction": "x"})
    assert desk.ensure(setup, review_id) == review_id
    now = label_studio.call("GET", path)
    keys = ("maximum_annotations", "show_collab_predictions", "model_version", "expert_instruction")
    assert {key: now[key] for key in keys} == {key: good[key] for key in keys}
    assert good["model_version"] == "secondlook"


def test_a_personal_access_token_reads_and_writes(
    label_studio: LabelStudioServer, scene: LabelStudioScene
) -> None:
    client = LabelStudioClient(label_studio.url, label_studio.access_token())
    source = LabelStudioSource(client, scene.project_id, label_control="breed", codecs=LABEL_STUDIO)
    item_id = scene.add_items(["dog"])[0]
    order = order_for(source, item_id, scene.annotate(item_id, LABRADOR), WriteMode.GROUND_TRUTH)
    assert source.write(order).remote_id
    assert len(source.fetch([item_id])[0].annotations) == 2


def test_surplus_and_broken_webhooks_of_ours_go_and_others_stay(
    scene: LabelStudioScene, client: LabelStudioClient, label_studio: LabelStudioServer
) -> None:
    from connector.model import Role

    url = "http://127.0.0.1:9/hooks/dogs/source/now"
    source = LabelStudioSource(client, scene.project_id, codecs=LABEL_STUDIO)
    ours = {"X-Secondlook-Secret": "old"}
    for other, headers in (
        ("http://127.0.0.1:9/hooks/dogs/source/before", ours),
        ("http://127.0.0.1:9/hooks/dogs/source/now", ours),
        ("http://127.0.0.1:9/hooks/cats/source/now", ours),
        ("http://127.0.0.1:9/hooks/dogs/source/theirs", {}),
    ):
        body = {"project": int(scene.project_id), "url": other, "headers": headers, "is_active": False}
        label_studio.call("POST", "/api/webhooks/", json=body)
    assert source.ensure_webhook(Role.SOURCE, scene.project_id, url, "new")
    hooks = label_studio.call("GET", "/api/webhooks/", params={"project": scene.project_id})
    assert sorted(hook["url"].removeprefix("http://127.0.0.1:9/hooks/") for hook in hooks) == [
        "cats/source/now",
        "dogs/source/now",
        "dogs/source/theirs",
    ]
    mine = next(hook for hook in hooks if hook["url"] == url)
    assert (mine["is_active"], mine["headers"]["X-Secondlook-Secret"]) == (True, "new")
    assert "ANNOTATION_CREATED" in mine["actions"]


def test_a_server_that_is_not_there_is_retryable() -> None:
    source = LabelStudioSource(LabelStudioClient("http://127.0.0.1:9", "token"), "1", codecs=LABEL_STUDIO)
    with pytest.raises(Retryable):
        source.describe()


def order_for(source: LabelStudioSource, item_id: str, annotation_id: str, mode: WriteMode) -> WriteOrder:
    """Correct Labrador to Golden Retriever."""
    item = source.fetch([item_id])[0]
    return WriteOrder(
        marker=f"c-{uuid.uuid4().hex}",
        mode=mode,
        item=ItemRef(item.remote_id, item.created_at),
        annotation_id=annotation_id,
        expected_label=LABRADOR,
        label=GOLDEN,
        score=0.98,
    )


@pytest.mark.parametrize("mode", [WriteMode.GROUND_TRUTH, WriteMode.UPDATE])
def test_a_persons_edit_after_a_crash_is_never_taken_for_our_write(
    scene: LabelStudioScene, client: LabelStudioClient, mode: WriteMode
) -> None:
    item_id = scene.add_items(["dog"])[0]
    source = LabelStudioSource(client, scene.project_id, codecs=LABEL_STUDIO)
    given = scene.annotate(item_id, LABRADOR)
    [item] = source.fetch([item_id])
    order = WriteOrder(
        marker=f"c-{uuid.uuid4().hex}",
        mode=mode,
        item=ItemRef(item.remote_id, item.created_at),
        annotation_id=given,
        expected_label=LABRADOR,
        label=GOLDEN,
        score=None,
    )
    written = source.write(order).remote_id  # and the process is killed before it is journaled
    scene.edit(written, "Wolf", "bert")

    for again in (source.find_write, source.write):
        with pytest.raises(Conflict, match="now carries"):
            again(order)
    [item] = source.fetch([item_id])
    held = next(one for one in item.annotations if one.remote_id == written)
    assert ["Wolf"] in [part["value"]["choices"] for part in held.result]
    assert len(item.annotations) == (2 if mode is WriteMode.GROUND_TRUTH else 1)


class DropsPredictions(httpx.HTTPTransport):
    """Imports tasks without their predictions, as the server does when it doubts one of a batch."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if not request.url.path.endswith("/import"):
            return super().handle_request(request)
        tasks = [{"data": task["data"]} for task in json.loads(request.content)]
        headers = {"Authorization": request.headers["Authorization"]}
        return super().handle_request(httpx.Request("POST", request.url, headers=headers, json=tasks))


def test_suggestions_that_an_import_dropped_are_added(
    scene: LabelStudioScene, label_studio: LabelStudioServer
) -> None:
    client = LabelStudioClient(label_studio.url, label_studio.token, transport=DropsPredictions())
    desk = LabelStudioDesk(client, codecs=LABEL_STUDIO)
    review_id = desk.ensure(ReviewSetup(f"https://x/{uuid.uuid4().hex}", "Dogs", SCHEMA, 2, ""), None)
    requests = [request_for("k1"), request_for("k2"), request_for("k3", suggestion=None)]
    counts = {
        key: len(label_studio.call("GET", "/api/predictions/", params={"task": task}))
        for key, task in desk.push(review_id, requests).items()
    }
    assert counts == {"k1": 1, "k2": 1, "k3": 0}


def test_suggestions_are_added_at_a_later_look_where_the_push_died_before(
    scene: LabelStudioScene, label_studio: LabelStudioServer
) -> None:
    client = LabelStudioClient(label_studio.url, label_studio.token)
    desk = LabelStudioDesk(client, codecs=LABEL_STUDIO)
    review_id = desk.ensure(ReviewSetup(f"https://x/{uuid.uuid4().hex}", "Dogs", SCHEMA, 2, ""), None)
    requests = [request_for("k1"), request_for("k2"), request_for("k3", suggestion=None)]
    placed = {task: requests[n] for n, task in enumerate(desk.push(review_id, requests).values())}
    first = next(iter(placed))
    [held] = label_studio.call("GET", "/api/predictions/", params={"task": first})
    label_studio.call("DELETE", f"/api/predictions/{held['id']}/")
    for _ in range(2):
        desk.complete(review_id, placed)
    counts = [len(label_studio.call("GET", "/api/predictions/", params={"task": task})) for task in placed]
    assert counts == [1, 1, 0]


def test_a_user_who_may_change_a_project_is_told_from_one_who_may_not(
    scene: LabelStudioScene, label_studio: LabelStudioServer
) -> None:
    """Community gives every member that right: a server with roles answers 403, which is told as it is."""
    path = f"/api/projects/{scene.project_id}/validate/"
    assert label_studio.call("GET", path).keys() == {"label_config"}  # nothing is changed by being asked
    LabelStudioSurvey(
        LabelStudioClient(label_studio.url, label_studio.token), label_studio.token, LABEL_STUDIO
    ).require_rights(scene.project_id)

    def refuses(request: httpx.Request) -> httpx.Response:
        return httpx.Response(403, json={"detail": "You do not have permission."}, request=request)

    refused = LabelStudioClient(label_studio.url, label_studio.token, transport=httpx.MockTransport(refuses))
    with pytest.raises(Misconfigured, match="may not change the settings"):
        LabelStudioSurvey(refused, label_studio.token, LABEL_STUDIO).require_rights(scene.project_id)
