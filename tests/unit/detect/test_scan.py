"""Finding labels that are probably wrong, and choosing which of them people are asked about."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from connector import wording
from connector.errors import Misconfigured, Retryable
from connector.model import IssueKind, IssueState
from connector.model.jobs import JobKind, JobState
from connector.model.reasons import HeldBack, LetGo
from connector.wording import reason_texts, scans
from tests.support.world import CLASSES, NAME, World
from workers.service.runner import run_inline
from workers.service.sweep import sweep

Build = Callable[..., World]
BARKING = "bark fetch bone bark fetch"
ODD = {"dog": 0.9, "cat": 0.04, "bird": 0.06}


def scanned(world: World) -> dict[str, Any]:
    """Sync and scan, without pushing anything."""
    world.do(JobKind.SYNC)
    return dict(world.do(JobKind.SCAN))


# --- issues ----------------------------------------------------------------------------------


def test_an_issue_says_what_was_found(world: World) -> None:
    world.some_right()
    world.wrong("odd", given="cat", truly="dog")

    summary = scanned(world)

    assert summary["flagged"] == 1
    assert summary["planned"] == 1
    (issue,) = world.issues()
    assert (issue.kind, issue.state) == (IssueKind.LABEL_ERROR, IssueState.OPEN)
    assert (issue.given, issue.suggested, issue.probability) == ("cat", "dog", pytest.approx(0.9))
    assert issue.quality == pytest.approx(0.04)
    assert (issue.method, issue.model_version) == ("predicted_neq_given", "model")
    assert issue.evidence.near == (("bird", pytest.approx(0.06)),)


def test_the_most_suspicious_label_comes_first(world: World) -> None:
    world.some_right()
    world.item("doubtful", "cat", dog=0.5, cat=0.4, bird=0.1)
    world.item("clear", "cat", dog=0.9, cat=0.04, bird=0.06)

    scanned(world)

    assert [world.text_of(issue.item_id) for issue in world.issues()] == ["clear", "doubtful"]


def test_the_audit_holds_each_scan(world: World) -> None:
    world.some_right()
    world.wrong()

    scanned(world)

    ((_, _, detail),) = world.audit("scan")
    assert detail == {"flagged": 1, "planned": 1, "method": "predicted_neq_given"}


# --- triage ----------------------------------------------------------------------------------


def test_the_budget_holds_questions_back_and_free_places_open_them(build: Build) -> None:
    world = build(policy={"budget": 2})
    world.some_right()
    for n in range(4):
        world.item(f"odd {n}", "cat", dog=0.9 - n / 100, cat=0.04, bird=0.06 + n / 100)
    world.settle()
    assert len(world.asked()) == 2
    waiting = world.issues(IssueState.SUPPRESSED)
    assert [issue.reason for issue in waiting] == [HeldBack.BUDGET] * 2

    world.agree(world.asked()[0], "dog")
    world.later(seconds=61)

    assert len([text for text in world.asked() if world.issue(text).state is IssueState.IN_REVIEW]) == 2
    assert len(world.issues(IssueState.SUPPRESSED)) == 1


def test_the_cap_of_a_class_protects_it(build: Build) -> None:
    world = build(policy={"class_cap": 0.5})
    world.some_right()
    for n in range(4):
        world.item(f"odd {n}", "cat", **ODD)

    scanned(world)

    reasons = [issue.reason for issue in world.issues(IssueState.SUPPRESSED)]
    assert reasons == [HeldBack.CLASS_CAP], "3 of 6 cats may be in question"


def test_a_rare_class_is_not_judged(build: Build) -> None:
    world = build(policy={"min_class_examples": 3})
    world.some_right(each=3)
    world.item("odd", "bird", **ODD)
    for held in [world.held(f"cat {n}") for n in range(2)]:
        world.server.delete_item(world.source_id, held.item.remote_id)
    world.item("rare", "cat", **ODD)

    scanned(world)

    assert {world.text_of(i.item_id): i.reason for i in world.issues(IssueState.SUPPRESSED)} == {
        "rare": HeldBack.RARE_CLASS
    }


def test_a_flag_without_another_label_to_suggest_is_not_asked(build: Build) -> None:
    world = build(policy={"method": "low_self_confidence"})
    world.some_right(each=6)
    world.item("torn", "bird", bird=0.34, cat=0.33, dog=0.33)
    world.item("odd", "cat", **ODD)
    world.item("odder", "cat", **ODD)

    scanned(world)

    reasons = {world.text_of(issue.item_id): issue.reason for issue in world.issues()}
    assert reasons["odd"] is None
    assert reasons.get("torn") in (None, HeldBack.NO_ALTERNATIVE)


def test_controls_are_unflagged_items_asked_blind(build: Build) -> None:
    world = build(policy={"control_share": 1.0})
    world.some_right()
    world.wrong()

    world.settle()

    controls = [issue for issue in world.issues() if issue.kind is IssueKind.CONTROL]
    assert len(controls) == 6
    for issue in controls:
        held = world.review_of(world.text_of(issue.item_id))
        assert held.item.predictions == ()
        assert held.item.data["secondlook_context"] == wording.blind_context()
    assert world.last_scan().n_controls == 6


def test_a_share_of_tasks_is_blind(build: Build) -> None:
    world = build(policy={"blind_share": 1.0})
    world.some_right()
    world.wrong()

    world.settle()

    assert world.task("odd").blind
    assert world.review_of("odd").item.predictions == ()


def test_what_reviewers_have_settled_is_not_asked_again(world: World) -> None:
    world.some_right()
    world.wrong("odd", given="cat", truly="dog")
    world.wrong("fine", given="cat", truly="bird")
    world.settle()
    world.agree("odd", "dog")
    world.agree("fine", "cat")
    world.later(seconds=61)

    assert world.do(JobKind.SCAN)["planned"] == 0
    world.settle()

    assert [issue.state for issue in world.issues(IssueState.IN_REVIEW)] == []


def test_an_item_relabelled_after_its_decision_may_be_asked_again(world: World) -> None:
    world.some_right()
    world.wrong("fine", given="cat", truly="bird")
    world.settle()
    world.agree("fine", "cat")
    world.later(seconds=61)
    world.relabel("fine", "dog")
    world.do(JobKind.SYNC)

    assert world.do(JobKind.SCAN)["planned"] == 1


def test_questions_that_stand_keep_standing_through_later_scans(world: World) -> None:
    world.some_right()
    world.wrong()
    world.settle()
    before = world.issue("odd")

    world.do(JobKind.SCAN)
    world.settle()

    assert world.issues() == [before]
    assert world.asked() == ["odd"]


def test_a_later_scan_gives_waiting_issues_new_figures_and_drops_those_not_flagged(build: Build) -> None:
    world = build(policy={"budget": 1})
    world.some_right()
    for n, p in enumerate((0.9, 0.8, 0.7)):
        world.item(f"odd {n}", "cat", dog=p, cat=0.04, bird=0.96 - p)
    scanned(world)
    assert [world.issue(f"odd {n}").state for n in range(3)] == ["open", "suppressed", "suppressed"]
    before = world.issue("odd 1")

    for n, scores in (
        (1, {"dog": 0.75, "cat": 0.05, "bird": 0.2}),
        (2, {"dog": 0.04, "cat": 0.9, "bird": 0.06}),
    ):
        item_id = world.held(f"odd {n}").item.remote_id
        world.server.predict(world.source_id, item_id, None, class_scores=scores)
    scanned(world)

    now = world.issue("odd 1")
    assert (now.id, now.probability) == (before.id, pytest.approx(0.75))
    assert world.issue("odd 2").state is IssueState.STALE
    assert world.issue("odd 2").reason == LetGo.NO_LONGER_FLAGGED


def test_a_label_that_changed_while_it_was_judged_is_not_asked_about(build: Build) -> None:
    world = texts_to_learn(build)
    world.do(JobKind.SYNC)

    def corrected_meanwhile(done: int, total: int | None, what: str) -> None:
        if (done, what) == (1, "folds"):
            world.relabel(BARKING, "dog")
            world.do(JobKind.SYNC)

    run_inline(world.services, NAME, JobKind.SCAN, progress=corrected_meanwhile)
    world.settle()

    assert BARKING not in [world.text_of(issue.item_id) for issue in world.issues()]


def test_a_first_scan_that_takes_long_is_not_followed_by_another(build: Build) -> None:
    world = texts_to_learn(build)
    world.do(JobKind.SYNC)

    def meanwhile(done: int, total: int | None, what: str) -> None:
        world.do(JobKind.SYNC)
        sweep(world.services)

    run_inline(world.services, NAME, JobKind.SCAN, progress=meanwhile)
    world.settle()

    assert world.scan_count() == 1


def test_a_scan_that_is_tried_again_draws_the_same_controls(build: Build) -> None:
    drawn = []
    world = build(policy={"control_share": 0.9})
    world.some_right(each=10)
    world.wrong()
    world.do(JobKind.SYNC)
    (waiting,) = world.jobs(JobState.QUEUED)
    world.close()
    for n in range(2):
        twin = world.fork(world.folder.parent / f"twin-{n}")
        twin.queue.send([waiting.id])
        twin.run_messages()
        drawn.append({twin.text_of(i.item_id): i.kind for i in twin.issues()})
        twin.close()
    world.services = world._start()

    assert drawn[0] == drawn[1]


# --- too little to judge ---------------------------------------------------------------------


def test_too_few_labels_flag_nothing_and_say_so(world: World) -> None:
    world.item("only", "cat", **ODD)

    summary = scanned(world)

    assert summary == {"items": 1, "flagged": 0, "warnings": [scans.too_few_labels(1, 1)]}
    assert reason_texts(world.last_scan().warnings) == (scans.too_few_labels(1, 1),)


def test_predictions_for_items_of_one_class_only_flag_nothing_and_say_so(world: World) -> None:
    world.item("a", "cat", **ODD)
    world.item("b", "cat", **ODD)
    world.item("c", "dog")

    summary = scanned(world)

    assert summary["warnings"] == [scans.too_few_labels(2, 1)]
    assert world.last_scan().skipped == {"no_prediction": 1}


def test_a_scan_before_the_first_sync_asks_for_the_sync(world: World) -> None:
    world.some_right()
    world.wrong()

    with pytest.raises(Retryable, match="has not been synced yet"):
        world.do(JobKind.SCAN)
    world.settle()

    assert world.asked() == ["odd"]


# --- where probabilities come from -----------------------------------------------------------


def test_a_top_score_alone_is_spread_over_the_other_classes(world: World) -> None:
    world.some_right()
    item_id = world.item("odd", "cat")
    world.server.predict(world.source_id, item_id, "dog", score=0.8)

    scanned(world)

    assert world.issue("odd").probability == pytest.approx(0.8)
    assert world.issue("odd").evidence.given_probability == pytest.approx(0.1)


def test_the_newest_model_version_is_taken_unless_one_is_named(build: Build) -> None:
    for named, suggested in ((None, "bird"), ("old", "dog")):
        world = build(predictions={"model_version": named})
        for n in range(3):
            item_id = world.item(f"item {n}", "cat" if n else "dog")
            for version, label in (("old", "dog"), ("new", "bird")):
                world.server.predict(world.source_id, item_id, label, score=0.9, model_version=version)
        scanned(world)
        assert {issue.suggested for issue in world.issues()} == {suggested}


@pytest.mark.parametrize(
    ("prediction", "reason"),
    [
        ({"label": "wolf", "score": 0.9}, "prediction: unknown class"),
        ({"label": None}, "prediction: no label"),
        ({"label": "cat"}, "prediction: no score"),
        ({"label": "cat", "score": 7.0}, "prediction: bad score"),
        ({"label": None, "class_scores": {"cat": 0.2}}, "prediction: bad sum"),
        ({"label": None, "class_scores": {"wolf": 1.0}}, "prediction: unknown class"),
    ],
)
def test_a_prediction_that_cannot_be_used_is_left_out_and_counted(
    world: World, prediction: dict[str, Any], reason: str
) -> None:
    world.some_right()
    item_id = world.item("bad", "cat")
    world.server.predict(world.source_id, item_id, **prediction)

    assert scanned(world)["skipped"] == {reason: 1}


def test_without_a_single_usable_prediction_a_person_is_told(world: World) -> None:
    world.item("a", "cat")
    world.item("b", "dog")
    world.do(JobKind.SYNC)

    with pytest.raises(Misconfigured, match="no labeled item has a usable prediction"):
        world.do(JobKind.SCAN)


def test_what_is_not_stated_to_be_out_of_sample_carries_a_warning(build: Build) -> None:
    world = build(predictions={"out_of_sample": None})
    world.some_right()

    summary = scanned(world)

    assert summary["warnings"] == [scans.not_stated_out_of_sample("platform")]
    assert world.last_scan().report.out_of_sample == "not stated"


def test_a_model_that_agrees_with_everything_is_doubted(world: World) -> None:
    for n in range(30):
        for label in ("cat", "dog"):
            world.item(f"{label} {n}", label, **{label: 0.99, "bird": 0.01})

    summary = scanned(world)

    assert "it has probably been trained on these labels" in summary["warnings"][0]


def test_probabilities_come_from_a_file(build: Build, tmp_path: Path) -> None:
    path = tmp_path / "probs.npy"
    world = build(predictions={"source": "file", "path": path})
    ids = [world.item(f"{label} {n}", label) for label in CLASSES for n in range(2)]
    odd = world.item("odd", "cat")
    world.item("not in the file", "cat")
    np.save(path, np.array([*np.repeat(np.eye(3) * 0.85 + 0.05, 2, axis=0), [0.06, 0.04, 0.9]]))
    np.save(path.with_suffix(".ids.npy"), np.array([*ids, odd]))

    summary = scanned(world)

    assert summary["skipped"] == {"not in the file": 1}
    assert [world.text_of(issue.item_id) for issue in world.issues()] == ["odd"]
    assert world.issue("odd").model_version == "probs.npy"


def test_a_file_with_impossible_values_is_said_to_a_person(build: Build, tmp_path: Path) -> None:
    path = tmp_path / "probs.npy"
    world = build(predictions={"source": "file", "path": path})
    ids = [world.item(label, label) for label in CLASSES]
    np.save(path, np.array([[0.9, 0.05, 0.05], [np.nan, 0.5, 0.5], [0.1, 0.1, 0.8]]))
    np.save(path.with_suffix(".ids.npy"), np.array(ids))
    world.do(JobKind.SYNC)

    with pytest.raises(Misconfigured, match=r"row 1: holds NaN"):
        world.do(JobKind.SCAN)


def test_a_missing_file_is_said_to_a_person(build: Build, tmp_path: Path) -> None:
    world = build(predictions={"source": "file", "path": tmp_path / "none.npy"})
    world.some_right()
    world.do(JobKind.SYNC)

    with pytest.raises(Misconfigured, match=r"none\.npy does not exist"):
        world.do(JobKind.SCAN)


def texts_to_learn(build: Build) -> World:
    """Texts that a model can tell apart, one of them with a wrong label."""
    world = build(predictions={"source": "builtin", "out_of_sample": None, "folds": 2})
    words = {"cat": "meow purr whiskers", "dog": "bark fetch bone", "bird": "tweet wing feather"}
    for label, text in words.items():
        for n in range(12):
            world.item(f"{text} {n}", label)
    world.item(BARKING, "cat")
    return world


def test_the_built_in_model_learns_from_the_text(build: Build) -> None:
    world = texts_to_learn(build)

    summary = scanned(world)

    assert summary["items"] == 37
    assert world.last_scan().report.out_of_sample == "by construction"
    assert [world.text_of(issue.item_id) for issue in world.issues()] == [BARKING]


def test_a_flag_keeps_which_items_are_most_like_its_own_and_how_far_they_are(build: Build) -> None:
    world = texts_to_learn(build)
    scanned(world)
    (issue,) = world.issues()
    alike = issue.evidence.neighbours
    with world.services.store.read() as unit:
        known = {item.item_id: item.label for item in unit.items.labelled(world.project.id)}
    assert len(alike) == 5
    assert [known[item] for item, _ in alike] == list(issue.evidence.similar)
    assert "dog" in issue.evidence.similar
    assert issue.item_id not in dict(alike)
    assert [distance for _, distance in alike] == sorted(distance for _, distance in alike)


class Backend(BaseHTTPRequestHandler):
    """A model that is sure of the class that stands first in the text."""

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        results = [] if self.path == "/setup" else [self._answer(task) for task in body["tasks"]]
        answer = json.dumps({"results": results, "model_version": "served"}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(answer)

    def _answer(self, task: dict[str, Any]) -> dict[str, Any]:
        label = task["data"]["text"].split()[0]
        result = {"from_name": "label", "to_name": "text", "type": "choices", "value": {"choices": [label]}}
        return {"result": [result], "score": 0.9, "model_version": "served"}

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def backend_url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Backend)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_probabilities_come_from_a_model_backend(build: Build, backend_url: str) -> None:
    world = build(predictions={"source": "backend", "url": backend_url})
    for label in CLASSES:
        for n in range(2):
            world.item(f"{label} {n}", label)
    world.item("dog it is", "cat")

    scanned(world)

    assert [(world.text_of(i.item_id), i.suggested) for i in world.issues()] == [("dog it is", "dog")]
    assert world.issue("dog it is").model_version == "served"


def test_a_pause_for_missing_predictions_ends_when_they_come(world: World) -> None:
    ids = [world.item(label, label) for label in CLASSES]
    world.settle()
    assert "no labeled item has a usable prediction" in str(world.project.paused_reason)

    for item_id in ids:
        world.server.predict(world.source_id, item_id, "dog", score=0.9)
    world.later(seconds=61)
    world.later(seconds=601)

    assert world.project.paused_reason is None
    assert {issue.given for issue in world.issues()} == {"bird", "cat"}
    assert world.jobs(JobState.DEAD) == []


def test_evidence_of_other_annotators_reaches_the_reviewers(world: World) -> None:
    world.some_right()
    item_id = world.wrong("odd", given="cat", truly="dog")
    world.server.annotate(world.source_id, item_id, "cat", "bob")
    world.server.annotate(world.source_id, item_id, "dog", "eve")

    world.settle()

    context = str(world.review_of("odd").item.data["secondlook_context"])
    assert context.split("\n") == [
        "The model is 90% sure this is 'dog', but it is labeled 'cat'. Please verify.",
        "It also considers 'bird' (6%).",
        "Other annotators chose 'cat' (1) and 'dog' (1).",
    ]
