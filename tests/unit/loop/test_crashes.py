"""The loop with a fault at every single point: in the end the world is as if there had been none.

A point is a commit (before and after), a call of the platform (before it is done, and after it is done
but before its answer comes), a message (before it is sent) and a claim. The loop is cut into chapters.
Each fault strikes in one of them, which is then told to its end: where the world is the same there as
without the fault, the chapters that follow are the same as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from connector.actions.held import release
from connector.errors import Retryable, SecondlookError, UnknownOutcome
from connector.model import CorrectionState
from connector.model.jobs import JobKind, JobState
from tests.support.world import NAME, Killed, World, withdrawn

Picture = dict[str, Any]
Chapter = Callable[[World], None]
POLL = 61.0  # seconds after which the service asks for changes again
WRITES = {
    *("ensure", "push", "set_overlap", "withdraw"),
    *("write", "revert", "write_guidelines", "ensure_webhook"),
}
ONCE = ("vote.given", "decision.", "correction.planned", "correction.applied", "correction.reverted")

FIRST_ROUND = {
    "odd": ("dog", "dog"),
    "fine": ("cat", "cat"),
    "split": ("bird", "dog"),
    "turned": ("dog", "dog"),
    "moved": (None, None),
}
LATE = ("remy", "ruth", "rene")
FEW, MANY = ("rita", "ravi"), ("rita", "ravi", "remy", "ruth", "rene")


def found(world: World) -> None:
    """Sync, scan, push; hooks and reconciliation beside them."""
    world.settle()


def answered(world: World) -> None:
    """Two reviewers answer, and an annotator changes a label that is in question."""
    for reviewer, n in (("rita", 0), ("ravi", 1)):
        for text, said in FIRST_ROUND.items():
            if said[n] is not None and reviewer not in answerers(world, text):
                world.answer(text, reviewer, said[n], note=f"why {text}, says {reviewer}")
    if world.labels("moved")[0] == ("ann", "bird"):
        world.relabel("moved", "cat")
    world.deliver()
    world.later(seconds=POLL)


def settled_by_a_third(world: World) -> None:
    """The tie has raised the overlap: a third reviewer is offered that task, and nothing else."""
    world.review_round(["rosa"], lambda _reviewer, text: {"label": "bird", "note": f"third on {text}"})
    world.later(seconds=POLL)


def overturned(world: World) -> None:
    """After the decisions, votes are changed and given: one correction is taken back, one replaced."""
    if ("rosa", "bird") in said(world, "split"):
        made = next(a for a in world.review_of("split").item.annotations if a.annotator == "rosa")
        world.edit_answer(made.remote_id, "dog", by="rosa")
    for reviewer in LATE:
        if reviewer not in answerers(world, "turned"):
            world.answer("turned", reviewer, "bird", note=f"late, says {reviewer}")
    world.later(seconds=POLL)


def reverted(world: World) -> None:
    """A person undoes one correction, and asks again if the first try was cut off."""
    if world.corrected("odd").state is CorrectionState.APPLIED:
        world.revert(world.corrected("odd").id)
    world.settle()


CHAPTERS: tuple[Chapter, ...] = (found, answered, settled_by_a_third, overturned, reverted)


def answerers(world: World, text: str) -> set[str | None]:
    return {given.annotator for given in world.review_of(text).item.annotations}


def said(world: World, text: str) -> set[tuple[str | None, str | None]]:
    return {(given.annotator, given.label) for given in world.review_of(text).item.annotations}


def at_the_start(world: World) -> None:
    world.some_right()
    world.wrong("odd", given="cat", truly="dog")
    world.wrong("fine", given="cat", truly="bird")
    world.wrong("split", given="dog", truly="bird")
    world.wrong("turned", given="cat", truly="dog")
    world.wrong("moved", given="bird", truly="cat")


def with_too_much_harm(world: World) -> None:
    """Three changes were taken back by people: more than chance, so that the next one is held."""
    world.some_right()
    for text in ("a", "b", "c", "last"):
        world.wrong(text, given="cat", truly="dog")
    world.settle()
    for reviewer in FEW:
        for text in ("a", "b", "c"):
            world.answer(text, reviewer, "dog")
        world.later(seconds=POLL)
    for text in ("a", "b", "c"):
        world.revert(world.corrected(text).id)
    for reviewer in MANY[:-1]:
        world.answer("last", reviewer, "dog")
    world.later(seconds=POLL)


def held(world: World) -> None:
    """One more answer decides for a change, which waits for a person."""
    if MANY[-1] not in answerers(world, "last"):
        world.answer("last", MANY[-1], "dog")
    world.later(seconds=POLL)


def released(world: World) -> None:
    """A person looks at it and lets it go."""
    correction = world.correction("last")
    if correction is not None and correction.state is CorrectionState.HELD:
        with world.services.store.begin() as unit:
            release(unit, world.project, "cat", "cli:olga", {correction.id})
    world.settle()


HELD_CHAPTERS: tuple[Chapter, ...] = (held, released)


@dataclass
class Story:
    """The loop without a fault: the world before each chapter, what it is after, the points between."""

    chapters: Sequence[Chapter]
    beginnings: list[World]
    endings: list[Picture]
    points: list[list[str]]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, template_database: Path) -> Story:
    folder = tmp_path_factory.mktemp("story")
    world = World(folder / "start", template_database)
    at_the_start(world)
    return told(world, CHAPTERS, folder)


@pytest.fixture(scope="module")
def harmful(tmp_path_factory: pytest.TempPathFactory, template_database: Path) -> Story:
    folder = tmp_path_factory.mktemp("harmful")
    review = {"rule": "shares", "calibration_share": 0.0, "change_confidence": 0.85}
    world = World(folder / "start", template_database, review=review)
    with_too_much_harm(world)
    return told(world, HELD_CHAPTERS, folder)


def told(world: World, chapters: Sequence[Chapter], folder: Path) -> Story:
    beginnings, endings, points = [], [], []
    for number, chapter in enumerate(chapters):
        world.close()
        beginnings.append(world)
        world = world.fork(folder / f"after-{number}")
        chapter(world)
        points.append(list(world.points.passed))
        endings.append(picture(world))
    world.close()
    return Story(chapters, beginnings, endings, points)


def picture(world: World) -> Picture:
    """All that people can see of a world, by the items' texts; no ids and no times."""
    texts = {issue.id: world.text_of(issue.item_id) for issue in world.issues()}
    with world.read() as unit:
        corrections = {c.id: c for issue_id in texts for c in unit.corrections.all_of_issue(issue_id)}
        decisions = {issue_id: unit.issues.decisions_of(issue_id) for issue_id in texts}
    subjects = texts | {c.id: f"{texts[c.issue_id]} → {c.label}" for c in corrections.values()}
    return {
        "labels": {
            held.item.data["text"]: sorted(
                (a.annotator, a.label, a.ground_truth, a.marker is not None) for a in held.item.annotations
            )
            for held in world.source.held.values()
        },
        "guidelines": world.source.guidelines,
        "asked": sorted(
            (
                held.item.data["text"],
                held.overlap,
                tuple(sorted((a.annotator, a.label) for a in held.item.annotations)),
            )
            for held in world.review.held.values()
            if not withdrawn(held)
        ),
        "review projects": sum(1 for board in world.server.boards.values() if board.owner_key),
        "hooks": {board.title: len(board.hooks) for board in world.server.boards.values()},
        "issues": sorted(
            (texts[i.id], i.kind, i.state, i.given, i.suggested, i.reason) for i in world.issues()
        ),
        "votes": {
            text: sorted((v.reviewer, v.label, v.counted, v.withdrawn, v.reason) for v in world.votes(text))
            for text in sorted(set(texts.values()))
        },
        "corrections": sorted(
            (texts[c.issue_id], c.state, c.given, c.label, c.before is None, c.after is None, c.error)
            for c in corrections.values()
        ),
        "decisions": sorted(
            (texts[issue_id], [(d.outcome, d.label, d.superseded_at is None) for d in made])
            for issue_id, made in decisions.items()
        ),
        "notes": world.notes(),
        "done once": done_once(world, subjects),
        "audit": world.audit_faults(),
        "dead jobs": [job.error for job in world.jobs(JobState.DEAD)],
        "running jobs": [job.kind for job in world.jobs(JobState.RUNNING)],
        "paused": world.project.paused_reason,
    }


def done_once(world: World, subjects: dict[str, str]) -> Counter[tuple[str, str]]:
    with world.read() as unit:
        rows = list(unit.audit.entries(NAME))
    return Counter((r.action, subjects.get(r.subject, r.subject)) for r in rows if r.action.startswith(ONCE))


def tell(world: World, chapter: Chapter) -> None:
    """Tell a chapter; when it is cut off the service starts again, and the chapter is taken up again."""
    try:
        chapter(world)
    except Killed:
        world.restart()
        world.settle()
        chapter(world)
    except SecondlookError:  # said to a person, or logged by the scheduler
        world.settle()
        chapter(world)


def struck(
    story: Story, chapter: int, error: Callable[[str], BaseException | None], folder: Path
) -> list[str]:
    """Tell a chapter once for each of its points that the error can strike; what went wrong."""
    wrong: list[str] = []
    for number, point in enumerate(story.points[chapter]):
        fault = error(point)
        if fault is None:
            continue
        world = story.beginnings[chapter].fork(folder / str(number))
        world.points.strike(number, fault)
        try:
            tell(world, story.chapters[chapter])
            wrong += [
                f"{number} {point}: {said}" for said in differences(picture(world), story.endings[chapter])
            ]
        except (SecondlookError, AssertionError) as failure:
            wrong.append(f"{number} {point}: {failure!r}")
        finally:
            world.close()
    return wrong


def differences(seen: Picture, expected: Picture) -> list[str]:
    return [
        f"{part} is {seen[part]}, not {expected[part]}" for part in expected if seen[part] != expected[part]
    ]


def killed(point: str) -> BaseException | None:
    """A kill leaves behind what is stored here and there. So one point after each change of that is enough:

    the points between it and the next change (messages, reads, a transaction that is rolled back) leave
    the same behind.
    """
    changed = point == "committed" or point.startswith("claimed") or done_unheard(point) is not None
    return Killed(point) if changed else None


def not_done(point: str) -> BaseException | None:
    """The other side could not be reached: platform or database."""
    return Retryable(point) if point.startswith("call") or point == "commit" else None


def done_unheard(point: str) -> BaseException | None:
    """The platform has done it, and the answer was lost."""
    kind, _, operation = point.partition(" ")
    return UnknownOutcome(point) if kind == "answer" and operation in WRITES else None


@pytest.mark.parametrize("chapter", range(len(CHAPTERS)), ids=[chapter.__name__ for chapter in CHAPTERS])
@pytest.mark.parametrize("error", [killed, not_done, done_unheard], ids=lambda error: error.__name__)
def test_a_fault_at_any_point_leaves_no_trace(
    story: Story, chapter: int, error: Callable[[str], BaseException | None], tmp_path: Path
) -> None:
    assert struck(story, chapter, error, tmp_path) == []


@pytest.mark.parametrize("chapter", range(len(HELD_CHAPTERS)), ids=[one.__name__ for one in HELD_CHAPTERS])
def test_a_kill_at_any_point_neither_loses_nor_writes_what_is_held(
    harmful: Story, chapter: int, tmp_path: Path
) -> None:
    assert [state for _, state, *_ in harmful.endings[0]["corrections"]].count("held") == 1
    assert harmful.endings[0]["labels"]["last"] == [("ann", "cat", False, False)]
    assert ("service", "dog", True, True) in harmful.endings[1]["labels"]["last"]
    assert struck(harmful, chapter, killed, tmp_path) == []


def test_the_faults_strike_every_handler(story: Story) -> None:
    passed = {point for points in story.points for point in points}

    # Struck in their own tests: shared scans in detect/test_shard.py, maps in detect/test_map.py, reports.
    elsewhere = {JobKind.SHARD, JobKind.REDUCE, JobKind.AUDIT, JobKind.MAP}
    unclaimed = {f"claimed {kind.value}" for kind in set(JobKind) - elsewhere} - passed
    assert unclaimed == set()
    assert {f"answer {operation}" for operation in WRITES} - passed == set()


def test_the_story_is_the_one_that_is_meant(story: Story) -> None:
    end = story.endings[-1]
    assert end["labels"]["odd"] == [("ann", "cat", False, False)], "corrected and reverted"
    assert story.endings[2]["labels"]["split"][-1] == ("service", "bird", True, True)
    assert end["labels"]["split"] == [("ann", "dog", False, False)], "a vote was changed"
    assert end["labels"]["turned"] == [("ann", "cat", False, False), ("service", "bird", True, True)]
    assert {text: state for text, _, state, *_ in end["issues"]} == {
        "odd": "accepted",
        "fine": "rejected",
        "split": "rejected",
        "turned": "accepted",
        "moved": "stale",
    }
    assert "third on split" in story.endings[2]["guidelines"]
    assert "third on split" not in end["guidelines"], "withdrawn with its decision"
    assert "why odd" not in end["guidelines"], "withdrawn with its correction"
    often = {key: n for key, n in end["done once"].items() if n > 1 and key[0] != "vote.given"}
    assert often == {("decision.accept", "turned"): 2}
