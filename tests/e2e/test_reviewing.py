"""Reviewing on a real Label Studio: people who differ, change their minds, come late, or see no single label.

One story on one server, in the order in which it happens; what it leaves is read from the server itself.
"""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from connector import wording
from connector.actions.golden import Line, store
from connector.config.file import load
from connector.model import (
    CorrectionState,
    Decision,
    Disposition,
    DispositionKind,
    Issue,
    IssueKind,
    IssueState,
    NoteState,
    Problem,
)
from connector.model.jobs import JobKind
from connector.queue import SilentQueue
from connector.wiring import Services, build
from tests.support.label_studio import LabelStudioServer, choice
from tests.support.loop import CLASSES, NAME, Scene, scene_of, write_config
from workers.cli.app import run as command
from workers.demo.server import User
from workers.label_types.registry import codecs
from workers.people.golden_set import report
from workers.service.runner import run, run_inline

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

CAT, DOG, HORSE = CLASSES
RULES = "<p>Rules of the team: look twice.</p>"
NOTE = "Hooves & a mane make it a <horse>; paws do not."
LIE = "cat 0"  # the golden item that everybody contradicts
HELD = [f"held {n}" for n in range(5)]
PROBLEMS = {
    "several": Problem.SEVERAL_FIT,
    "broken": Problem.BAD_DATA,
    "ambiguous": Problem.AMBIGUOUS,
}
DOUBTED = ("changed", "withdrawn", "late", "split", *PROBLEMS)  # labeled cat; the model says dog
ROWS = [
    *((f"{label} {n}", label, label) for label in CLASSES for n in range(8)),
    *((text, CAT, DOG) for text in DOUBTED),
    *((text, HORSE, CAT) for text in HELD),
]
GOLDEN = [f"{label} {n}" for label in CLASSES for n in range(2)]

Say = Callable[[str], str | Problem]
Json = dict[str, Any]


@dataclass
class Desk:
    """The installation, its review project, and the people who answer there."""

    scene: Scene
    config: Path
    services: Services
    people: list[User]  # four reviewers
    judge: User

    @property
    def server(self) -> LabelStudioServer:
        return self.scene.server

    @property
    def review(self) -> int:
        return int(self.services.project(NAME).review_remote_id or 0)

    def work(self, *kinds: JobKind) -> None:
        """Run these jobs, and whatever follows from them, until nothing is left to do."""
        for kind in kinds:
            run_inline(self.services, NAME, kind)
        deadline = time.monotonic() + 60
        while True:
            with self.services.store.begin() as unit:
                due = unit.jobs.due(timedelta(0))
                left = unit.jobs.unfinished(self.services.project(NAME).id)
            if not left:
                return
            assert time.monotonic() < deadline, f"{left} jobs do not come to an end"
            for job in due:
                run(self.services, job)
            if not due:
                time.sleep(0.1)

    def secondlook(self, *arguments: str) -> None:
        assert command(["--config", str(self.config), *arguments]) == 0

    def offered(self, user: User, say: Say, note_on: str | None = None) -> list[str]:
        """The user answers all that Label Studio offers, as its labelling stream does; the texts."""
        seen = []
        with self.server.client(user.token) as client:
            while (found := client.get(f"/api/projects/{self.review}/next")).status_code == httpx.codes.OK:
                task = found.json()
                text = task["data"]["text"]
                body = {"result": answer(say(text), NOTE if text == note_on else None)}
                client.post(f"/api/tasks/{task['id']}/annotations/", json=body).raise_for_status()
                seen.append(text)
        return seen

    def asked(self, text: str) -> Json:
        """The review task about that item."""
        return next(task for task in self.server.tasks(self.review) if task["data"]["text"] == text)

    def answer_of(self, text: str, user: User) -> int:
        given = self.asked(text)["annotations"]
        return next(int(one["id"]) for one in given if one["completed_by"] == user.id)

    def instructions(self) -> str:
        found = self.server.call("GET", f"/api/projects/{self.scene.project}/")
        return str(found["expert_instruction"])

    def issues(self) -> dict[str, Issue]:
        """Text → its issue."""
        with self.services.store.read() as unit:
            found = unit.issues.listed(self.services.project(NAME).id, None, 200)
            data = unit.items.data([one.item_id for one in found])
        return {str(data[one.item_id]["text"]): one for one in found}

    def decisions(self, text: str) -> list[Decision]:
        issue = self.issues()[text]
        with self.services.store.read() as unit:
            return unit.issues.decisions_of(issue.id)

    def corrections(self, text: str) -> list[tuple[str, CorrectionState]]:
        issue = self.issues()[text]
        with self.services.store.read() as unit:
            return [(one.label, one.state) for one in unit.corrections.all_of_issue(issue.id)]

    def dispositions(self, text: str) -> list[Disposition]:
        issue = self.issues()[text]
        with self.services.store.read() as unit:
            return unit.dispositions.of_issue(issue.id)


def answer(said: str | Problem, note: str | None) -> list[Json]:
    """What Label Studio stores for an answer."""
    is_problem = isinstance(said, Problem)
    result = [choice(str(said), control="problem" if is_problem else "label", to_name="item")]
    if note is not None:
        region = {"type": "textarea", "from_name": "note", "to_name": "item", "value": {"text": [note]}}
        result.append(region)
    return result


def test_people_differ_change_their_minds_and_come_late(
    label_studio: LabelStudioServer, tmp_path: Path
) -> None:
    desk = _open(label_studio, tmp_path / "installation")
    try:
        _golden_questions_cannot_be_told_apart(desk)
        _a_quorum_decides(desk)
        _golden_answers_change_no_label(desk)
        _what_no_label_answers_is_listed(desk)
        _what_would_empty_a_class_is_held(desk)
        _a_note_comes_and_goes(desk)
        _answers_change_afterwards(desk)
        _an_adjudicator_settles(desk)
        _the_source_is_right(desk)
        _the_report_says_so(desk, tmp_path)
    finally:
        desk.services.close()


def test_what_people_are_torn_about_is_listed_never_changed_and_asked_no_more(
    label_studio: LabelStudioServer, tmp_path: Path
) -> None:
    rows = [(f"{label} {n}", label, label) for label in CLASSES for n in range(4)]
    scene = scene_of(label_studio, [*rows, ("torn", CAT, DOG)])
    people = [label_studio.create_user(f"torn-{n}@example.com") for n in range(11)]
    sections: Mapping[str, Mapping[str, Any]] = {
        "policy": {"method": "predicted_neq_given"},
        "review": {"rule": "shares", "max_votes": 9},
    }
    config = write_config(tmp_path / "installation", scene, label_studio.url, project=sections)
    desk = Desk(scene, config, build(load(config), SilentQueue(), codecs=codecs()), people, people[0])
    try:
        run_inline(desk.services, NAME, JobKind.SYNC)
        desk.work(JobKind.SCAN, JobKind.PUSH)
        asked = []
        for n, one in enumerate(people):
            asked += desk.offered(one, lambda _, n=n: CAT if n % 2 else DOG)  # type: ignore[misc]
            desk.work(JobKind.COLLECT)
        assert asked == ["torn"] * 9, "the last two are offered nothing"
        (decision,) = desk.decisions("torn")
        assert (decision.label, desk.issues()["torn"].state) == (None, IssueState.UNRESOLVED)
        kinds = {one.kind for one in desk.dispositions("torn")}
        assert kinds == {DispositionKind.MULTI_LABEL, DispositionKind.GUIDELINE_QUESTION}
        desk.work(JobKind.SCAN, JobKind.PUSH)
        assert desk.scene.labels()["torn"] == CAT
        assert len(desk.server.tasks(desk.review)) == 1
    finally:
        desk.services.close()


def _open(server: LabelStudioServer, folder: Path) -> Desk:
    scene = scene_of(server, ROWS, expert_instruction=RULES, show_instruction=True)
    people = [*scene.reviewers, server.create_user("reviewer-3@example.com")]
    judge = server.create_user("judge@example.com")
    sections: Mapping[str, Mapping[str, Any]] = {
        "policy": {"method": "predicted_neq_given"},
        "review": {"adjudicators": [str(judge.id)]},
        "reviewers": {"golden_share": 0.5},
        "guidelines": {"question_after": 1},
    }
    config = write_config(folder, scene, server.url, project=sections)
    desk = Desk(scene, config, build(load(config), SilentQueue(), codecs=codecs()), people, judge)
    run_inline(desk.services, NAME, JobKind.SYNC)
    ids = {task["data"]["text"]: str(task["id"]) for task in server.tasks(scene.project)}
    lines = [Line(n, ids[text], text.split()[0]) for n, text in enumerate(GOLDEN)]
    with desk.services.store.begin() as unit:
        store(unit, desk.services.project(NAME), lines, "import", "cli:test")
    desk.work(JobKind.SCAN, JobKind.PUSH)
    return desk


def _golden_questions_cannot_be_told_apart(desk: Desk) -> None:
    tasks = desk.server.tasks(desk.review)
    golden = [task for task in tasks if task["data"]["text"] in GOLDEN]
    flags = [task for task in tasks if task["data"]["text"] not in GOLDEN]
    assert {task["data"]["text"] for task in flags} == {*DOUBTED, *HELD}
    assert sorted(task["data"]["text"] for task in golden) == sorted(GOLDEN)
    assert {_shape(task) for task in golden} <= {_shape(task) for task in flags}
    for name in ("overlap", "is_labeled", "meta", "file_upload", "storage_filename", "total_annotations"):
        assert {str(task.get(name)) for task in golden} <= {str(task.get(name)) for task in flags}, name
    assert "golden" not in json.dumps(tasks).lower()
    places = [task["data"]["text"] in GOLDEN for task in sorted(tasks, key=lambda task: task["id"])]
    assert places != sorted(places), "not all at the end"


def _shape(task: Json) -> tuple[Any, ...]:
    """The names and types of all that a task holds, and its sentences without classes and figures."""
    data = sorted((name, type(value).__name__) for name, value in task["data"].items())
    said = (task["data"]["secondlook_title"], task["data"]["secondlook_context"])
    about = "|".join((*CLASSES, r"\d+"))
    words = (re.sub(about, "…", sentence) for sentence in said)
    return (*sorted(task), *data, *(tuple(sorted(one)) for one in task["predictions"]), *words)


def _a_quorum_decides(desk: Desk) -> None:
    def say(*, second: bool) -> Say:
        def label(text: str) -> str | Problem:
            if text == "split" and second:
                return HORSE
            if text == LIE:
                return DOG
            return PROBLEMS.get(text) or desk.scene.truth[text]

        return label

    everything = {*GOLDEN, *DOUBTED, *HELD}
    first, second = desk.people[:2]
    assert set(desk.offered(first, say(second=False), note_on="held 0")) == everything
    assert set(desk.offered(second, say(second=True))) == everything
    assert desk.offered(desk.people[2], say(second=False)) == [], "two are enough"
    desk.work(JobKind.COLLECT)
    labels = desk.scene.labels()
    assert [labels[text] for text in ("changed", "withdrawn", "late")] == [DOG, DOG, DOG]
    assert labels["split"] == CAT


def _golden_answers_change_no_label(desk: Desk) -> None:
    desk.work(JobKind.REVIEWERS)
    issues = desk.issues()
    assert {issues[text].kind for text in GOLDEN} == {IssueKind.GOLDEN}
    assert {issues[text].state for text in GOLDEN} == {IssueState.MEASURED}
    labels = desk.scene.labels()
    assert {text: labels[text] for text in GOLDEN} == {text: text.split()[0] for text in GOLDEN}
    assert all(desk.decisions(text) == [] and desk.corrections(text) == [] for text in GOLDEN)
    with desk.services.store.read() as unit:
        settings = desk.services.project_settings(NAME)
        found = report(unit, desk.services.project(NAME), settings)
        people = unit.people.latest(desk.services.project(NAME).id)
    assert [item.label for item in found.items if item.doubted] == [CAT]
    assert all(people[str(one.id)].answers for one in desk.people[:2])


def _what_no_label_answers_is_listed(desk: Desk) -> None:
    lists = {text: {one.kind for one in desk.dispositions(text)} for text in PROBLEMS}
    assert lists == {
        "several": {DispositionKind.MULTI_LABEL},
        "broken": {DispositionKind.EXCLUDE},
        "ambiguous": {DispositionKind.MULTI_LABEL, DispositionKind.GUIDELINE_QUESTION},
    }
    assert all(desk.corrections(text) == [] for text in PROBLEMS)


def _what_would_empty_a_class_is_held(desk: Desk) -> None:
    def states() -> Counter[CorrectionState]:
        return Counter(state for text in HELD for _, state in desk.corrections(text))

    assert states() == {CorrectionState.APPLIED: 3, CorrectionState.HELD: 2}
    assert _carried(desk, HELD) == {CAT: 3, HORSE: 2}, "nothing is written before a person says so"
    desk.secondlook("held", "release", NAME, HORSE, "--by", "lead")
    desk.work()
    assert states() == {CorrectionState.APPLIED: 5}
    assert _carried(desk, HELD) == {CAT: 5}


def _carried(desk: Desk, texts: Iterable[str]) -> Counter[str]:
    labels = desk.scene.labels()
    return Counter(labels[text] for text in texts)


def _a_note_comes_and_goes(desk: Desk) -> None:
    said = "Hooves &amp; a mane make it a &lt;horse&gt;; paws do not."
    shown = desk.instructions()
    assert said in shown
    assert shown.startswith(RULES)
    with desk.services.store.read() as unit:
        (note,) = unit.notes.listed(desk.services.project(NAME).id, NoteState.PUBLISHED)
    desk.secondlook("guidelines", "withdraw", NAME, note.id, "--by", str(desk.judge.id))
    desk.work()
    assert desk.instructions() == RULES


def _answers_change_afterwards(desk: Desk) -> None:
    _, second, third, fourth = desk.people
    changed = f"/api/annotations/{desk.answer_of('changed', second)}/"
    desk.server.call("PATCH", changed, token=second.token, json={"result": answer(HORSE, None)})
    gone = f"/api/annotations/{desk.answer_of('withdrawn', second)}/"
    desk.server.call("DELETE", gone, token=second.token)
    late = int(desk.asked("late")["id"])
    for user in (third, fourth):
        desk.server.annotate(late, answer(HORSE, None), user)
    desk.work(JobKind.COLLECT)

    assert {desk.issues()[text].state for text in ("changed", "withdrawn", "late")} == {IssueState.IN_REVIEW}
    assert _carried(desk, ("changed", "withdrawn", "late")) == {DOG: 3}, "it stays until it is decided anew"

    # Tasks that were complete are offered again; the split one for the first time to a third person.
    says = {"changed": HORSE, "withdrawn": CAT, "split": CAT}
    assert set(desk.offered(third, says.__getitem__)) == set(says)
    desk.work(JobKind.COLLECT)
    assert desk.corrections("changed") == [(DOG, CorrectionState.REVERTED), (HORSE, CorrectionState.APPLIED)]
    assert [one.superseded_at is None for one in desk.decisions("changed")] == [False, True]
    assert _carried(desk, ["changed"]) == {HORSE: 1}


def _an_adjudicator_settles(desk: Desk) -> None:
    says = {"late": HORSE, "split": HORSE, "withdrawn": CAT}
    assert set(desk.offered(desk.judge, says.__getitem__)) == set(says)
    desk.work(JobKind.COLLECT)
    assert desk.corrections("late") == [(DOG, CorrectionState.REVERTED), (HORSE, CorrectionState.APPLIED)]
    assert desk.corrections("split") == [(HORSE, CorrectionState.APPLIED)]
    assert desk.corrections("withdrawn") == [(DOG, CorrectionState.REVERTED)]
    assert "adjudicator" in (wording.reason_text(desk.decisions("split")[-1].reason) or "")


def _the_source_is_right(desk: Desk) -> None:
    expected = desk.scene.truth | dict.fromkeys(("changed", "late", "split"), HORSE)
    expected |= dict.fromkeys(("withdrawn", *PROBLEMS), CAT)
    assert desk.scene.labels() == expected
    n_corrected = 3 + len(HELD)
    assert desk.scene.annotations_per_task() == {1: len(ROWS) - n_corrected, 2: n_corrected}
    with desk.services.store.read() as unit:
        assert list(unit.audit.verify()) == []
        assert list(unit.jobs.dead()) == []
        done = Counter(entry.action for entry in unit.audit.entries(NAME))
    assert done["decision.reopened"] == 3
    assert done["correction.reverted"] == 3
    assert done["correction.applied"] == n_corrected + 3


def _the_report_says_so(desk: Desk, folder: Path) -> None:
    for name in ("report.html", "report.json"):
        desk.secondlook("report", NAME, "--validation", "--out", str(folder / name))
    found = json.loads((folder / "report.json").read_text())
    assert found["corrections"]["by_state"] == {"applied": 8, "reverted": 3}
    assert found["reviews"]["issues"] == {"accepted": 8, "rejected": 1, "unresolved": 3}
    assert found["reviews"]["set_aside"] == {"exclude": 1, "guideline_question": 1, "multi_label": 2}
    assert found["guidelines"]["notes"] == {"withdrawn": 1}
    assert {one["votes"] for one in found["reviewers"]} >= {len(GOLDEN) + len(DOUBTED) + len(HELD)}
    assert Counter(one["remedy"] for one in found["validation"]) == {"applied": 8, "reverted": 3}
    page = (folder / "report.html").read_text()
    assert "<horse>" not in page
    assert "&lt;horse&gt;" in page
    assert "No note stands in the instructions" in page
    assert "No control was decided yet" in page
    assert "labeled cat, decided as dog" in page
    desk.secondlook("status", NAME)
    desk.secondlook("audit", "verify")
