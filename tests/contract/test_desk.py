"""What every ReviewDesk promises."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import datetime

import pytest

from connector.errors import Misconfigured, SecondlookError
from connector.model import (
    Answer,
    LabelSchema,
    ObjectTag,
    OwnerMark,
    Problem,
    ReviewRequest,
    ReviewSetup,
    ReviewSnapshot,
)
from connector.ports import ReviewDesk
from tests.contract.scenes import CLASSES, SCHEMA, Power, Scene

LABRADOR, GOLDEN, POODLE = CLASSES
SOUND = ObjectTag("a", "Audio", "sound")


@pytest.fixture
def setup() -> ReviewSetup:
    return ReviewSetup(f"https://x/{uuid.uuid4().hex}", "Second look: dogs", SCHEMA, 2, "<p>Look again.</p>")


def request_for(key: str, batch: str = "b-1", suggestion: str | None = GOLDEN) -> ReviewRequest:
    return ReviewRequest(
        key=key,
        batch=batch,
        title="A second look, please",
        context="The model is 98% sure that this is 'Golden Retriever', but it is labeled 'Labrador'.",
        data={"text": f"a dog, <b>{key}</b>"},
        options=(LABRADOR, GOLDEN),
        suggestion=suggestion,
        suggestion_score=0.98 if suggestion else None,
        model_version="m-1",
    )


def answers(desk: ReviewDesk, review_id: str, cursor: str | None) -> tuple[dict[str, ReviewSnapshot], str]:
    found: dict[str, ReviewSnapshot] = {}
    for page in desk.answers_since(review_id, cursor):
        found |= {review.key: review for review in page.reviews}
        cursor = page.cursor
    assert cursor is not None
    return found, cursor


def only(snapshot: ReviewSnapshot) -> Answer:
    assert len(snapshot.answers) == 1
    return snapshot.answers[0]


def test_a_second_installation_refuses_and_takes_over_only_when_told(
    scene: Scene, setup: ReviewSetup
) -> None:
    first = OwnerMark(f"{uuid.uuid4().hex}/label", "aaaaaaaaaaaa")
    second = OwnerMark(first.about, "bbbbbbbbbbbb")
    review_id = scene.desk.ensure(replace(setup, owner=first), None)
    assert scene.desk.ensure(replace(setup, owner=first), review_id) == review_id
    theirs = replace(setup, owner_key=f"https://y/{uuid.uuid4().hex}")

    with pytest.raises(Misconfigured, match=r"aaaaaaaaaaaa\) asks about the same labels"):
        scene.desk.ensure(replace(theirs, owner=second), None)
    told = replace(second, takes_over=first.installation)
    assert scene.desk.ensure(replace(theirs, owner=told), None) != review_id
    with pytest.raises(Misconfigured, match=r"bbbbbbbbbbbb has taken over"):
        scene.desk.require_alone(first)


def test_the_review_project_is_made_once_and_found_again(scene: Scene, setup: ReviewSetup) -> None:
    review_id = scene.desk.ensure(setup, None)
    assert scene.desk.ensure(setup, review_id) == review_id
    assert scene.desk.ensure(setup, None) == review_id
    assert scene.desk.ensure(setup, "987654321") == review_id
    assert scene.desk.ensure(setup, scene.project_id) == review_id, "never somebody else's project"
    assert scene.desk.ensure(replace(setup, owner_key="another"), None) != review_id
    assert review_id in scene.desk.link(review_id)


def test_pushed_tasks_are_found_by_batch(scene: Scene, setup: ReviewSetup) -> None:
    review_id = scene.desk.ensure(setup, None)
    pushed = scene.desk.push(review_id, [request_for("k1"), request_for("k2", suggestion=None)])
    other = scene.desk.push(review_id, [request_for("k3", "b-2")])
    again = scene.desk.push(review_id, [request_for("k1")])
    found = {key: set(ids) for key, ids in scene.desk.find(review_id, "b-1").items()}
    assert found == {"k1": {pushed["k1"], again["k1"]}, "k2": {pushed["k2"]}}
    assert {key: list(ids) for key, ids in scene.desk.find(review_id, "b-2").items()} == {"k3": [other["k3"]]}
    assert scene.desk.find(review_id, "b-3") == {}
    assert scene.desk.push(review_id, []) == {}


def test_answers_come_with_label_problem_and_note(scene: Scene, setup: ReviewSetup) -> None:
    review_id = scene.desk.ensure(setup, None)
    tasks = scene.desk.push(review_id, [request_for(f"k{n}") for n in range(3)])
    _, cursor = answers(scene.desk, review_id, None)
    scene.answer(tasks["k0"], "rita", GOLDEN, note="Goldens have longer hair")
    scene.answer(tasks["k1"], "rita", problems=[Problem.NONE_FITS])
    scene.answer(tasks["k2"], "rita", POODLE, cancelled=True)
    scene.answer(tasks["k0"], "saul", LABRADOR)
    found, _ = answers(scene.desk, review_id, cursor)
    by_person = {answer.reviewer: answer for answer in found["k0"].answers}
    assert by_person[scene.user_id("rita")].label == GOLDEN
    assert by_person[scene.user_id("rita")].note == "Goldens have longer hair"
    origin = "manual" if Power.KNOWS_ORIGIN in scene.powers else None
    assert by_person[scene.user_id("rita")].origin == origin
    assert by_person[scene.user_id("saul")].label == LABRADOR
    assert only(found["k1"]).problems == (Problem.NONE_FITS,)
    assert only(found["k1"]).label is None
    assert only(found["k2"]).cancelled
    assert found["k0"].remote_task_id == tasks["k0"]
    fetched = {review.key: review for review in scene.desk.fetch_answers(review_id, [tasks["k0"]]).reviews}
    assert fetched == {"k0": found["k0"]}


def test_edits_and_deletions_of_answers_are_seen(scene: Scene, setup: ReviewSetup) -> None:
    review_id = scene.desk.ensure(setup, None)
    tasks = scene.desk.push(review_id, [request_for(f"k{n}") for n in range(3)])
    own = scene.answer(tasks["k0"], "rita", GOLDEN)
    foreign = scene.answer(tasks["k1"], "rita", GOLDEN)
    gone = scene.answer(tasks["k2"], "rita", GOLDEN)
    _, cursor = answers(scene.small_desk(2), review_id, None)
    scene.edit_answer(own, LABRADOR, "rita")
    scene.edit_answer(foreign, LABRADOR, "saul")
    scene.delete_answer(gone)
    found, _ = answers(scene.small_desk(2), review_id, cursor)
    assert (only(found["k0"]).label, only(found["k0"]).edited_by_other) == (LABRADOR, False)
    assert only(found["k1"]).label == LABRADOR
    assert only(found["k1"]).edited_by_other == (Power.NAMES_EDITORS in scene.powers)
    assert found["k2"].answers == ()


def test_a_task_that_wants_one_more_answer_is_offered_again(scene: Scene, setup: ReviewSetup) -> None:
    review_id = scene.desk.ensure(setup, None)
    task = scene.desk.push(review_id, [request_for("k0")])["k0"]
    scene.answer(task, "rita", GOLDEN)
    scene.answer(task, "saul", LABRADOR)
    assert scene.offered(review_id, "tess") is None
    scene.desk.set_overlap(task, 3)
    assert scene.offered(review_id, "rita") is None
    assert scene.offered(review_id, "tess") == task
    scene.answer(task, "tess", GOLDEN)
    assert scene.offered(review_id, "uma") is None


def changed_at(scene: Scene, review_id: str, task: str) -> datetime:
    return scene.desk.fetch_answers(review_id, [task]).reviews[0].changed_at


def test_a_complete_task_is_offered_again_when_an_answer_to_it_is_deleted(
    scene: Scene, setup: ReviewSetup
) -> None:
    review_id = scene.desk.ensure(setup, None)
    task = scene.desk.push(review_id, [request_for("k0")])["k0"]
    stamps = [changed_at(scene, review_id, task)]
    scene.answer(task, "rita", GOLDEN)
    gone = scene.answer(task, "saul", LABRADOR)
    stamps.append(changed_at(scene, review_id, task))
    assert scene.offered(review_id, "tess") is None
    scene.delete_answer(gone)
    stamps.append(changed_at(scene, review_id, task))
    assert stamps == sorted(stamps), "only a restored platform goes back"
    assert scene.offered(review_id, "rita") is None
    assert scene.offered(review_id, "tess") == task


def test_a_withdrawn_task_keeps_its_answers_and_is_not_offered_where_both_can_be(
    scene: Scene, setup: ReviewSetup
) -> None:
    review_id = scene.desk.ensure(setup, None)
    tasks = scene.desk.push(review_id, [request_for("k0"), request_for("k1")])
    scene.answer(tasks["k0"], "rita", GOLDEN)
    for _ in range(2):
        scene.desk.withdraw(review_id, [*tasks.values(), "987654321"])
    closes = Power.KEEPS_WITHDRAWN in scene.powers
    # Where an answered task cannot be closed, it is offered on rather than its answers lost.
    assert scene.offered(review_id, "saul") in ([None] if closes else [None, tasks["k0"]])
    page = scene.desk.fetch_answers(review_id, list(tasks.values()))
    kept = {"k0": 1, "k1": 0} if closes else {"k0": 1}
    assert {review.key: len(review.answers) for review in page.reviews} == kept
    assert {review.withdrawn for review in page.reviews} == {True if closes else None}
    if closes:  # as a request that opens it and was held up does
        scene.desk.set_overlap(tasks["k1"], 2)
        (opened,) = scene.desk.fetch_answers(review_id, [tasks["k1"]]).reviews
        assert (opened.withdrawn, opened.overlap) == (False, 2)


def test_a_task_is_untouched_until_somebody_answers_skips_or_begins_it(
    scene: Scene, setup: ReviewSetup
) -> None:
    review_id = scene.desk.ensure(setup, None)
    tasks = scene.desk.push(review_id, [request_for(f"k{n}") for n in range(4)])
    assert scene.desk.untouched(review_id, [*tasks.values(), "987654321"]) == set(tasks.values())

    scene.answer(tasks["k0"], "rita", GOLDEN)
    scene.answer(tasks["k1"], "rita", cancelled=True)
    scene.begin(tasks["k2"], "rita", GOLDEN)

    assert scene.desk.untouched(review_id, list(tasks.values())) == {tasks["k3"]}


def test_answers_in_a_task_that_was_imported_twice_are_read_before_and_after_it_is_withdrawn(
    scene: Scene, setup: ReviewSetup
) -> None:
    review_id = scene.desk.ensure(setup, None)
    first = scene.desk.push(review_id, [request_for("k0")])["k0"]
    second = scene.desk.push(review_id, [request_for("k0")])["k0"]  # a platform may know it by our key
    scene.answer(second, "rita", GOLDEN)
    if second != first:
        scene.desk.withdraw(review_id, [second])
    page = scene.desk.fetch_answers(review_id, [first, second])
    given = {(review.key, answer.reviewer) for review in page.reviews for answer in review.answers}
    assert given == {("k0", scene.user_id("rita"))}


def test_a_changed_quorum_does_not_bring_withdrawn_tasks_back(scene: Scene, setup: ReviewSetup) -> None:
    review_id = scene.desk.ensure(setup, None)
    tasks = scene.desk.push(review_id, [request_for("k0")])
    scene.desk.withdraw(review_id, [tasks["k0"]])
    scene.desk.ensure(replace(setup, quorum=3), review_id)
    assert scene.offered(review_id, "rita") is None


@pytest.mark.parametrize(
    "classes",
    [
        (LABRADOR, "Wolf", "Fox"),
        tuple(f"breed {n}" for n in range(20)),
        ("OTHER", "label", "a < b & 'c' > \"d\"", "é 漢字"),
    ],
    ids=["a class in use removed", "many", "odd names"],
)
def test_the_review_project_follows_the_sources_classes(
    scene: Scene, setup: ReviewSetup, classes: tuple[str, ...]
) -> None:
    review_id = scene.desk.ensure(setup, None)
    task = scene.desk.push(review_id, [request_for("k0")])["k0"]
    scene.answer(task, "rita", GOLDEN)
    changed = replace(setup, schema=replace(SCHEMA, classes=classes))
    assert scene.desk.ensure(changed, review_id) == review_id
    request = replace(request_for("k1"), options=classes[:2], suggestion=classes[-1])
    pushed = scene.desk.push(review_id, [request])
    scene.answer(pushed["k1"], "rita", classes[0])
    found, _ = answers(scene.desk, review_id, None)
    assert only(found["k0"]).label == GOLDEN
    assert only(found["k1"]).label == classes[0]
    assert scene.desk.ensure(setup, review_id) == review_id


def test_objects_of_every_kind_can_be_reviewed(scene: Scene, setup: ReviewSetup) -> None:
    objects = (
        ObjectTag("label", "Image", "image"),
        ObjectTag("h", "HyperText", "html"),
        ObjectTag("p", "Paragraphs", "talk"),
        ObjectTag("c", "Chat", "a chat-field"),
        *((SOUND,) if Power.SHOWS_SOUND in scene.powers else ()),
    )
    review_id = scene.desk.ensure(setup, None)
    old = scene.desk.push(review_id, [request_for("k0")])["k0"]
    scene.answer(old, "rita", GOLDEN)
    schema = LabelSchema("breed", "label", CLASSES, objects)
    assert scene.desk.ensure(replace(setup, schema=schema), review_id) == review_id
    data = {
        "image": "data:image/png;base64,AA==",
        "html": "<p>x</p>",
        "talk": [{"a": 1}],
        "a chat-field": [{"role": "user", "content": "is this a dog?"}],
        "secondlook_key": "evil",
    }
    pushed = scene.desk.push(review_id, [replace(request_for("k1"), data=data)])
    assert set(scene.desk.find(review_id, "b-1")) == {"k0", "k1"}
    assert scene.desk.fetch_answers(review_id, [pushed["k1"]]).reviews[0].key == "k1"


def test_what_the_platform_cannot_show_is_refused_before_anything_is_made(
    scene: Scene, setup: ReviewSetup
) -> None:
    heard = replace(setup, schema=LabelSchema("breed", "a", CLASSES, (SOUND,)))
    if Power.SHOWS_SOUND in scene.powers:
        assert scene.desk.ensure(heard, None)
    else:
        with pytest.raises(Misconfigured, match="'sound', which is Audio"):
            scene.desk.ensure(heard, None)


def test_a_review_project_that_is_gone_is_an_error_of_ours(scene: Scene) -> None:
    with pytest.raises(SecondlookError):
        scene.desk.push("987654321", [request_for("k0")])
