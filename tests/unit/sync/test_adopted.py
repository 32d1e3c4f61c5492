"""Which marks on a platform are owned up to: ours, about the item that they stand on, as we left them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from connector.model import (
    CorrectionState,
    FlagEvidence,
    Issue,
    IssueKind,
    IssueState,
    Item,
    OwnWrite,
    WriteMode,
    WriteOrigin,
)
from connector.model.jobs import JobKind
from tests.support.world import World
from tests.unit.conftest import Build
from workers.sync.adopted import adopt_unknown

OURS = "this installation"
ISSUE = "an issue that is not known here"


@pytest.fixture
def world(build: Build) -> World:
    world = build()
    world.wrong("odd")
    world.wrong("other")
    world.do(JobKind.SYNC)
    return world


def corrected(world: World, text: str = "odd", **says: Any) -> Item:
    """The item with a ground truth of ours beside the original, as a mark tells of it."""
    item, us = world.held(text).item, world.project.service_user
    (original,) = item.annotations
    ours = replace(original, remote_id=f"{text} 2", annotator=us, updated_by=us, label="dog")
    origin = WriteOrigin(
        OURS, ISSUE, item.remote_id, original.remote_id, WriteMode.GROUND_TRUTH, "cat", "dog"
    )
    write = OwnWrite(ours.remote_id, f"marker of {text}", origin=replace(origin, **says))
    return replace(item, annotations=(original, ours), own_writes=(write,))


def adopted(world: World, *items: Item) -> int:
    with world.services.store.begin() as unit:
        return adopt_unknown(unit, world.project, items, {OURS})


def written(item: Item, **says: Any) -> Item:
    return replace(item, own_writes=(replace(item.own_writes[0], **says),))


def saved_by(item: Item, who: str) -> Item:
    original, ours = item.annotations
    return replace(item, annotations=(original, replace(ours, updated_by=who)))


def test_a_correction_that_is_not_known_is_owned_up_to_once(world: World) -> None:
    item = corrected(world)
    assert adopted(world, item) == 1
    assert (world.corrected("odd").given, world.corrected("odd").label) == ("cat", "dog")
    assert adopted(world, item) == 0


@pytest.mark.parametrize(
    "claimed",
    [
        lambda world: written(corrected(world), origin=None),
        lambda world: corrected(world, installation="another installation"),
        lambda world: corrected(world, item="another item"),
        lambda world: written(corrected(world), untouched=False),
        lambda world: saved_by(corrected(world), "ann"),
        lambda world: written(corrected(world, annotation="gone"), remote_id="gone too"),
    ],
    ids=["no origin", "another installation", "a copied item", "edited", "saved by another", "nothing left"],
)
def test_what_may_be_anybodys_is_not(world: World, claimed: Callable[[World], Item]) -> None:
    assert adopted(world, claimed(world)) == 0
    assert world.audit("correction.adopted") == []


def test_an_issue_of_another_item_is_not_decided_by_a_mark(world: World) -> None:
    assert adopted(world, corrected(world, "odd")) == 1
    assert adopted(world, corrected(world, "other")) == 0


def asked_about(world: World, given: str, place: str = "") -> str:
    """A question that is open about a label of the item."""
    with world.services.store.begin() as unit:
        remote_id, project = world.held("odd").item.remote_id, world.project
        item_id = unit.items.ids_by_remote(project.id, [remote_id])[remote_id]
        (annotation,) = unit.items.annotations_of(item_id).values()
        issue = Issue(
            f"about {given}", project.id, item_id, annotation.id, annotation.label_version,
            annotation.updated_at, IssueKind.LABEL_ERROR, IssueState.OPEN, given, "dog", 0.1, 0.9, 1,
            "self_confidence", "1", "scan", FlagEvidence(), place=place,
        )  # fmt: skip
        unit.issues.add([issue])
    return issue.id


def test_questions_about_the_label_that_was_corrected_end_and_others_stay(world: World) -> None:
    about_it, about_another = asked_about(world, "cat"), asked_about(world, "bird", "elsewhere")
    assert adopted(world, corrected(world)) == 1
    states = {issue.id: issue.state for issue in world.issues()}
    assert (states[about_it], states[about_another]) == (IssueState.STALE, IssueState.OPEN)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (CorrectionState.PENDING, CorrectionState.CANCELLED),
        (CorrectionState.HELD, CorrectionState.CANCELLED),
        (CorrectionState.APPLIED, CorrectionState.REVERTED),
        (CorrectionState.REVERTING, CorrectionState.REVERTED),
        (CorrectionState.CONFLICT, CorrectionState.CONFLICT),
    ],
)
def test_a_correction_that_is_owned_up_to_takes_the_place_of_the_one_that_was_known(
    world: World, before: CorrectionState, after: CorrectionState
) -> None:
    first = corrected(world)
    assert adopted(world, first) == 1
    with world.services.store.begin() as unit:
        unit.corrections.set_state(first.own_writes[0].marker, before)
    assert adopted(world, written(first, marker="the later one")) == 1
    with world.read() as unit:
        states = {one.id: one.state for one in unit.corrections.all_of_issue(ISSUE)}
        standing = [one for one in unit.issues.decisions_of(ISSUE) if one.superseded_at is None]
    assert states == {first.own_writes[0].marker: after, "the later one": CorrectionState.APPLIED}
    assert len(standing) == 1


def test_what_was_written_is_enough_where_the_original_is_gone(world: World) -> None:
    """In place of the original stands our own: here the annotation itself carries the correction."""
    original = world.held("odd").item.annotations[0].remote_id
    item = written(corrected(world, annotation="gone"), remote_id=original)
    assert adopted(world, saved_by_us(item, world)) == 1


def saved_by_us(item: Item, world: World) -> Item:
    us = world.project.service_user
    return replace(item, annotations=tuple(replace(each, updated_by=us) for each in item.annotations))
