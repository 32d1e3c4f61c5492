"""Judging changed labels at once: what a scan would flag, without a scan."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from connector.model import IssueKind, IssueState
from connector.model.jobs import JobKind, JobState
from connector.model.reasons import HeldBack, LetGo
from connector.wording import reason_texts, scans
from tests.support.world import CLASSES, Killed, World
from workers.detect.state import kept, memory_of

Build = Callable[..., World]
NO_SCANS = {"scan_after_changes": 1_000_000}
ODD = {"dog": 0.9, "cat": 0.04, "bird": 0.06}


@pytest.fixture
def judging(build: Build) -> World:
    """Right labels, one question that stands, and no scan that would come by itself."""
    world = build(policy=NO_SCANS)
    world.some_right(each=4)
    world.wrong()
    world.settle()
    return world


def hear(world: World) -> None:
    """The platform's webhooks arrive, and what follows is done."""
    world.deliver()
    world.settle()


def found(world: World) -> set[tuple[str, str, str, str]]:
    """Every label that is in question: what it is, and whether and why it is held back."""
    held_back = {IssueState.SUPPRESSED: None, IssueState.OPEN: "asked", IssueState.IN_REVIEW: "asked"}
    return {
        (world.text_of(one.item_id), one.given, one.suggested, held_back[one.state] or str(one.reason))
        for one in world.issues()
        if one.state in held_back and one.kind is IssueKind.LABEL_ERROR
    }


def found_by_a_scan(world: World) -> set[tuple[str, str, str, str]]:
    """The same after a full scan."""
    world.do(JobKind.SCAN)
    world.settle()
    return found(world)


# --- what a change does ----------------------------------------------------------------------


def test_a_label_that_arrives_by_webhook_is_asked_about_without_a_scan(judging: World) -> None:
    judging.relabel("cat 0", "dog")

    hear(judging)

    assert judging.asked() == ["odd", "cat 0"]
    assert judging.scan_count() == 1
    issue = judging.issue("cat 0")
    assert (issue.given, issue.suggested, issue.probability) == ("dog", "cat", pytest.approx(0.9))
    assert issue.scan_id == judging.last_scan().id
    ((actor, subject, detail),) = judging.audit("judged")
    assert (actor, subject) == ("secondlook", judging.last_scan().id)
    assert detail == {"flagged": 1, "planned": 1, "no_longer_flagged": 0}


def test_a_right_label_that_arrives_changes_nothing(judging: World) -> None:
    judging.item("new", "dog", dog=0.9, cat=0.05, bird=0.05)

    hear(judging)

    assert judging.asked() == ["odd"]
    assert judging.audit("judged") == []
    assert found_by_a_scan(judging) == {("odd", "cat", "dog", "asked")}


def test_a_new_item_with_a_wrong_label_is_asked_about(judging: World) -> None:
    judging.item("new", "cat", **ODD)

    hear(judging)

    assert judging.asked() == ["odd", "new"]


def test_a_prediction_that_arrives_by_polling_judges_a_label_anew(judging: World) -> None:
    item_id = judging.held("cat 0").item.remote_id
    judging.server.predict(judging.source_id, item_id, None, class_scores=ODD)

    judging.later(seconds=61)

    assert judging.asked() == ["odd", "cat 0"]
    assert judging.scan_count() == 1


def test_a_question_is_withdrawn_and_asked_anew_when_its_label_changes_to_another_wrong_one(
    judging: World,
) -> None:
    judging.relabel("odd", "bird")

    hear(judging)

    assert judging.asked() == ["odd"]
    assert judging.issue("odd").given == "bird"


def test_a_suppressed_issue_that_is_flagged_no_more_becomes_stale(build: Build) -> None:
    world = build(policy={**NO_SCANS, "budget": 1})
    world.some_right()
    world.item("first", "cat", dog=0.95, cat=0.02, bird=0.03)
    world.item("second", "cat", **ODD)
    world.settle()
    assert found(world) == {("first", "cat", "dog", "asked"), ("second", "cat", "dog", HeldBack.BUDGET)}

    item_id = world.held("second").item.remote_id
    world.server.predict(world.source_id, item_id, None, class_scores={"cat": 0.9, "dog": 0.05, "bird": 0.05})
    world.later(seconds=61)

    assert world.issue("second").state is IssueState.STALE
    assert world.issue("second").reason == LetGo.NO_LONGER_FLAGGED
    assert world.scan_count() == 1


def test_triage_holds_back_what_is_judged_as_it_does_in_a_scan(build: Build) -> None:
    world = build(policy={**NO_SCANS, "class_cap": 0.25, "min_class_examples": 3, "budget": 1})
    world.some_right(each=4)
    for n in range(2):
        world.item(f"bird of {n}", "bird", bird=0.9, cat=0.05, dog=0.05)
    world.settle()

    world.item("most", "cat", dog=0.95, cat=0.02, bird=0.03)
    world.item("more", "cat", **ODD)
    world.relabel("dog 0", "bird")
    for n in range(1, 3):
        world.server.delete_item(world.source_id, world.held(f"dog {n}").item.remote_id)
    world.relabel("bird 0", "dog")
    hear(world)

    assert {(text, reason) for text, _, _, reason in found(world)} == {
        ("most", "asked"),
        ("more", HeldBack.CLASS_CAP),
        ("dog 0", HeldBack.BUDGET),
        ("bird 0", HeldBack.RARE_CLASS),
    }
    assert found(world) == found_by_a_scan(world)


def test_what_reviewers_have_settled_is_not_asked_again(judging: World) -> None:
    judging.agree("odd", "cat")
    judging.later(seconds=61)
    judging.relabel("odd", "dog")
    hear(judging)
    judging.relabel("odd", "cat")

    hear(judging)

    assert [issue.state for issue in judging.issues()] == [IssueState.REJECTED]
    assert judging.scan_count() == 1


def test_our_own_correction_is_judged_too_and_is_right(judging: World) -> None:
    judging.agree("odd", "dog")

    judging.later(seconds=61)

    assert judging.labels("odd")[-1][1] == "dog"
    assert [issue.state for issue in judging.issues()] == [IssueState.ACCEPTED]
    assert found_by_a_scan(judging) == set()


def test_a_share_of_what_is_asked_is_controls(build: Build) -> None:
    world = build(policy={**NO_SCANS, "control_share": 0.5})
    world.some_right(each=4)
    world.settle()
    for n in range(3):
        world.item(f"odd {n}", "cat", dog=0.9 - n / 100, cat=0.04, bird=0.06 + n / 100)

    hear(world)

    kinds = [issue.kind for issue in world.issues()]
    assert kinds.count(IssueKind.LABEL_ERROR) == 3
    assert kinds.count(IssueKind.CONTROL) in (3, 4)
    assert all(
        world.task(world.text_of(i.item_id)).blind for i in world.issues() if i.kind is IssueKind.CONTROL
    )


# --- what cannot be judged -------------------------------------------------------------------


def test_an_item_without_probabilities_waits_for_them(judging: World) -> None:
    item_id = judging.item("new", "cat")
    hear(judging)
    assert judging.asked() == ["odd"]
    judging.server.predict(judging.source_id, item_id, None, class_scores=ODD)

    judging.later(seconds=61)

    assert judging.asked() == ["odd", "new"]
    assert judging.scan_count() == 1


def test_an_item_that_lost_its_label_and_gets_one_again_is_judged(judging: World) -> None:
    annotation_id = judging.annotation_id("cat 0")
    judging.server.delete_annotation(judging.source_id, annotation_id)
    hear(judging)
    judging.server.annotate(judging.source_id, judging.held("cat 0").item.remote_id, "dog", "bob")

    hear(judging)

    assert judging.asked() == ["odd", "cat 0"]
    assert found(judging) == found_by_a_scan(judging)


@pytest.mark.parametrize(
    "change",
    [{"policy": {**NO_SCANS, "method": "low_self_confidence"}}, {"predictions": {"model_version": "other"}}],
    ids=["method", "model version"],
)
def test_other_settings_lead_to_a_scan(judging: World, change: dict[str, Any]) -> None:
    judging.reconfigure(**{"policy": NO_SCANS, **change})
    judging.relabel("cat 0", "dog")
    judging.deliver()
    judging.run_messages()

    assert judging.jobs_made(JobKind.SCAN) == 2


def test_predictions_of_a_newer_model_lead_to_a_scan(judging: World) -> None:
    for held in list(judging.source.held.values()):
        judging.server.predict(
            judging.source_id, held.item.remote_id, "dog", score=0.9, model_version="newer"
        )

    judging.later(seconds=61)

    assert judging.scan_count() == 2
    assert judging.last_scan().model_version == "newer"


def test_where_too_few_classes_are_left_a_scan_says_so(judging: World) -> None:
    for held in list(judging.source.held.values()):
        if held.item.annotations[0].label != "cat":
            judging.server.delete_item(judging.source_id, held.item.remote_id)

    hear(judging)

    assert reason_texts(judging.last_scan().warnings) == (scans.too_few_labels(5, 1),)
    assert judging.jobs(JobState.DEAD) == []


def test_a_question_whose_task_is_gone_is_asked_again_at_once(judging: World) -> None:
    judging.relabel("cat 0", "dog")
    hear(judging)
    judging.server.delete_item(judging.review_id, judging.review_of("cat 0").item.remote_id)
    judging.do(JobKind.RECONCILE)
    judging.settle()
    assert judging.issue("cat 0").state is IssueState.IN_REVIEW

    judging.relabel("cat 1", "dog")
    hear(judging)

    assert found(judging) == found_by_a_scan(judging)
    assert set(judging.asked()) == {"odd", "cat 0", "cat 1"}
    assert judging.scan_count() == 2


def test_more_changes_than_pay_are_left_to_a_scan(judging: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workers.detect.judge.LEAST_CHANGES", 2)
    for label in CLASSES:
        judging.relabel(f"{label} 0", "cat" if label == "dog" else "dog")

    hear(judging)

    assert judging.scan_count() == 2
    assert sorted(judging.asked()) == ["bird 0", "cat 0", "dog 0", "odd"]


# --- the state between two changes -----------------------------------------------------------


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM blobs",
        "DELETE FROM label_states",
        "UPDATE blobs SET content = x'78' WHERE part = 0",
        "UPDATE label_states SET scan_id = 'another'",
    ],
)
def test_a_state_that_is_lost_or_damaged_is_built_anew_by_a_scan(judging: World, damage: str) -> None:
    judging.restart()
    with judging.services.store.begin() as unit:
        unit.connection.exec_driver_sql(damage)
    judging.relabel("cat 0", "dog")
    hear(judging)
    assert judging.asked() == ["odd", "cat 0"]
    assert judging.scan_count() == 2

    judging.relabel("cat 1", "dog")
    hear(judging)

    assert judging.asked() == ["odd", "cat 0", "cat 1"]
    assert judging.scan_count() == 2


def test_a_state_of_content_that_is_no_state_is_built_anew(judging: World) -> None:
    judging.restart()
    with judging.services.store.begin() as unit:
        saved = unit.label_states.get(judging.project.id)
        assert saved is not None
        assert saved.blob is not None
        unit.blobs.put(judging.project.id, saved.blob, b"something else")
    judging.relabel("cat 0", "dog")

    hear(judging)

    assert judging.asked() == ["odd", "cat 0"]
    assert judging.scan_count() == 2


def test_the_state_is_saved_from_time_to_time_and_its_events_forgotten(
    judging: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def events() -> int:
        with judging.read() as unit:
            return unit.label_events.count(judging.project.id, 0)

    judging.relabel("cat 0", "dog")
    hear(judging)
    assert events() == 2, "the label's, and that of the question that it led to"

    judging.clock.advance(minutes=11)
    judging.relabel("cat 1", "dog")
    hear(judging)
    assert events() == 1, "the question's is from after the state that was saved"

    monkeypatch.setattr(kept, "SAVE_AFTER_EVENTS", 4)
    for n, expected in ((0, 3), (1, 1)):
        judging.relabel(f"bird {n}", "dog")
        hear(judging)
        assert events() == expected
    assert judging.scan_count() == 1
    assert found(judging) == found_by_a_scan(judging)


def test_a_worker_that_others_have_overtaken_takes_up_the_saved_state(
    judging: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "SAVE_AFTER_EVENTS", 1)
    memory = memory_of(judging.services.store)
    judging.restart()
    judging.relabel("cat 0", "dog")
    hear(judging)
    overtaken = memory.take(judging.project.id)
    assert overtaken is not None
    kept.memory_of(judging.services.store).put(judging.project.id, overtaken)

    judging.relabel("cat 1", "dog")
    hear(judging)

    assert judging.asked() == ["odd", "cat 0", "cat 1"]
    assert found(judging) == found_by_a_scan(judging)


def test_what_a_database_that_failed_over_has_lost_is_forgotten_by_its_workers(judging: World) -> None:
    backup = judging.backup()
    judging.relabel("cat 0", "dog")
    hear(judging)
    overtaken = memory_of(judging.services.store).take(judging.project.id)
    assert overtaken is not None
    judging.restore(backup)  # of the label of "cat 0" it knows nothing any more

    memory_of(judging.services.store).put(judging.project.id, overtaken)
    judging.relabel("cat 0", "cat")
    judging.relabel("cat 1", "dog")
    hear(judging)

    assert found(judging) == found_by_a_scan(judging)


def test_a_first_sync_leaves_no_events_behind(judging: World) -> None:
    with judging.read() as unit:
        assert unit.label_events.count(judging.project.id, 0) == 0


def test_a_scan_without_a_state_leaves_changes_to_the_next_one(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "MOST_CELLS", 1)
    world = build(policy=NO_SCANS)
    world.some_right()
    world.wrong()
    world.settle()
    world.relabel("cat 0", "dog")

    hear(world)

    assert world.asked() == ["odd"]
    assert world.scan_count() == 1
    assert {text for text, *_ in found_by_a_scan(world)} == {"odd", "cat 0"}


# --- any sequence of changes, and a kill anywhere --------------------------------------------


class Turmoil:
    """Somebody who changes a project at random, and predictions without two that are equal."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.chance = np.random.default_rng(seed)
        self.texts: list[str] = []
        self.made = 0
        self.answered: set[str] = set()

    def scores(self, truly: str) -> dict[str, float]:
        alpha = [6.0 if name == truly else 1.0 for name in CLASSES]
        return dict(zip(CLASSES, self.chance.dirichlet(alpha).tolist(), strict=True))

    def label(self) -> str:
        return str(self.chance.choice(CLASSES))

    def new(self) -> None:
        text = f"item {self.made}"
        self.made += 1
        truly = self.label()
        given = truly if self.chance.random() < 0.7 else self.label()
        says = self.scores(truly) if self.chance.random() < 0.9 else {}
        self.world.item(text, given if self.chance.random() < 0.9 else None, **says)
        self.texts.append(text)

    def relabel(self) -> None:
        text = self._any()
        if self.world.held(text).item.annotations:
            self.world.relabel(text, self.label())
        else:
            self.world.server.annotate(
                self.world.source_id, self.world.held(text).item.remote_id, self.label(), "bob"
            )

    def unlabel(self) -> None:
        text = self._any()
        if self.world.held(text).item.annotations:
            self.world.server.delete_annotation(self.world.source_id, self.world.annotation_id(text))

    def predict(self) -> None:
        item_id = self.world.held(self._any()).item.remote_id
        self.world.server.predict(self.world.source_id, item_id, None, class_scores=self.scores(self.label()))

    def delete(self) -> None:
        text = self._any()
        self.world.server.delete_item(self.world.source_id, self.world.held(text).item.remote_id)
        self.texts.remove(text)

    def verdict(self) -> None:
        """Two reviewers agree about one question: that the label is right, or on the suggestion."""
        waiting = [text for text in self.world.asked() if text not in self.answered and text in self.texts]
        if waiting:
            issue = self.world.issue(waiting[0])
            self.world.agree(waiting[0], issue.given if self.chance.random() < 0.5 else issue.suggested)
            self.answered.add(waiting[0])

    def something(self) -> None:
        happening = [self.new, self.relabel, self.relabel, self.unlabel, self.predict, self.delete]
        happening[int(self.chance.integers(len(happening)))]()

    def _any(self) -> str:
        return self.texts[int(self.chance.integers(len(self.texts)))]


def hear_all(world: World) -> None:
    """Webhooks, and the next poll for what no webhook tells of."""
    hear(world)
    world.later(seconds=61)


METHODS = ("prune_by_noise_rate", "prune_by_class", "confident_learning", "low_normalized_margin")


@pytest.mark.parametrize("method", METHODS)
def test_after_any_changes_kills_and_restarts_judging_finds_what_a_scan_finds(
    build: Build, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "SAVE_AFTER_EVENTS", 7)
    policy = {**NO_SCANS, "method": method, "class_cap": 0.3, "budget": 4, "min_class_examples": 3}
    world = build(policy=policy)
    turmoil = Turmoil(world, seed=METHODS.index(method))
    for _ in range(40):
        turmoil.new()
    world.settle()
    for step in range(14):
        for _ in range(int(turmoil.chance.integers(1, 6))):
            turmoil.something()
        if step % 3 == 0:
            world.points.strike(int(turmoil.chance.integers(40)), Killed())
        try:
            hear_all(world)
        except Killed:
            world.restart()
        hear_all(world)
    assert world.scan_count() == 1
    judged = found(world)

    assert judged
    assert found_by_a_scan(world) == judged
    assert len(world.asked()) == len(set(world.asked()))
    assert world.jobs(JobState.DEAD) == []
    assert world.audit_faults() == []


@pytest.mark.parametrize("method", METHODS[:2])
def test_two_workers_that_take_turns_with_verdicts_in_between_find_what_a_scan_finds(
    build: Build, method: str
) -> None:
    policy = {**NO_SCANS, "method": method, "class_cap": 0.3, "budget": 4, "min_class_examples": 3}
    world = build(policy=policy)
    turmoil = Turmoil(world, seed=METHODS.index(method) + 10)
    for _ in range(40):
        turmoil.new()
    world.settle()
    memory, project_id = memory_of(world.services.store), world.project.id
    other = None
    for _ in range(12):
        for _ in range(int(turmoil.chance.integers(1, 4))):
            turmoil.something()
        turmoil.verdict()
        hear_all(world)
        mine = memory.take(project_id)
        if other is not None:
            memory.put(project_id, other)
        other = mine
    turmoil.relabel()
    hear_all(world)
    assert world.scan_count() == 1
    judged = found(world)

    assert len(turmoil.answered) > 6
    assert judged
    assert found_by_a_scan(world) == judged
    assert world.audit_faults() == []


def test_a_kill_at_any_point_of_judging_leaves_no_trace(
    build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "SAVE_AFTER_EVENTS", 2)
    start = build(policy=NO_SCANS)
    start.some_right(each=4)
    start.wrong()
    start.settle()
    start.relabel("cat 0", "dog")
    start.item("new", "cat", **ODD)
    start.server.delete_item(start.source_id, start.held("bird 1").item.remote_id)
    start.deliver()
    start.close()

    def told(name: str, at: int | None) -> tuple[Any, int]:
        world = start.fork(tmp_path / name)
        if at is not None:
            world.points.strike(at, Killed())
        try:
            world.settle()
        except Killed:
            world.restart()
            world.settle()
        told = (found(world), sorted(world.asked()), world.scan_count(), world.jobs(JobState.DEAD))
        passed = len(world.points.passed)
        world.close()
        return told, passed

    expected, points = told("whole", None)
    assert expected[1] == ["cat 0", "new", "odd"]

    for number in range(points):
        assert told(f"kill-{number}", number)[0] == expected, number
    start.services = start._start()
