"""What a scan finds besides suspicious labels: stored, shown, told to reviewers, and asked where wanted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connector.model import IssueKind, IssueState
from connector.model.findings import Finding, FindingKind
from connector.model.jobs import JobKind
from connector.store.views.findings import finding_views, kind_views, looked_view
from tests.support.world import CLASSES, NAME, World

Build = Callable[..., World]
SURE = {"dog": {"dog": 0.92, "cat": 0.05, "bird": 0.03}, "cat": {"cat": 0.92, "dog": 0.05, "bird": 0.03}}


def scanned(world: World) -> dict[str, Any]:
    world.do(JobKind.SYNC)
    return dict(world.do(JobKind.SCAN))


def findings(world: World, kind: FindingKind) -> list[Finding]:
    with world.read() as unit:
        found = unit.findings.of_items(range(1, 1000))
        views = finding_views(unit, project=NAME, kind=kind, limit=1000).items
    by_id = {one.id: one for of_item in found.values() for one in of_item}
    return [by_id[view.id] for view in views if view.id in by_id]


def texts(world: World, kind: FindingKind) -> list[str]:
    return [world.text_of(one.item_id) for one in findings(world, kind) if one.item_id is not None]


def conflict(world: World, text: str = "the same words") -> None:
    """One text, twice, with two labels; the model agrees with each of them."""
    world.item(text, "dog", **SURE["dog"])
    world.item(f"  {text.replace(' ', '  ')} ", "cat", **SURE["cat"])


def test_every_kind_is_stored_with_facts_and_a_sentence(world: World) -> None:
    world.some_right(4)
    conflict(world)
    world.item("twice", "dog", **SURE["dog"])
    world.item("twice", "dog", **SURE["dog"])
    world.item("between", "dog", dog=0.5, cat=0.48, bird=0.02)
    divided = world.item("divided", "dog", **SURE["dog"])
    world.server.annotate(world.source_id, divided, "cat", "ben")
    skipped = world.item("skipped")
    world.server.annotate(world.source_id, skipped, None, "ann", cancelled=True)

    scanned(world)

    assert len(texts(world, FindingKind.LABEL_CONFLICT)) == 2
    assert texts(world, FindingKind.NEAR_DUPLICATE) == ["twice", "twice"]
    assert texts(world, FindingKind.AMBIGUOUS) == ["between"]
    assert texts(world, FindingKind.DISAGREEMENT) == ["divided"]
    assert texts(world, FindingKind.INVALID_LABEL) == ["skipped"]
    with world.read() as unit:
        shown = finding_views(unit, project=NAME).items
        looked = looked_view(unit, world.project.id)
    assert all(one.why.endswith((".", "?")) and 0 <= one.score <= 1 for one in shown)
    assert looked.found["near_duplicate"] == 2
    assert looked.not_looked_for["worse_group"]
    assert world.last_scan().report.findings["ambiguous"] == 1


def test_a_scan_replaces_what_the_last_one_found(world: World) -> None:
    world.some_right(4)
    conflict(world)
    scanned(world)
    world.server.annotate(world.source_id, world.held("the same words").item.remote_id, "dog", "ann")
    held = [one for one in world.source.held.values() if "same" in one.item.data["text"]]
    for one in held:
        world.server.edit(world.source_id, one.item.annotations[0].remote_id, "dog", "ann")
    world.clock.advance(minutes=5)
    scanned(world)
    assert texts(world, FindingKind.LABEL_CONFLICT) == []
    assert len(texts(world, FindingKind.NEAR_DUPLICATE)) == 2


def test_findings_about_items_that_are_gone_are_not_shown(world: World) -> None:
    world.some_right(4)
    world.item("twice", "dog", **SURE["dog"])
    gone = world.item("twice", "dog", **SURE["dog"])
    scanned(world)
    world.server.delete_item(world.source_id, gone)
    world.do(JobKind.RECONCILE)
    with world.read() as unit:
        assert len(finding_views(unit, project=NAME, kind=FindingKind.NEAR_DUPLICATE).items) == 1


def test_too_few_labels_to_judge_are_still_looked_at(world: World) -> None:
    for n in range(3):
        world.item(f"only {n}", "dog")
    skipped = world.item("skipped")
    world.server.annotate(world.source_id, skipped, None, "ann", cancelled=True)
    scanned(world)
    assert texts(world, FindingKind.INVALID_LABEL) == ["skipped"]
    with world.read() as unit:
        rare = finding_views(unit, project=NAME, kind=FindingKind.RARE_CLASS).items
        looked = looked_view(unit, world.project.id)
    assert {one.subject for one in rare} == {"bird", "cat"}
    assert "probabilities" in looked.not_looked_for["ambiguous"]


def test_of_duplicates_with_two_labels_one_is_asked_about(world: World) -> None:
    world.some_right(4)
    conflict(world)
    world.settle()
    (issue,) = world.issues()
    assert (issue.kind, issue.state) == (IssueKind.LABEL_CONFLICT, IssueState.IN_REVIEW)
    other = {"dog": "cat", "cat": "dog"}[issue.given]
    assert issue.suggested == other
    (task,) = world.review.held.values()
    context = str(task.item.data["secondlook_context"])
    assert context.startswith("Another item has the same content and another label: ")
    assert f"is labeled '{other}', this one '{issue.given}'. Please verify." in context
    assert "sure this is" not in context


def test_an_answered_conflict_is_asked_of_the_other_item_and_then_no_more(world: World) -> None:
    world.some_right(4)
    conflict(world)
    world.settle()
    for _ in range(3):
        for text in world.asked():
            issue = world.issue(text)
            if issue.state is IssueState.IN_REVIEW:
                world.agree(text, issue.given)
        world.later(hours=25)
    assert [issue.state for issue in world.issues()] == [IssueState.REJECTED] * 2
    assert len({issue.item_id for issue in world.issues()}) == 2


@pytest.mark.parametrize(
    ("kinds", "asked"),
    [
        ([], []),
        (["label_conflict"], [IssueKind.LABEL_CONFLICT]),
        (["ambiguous", "disagreement"], [IssueKind.AMBIGUOUS, IssueKind.DISAGREEMENT]),
    ],
)
def test_the_policy_says_what_else_is_asked(build: Build, kinds: list[str], asked: list[IssueKind]) -> None:
    world = build(policy={"review_kinds": kinds})
    world.some_right(4)
    conflict(world)
    world.item("between", "dog", dog=0.5, cat=0.48, bird=0.02)
    divided = world.item("divided", "dog", **SURE["dog"])
    world.server.annotate(world.source_id, divided, "cat", "ben")
    scanned(world)
    assert sorted(issue.kind for issue in world.issues()) == sorted(asked)


def test_other_questions_wait_among_the_suspicious_labels_and_not_behind_them(build: Build) -> None:
    world = build(policy={"budget": 5})
    world.some_right(8)
    for n in range(8):
        world.wrong(f"odd {n}", given=CLASSES[n % 3], truly=CLASSES[(n + 1) % 3])
    conflict(world)
    scanned(world)
    opened = [issue.kind for issue in world.issues(IssueState.OPEN)]
    assert opened == [IssueKind.LABEL_ERROR] * 3 + [IssueKind.LABEL_CONFLICT, IssueKind.LABEL_ERROR]
    assert len(world.issues(IssueState.SUPPRESSED)) == 4
    assert sorted(issue.rank for issue in world.issues()) == list(range(9))


def test_reviewers_of_a_suspicious_label_are_told_what_else_was_found(world: World) -> None:
    world.some_right(4)
    world.item("the same words", "dog", **SURE["dog"])
    world.item("the same words", "cat", **SURE["dog"])
    world.settle()
    (issue,) = world.issues()
    assert issue.kind is IssueKind.LABEL_ERROR
    (task,) = world.review.held.values()
    first, *rest = str(task.item.data["secondlook_context"]).split("\n")
    assert first.startswith("The model is 92% sure")
    assert any(line.startswith("Another item has the same content and another label") for line in rest)


def test_a_blind_task_says_nothing_of_findings(build: Build) -> None:
    world = build(policy={"blind_share": 1.0})
    world.some_right(4)
    conflict(world)
    world.settle()
    assert [issue.kind for issue in world.issues()] == [IssueKind.LABEL_CONFLICT]
    (task,) = world.review.held.values()
    assert (
        task.item.data["secondlook_context"] == "Please label this item as if nobody had labeled it before."
    )


def test_all_kinds_that_were_found_are_viewed_with_their_first(world: World) -> None:
    world.some_right(4)
    for _ in range(5):
        world.item("five times", "dog", **SURE["dog"])
    scanned(world)
    with world.read() as unit:
        (kind,) = kind_views(unit, NAME)
        assert kind_views(unit, "nobody") == []
    assert (kind.kind, kind.total, len(kind.first)) == (FindingKind.NEAR_DUPLICATE, 5, 3)
