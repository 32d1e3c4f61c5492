"""Corrections do not empty a class behind everybody's back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from connector.actions.held import discard, release
from connector.errors import Conflict
from connector.model import Correction, CorrectionState
from connector.model.jobs import JobKind
from tests.support.world import CLASSES, World
from workers.review.quality.fairness import FREE_LOSS

Build = Callable[..., World]
POLICY = {"min_class_examples": 5, "class_cap": 1.0}


def biased(world: World, *, birds: int, others: int) -> World:
    """A rare class, labeled rightly, that the model takes for another; reviewers believe the model."""
    for label in ("cat", "dog"):
        for n in range(others):
            rest = {other: 0.05 for other in CLASSES if other != label}
            world.item(f"{label} {n}", label, **{label: 0.9, **rest})
    for n in range(birds):
        world.item(f"bird {n}", "bird", bird=0.05, cat=0.05, dog=0.9)
    world.settle()
    return world


def credulous(world: World, rounds: int = 4) -> World:
    for _ in range(rounds):
        world.review_round(("rita", "ravi", "rosa"), lambda _who, _text: {"label": "dog"})
        world.later(seconds=61)
    return world


def birds_left(world: World) -> int:
    """Birds whose label nobody has replaced."""
    texts = [str(held.item.data["text"]) for held in world.source.held.values()]
    return sum(1 for text in texts if text.startswith("bird") and len(world.labels(text)) == 1)


def states(world: World) -> dict[str, int]:
    with world.read() as unit:
        return {state.value: n for state, n in unit.corrections.counts(world.project.id).items()}


@pytest.mark.parametrize(("birds", "others"), [(6, 30), (20, 30), (10, 495)])  # the last is one percent
def test_a_rare_class_survives_a_model_that_is_biased_against_it(
    build: Build, birds: int, others: int
) -> None:
    world = credulous(biased(build(policy=POLICY), birds=birds, others=others))

    assert birds_left(world) == birds - max(FREE_LOSS, int(0.2 * birds))
    assert states(world)["held"] == birds - states(world)["applied"]


def test_without_the_limit_no_more_than_the_least_would_be_left(build: Build) -> None:
    settings = {"quality": {"max_class_loss": 1.0}, "policy": {**POLICY, "min_class_examples": 1}}
    world = credulous(biased(build(**settings), birds=6, others=30))

    assert birds_left(world) == 1


def test_what_is_held_waits_for_a_person_who_is_named(build: Build) -> None:
    world = credulous(biased(build(policy=POLICY), birds=20, others=30))
    before = birds_left(world)
    held = world_held(world)

    with world.services.store.begin() as unit:
        release(unit, world.project, "bird", "cli:olga", {one.id for one in held[:3]})
        with pytest.raises(Conflict, match=held[0].id):
            release(unit, world.project, "bird", "cli:olga", {held[0].id, held[3].id})
        discard(unit, world.project, "bird", "cli:olga")
    world.settle()

    assert birds_left(world) == before - 3
    assert "held" not in states(world)
    assert {actor for actor, _, _ in world.audit("correction.released")} == {"cli:olga"}
    assert len(world.audit("correction.discarded")) == len(held) - 3
    assert world.audit_faults() == []


def test_what_is_discarded_takes_its_notes_with_it(build: Build) -> None:
    world = biased(build(policy=POLICY), birds=6, others=30)
    world.review_round(("rita", "ravi"), lambda _who, text: {"label": "dog", "note": f"{text} barks"})
    world.later(seconds=61)
    held = world_held(world)
    noted = {f"{world.text_of(one.item_id)} barks" for one in held}
    assert {world.notes()[text] for text in noted} == {"draft"}

    with world.services.store.begin() as unit:
        discard(unit, world.project, "bird", "cli:olga")

    assert {world.notes()[text] for text in noted} == {"withdrawn"}


def test_after_a_release_the_class_may_lose_as_much_again(build: Build) -> None:
    world = credulous(biased(build(policy={**POLICY, "budget": 6}), birds=20, others=30), rounds=1)
    applied = states(world)["applied"]
    held = world_held(world)
    with world.services.store.begin() as unit:
        release(unit, world.project, "bird", "cli:olga")
    world.settle()

    credulous(world, rounds=1)

    assert states(world)["applied"] > applied + len(held)


def test_a_class_that_gains_as_much_as_it_loses_is_not_held(world: World) -> None:
    world.some_right(30)
    for n in range(6):
        world.wrong(f"dog {n + 100}", given="cat", truly="dog")
        world.wrong(f"cat {n + 100}", given="dog", truly="cat")
    world.settle()
    world.review_round(("rita", "ravi"), lambda _who, text: {"label": text.split()[0]})
    world.later(seconds=61)

    assert states(world) == {"applied": 12}


def test_a_scan_does_not_forget_what_is_held(build: Build) -> None:
    world = credulous(biased(build(policy=POLICY), birds=6, others=30))
    held = len(world_held(world))

    world.do(JobKind.SCAN)
    world.settle()

    assert len(world_held(world)) == held


@pytest.mark.parametrize("shard_rows", [None, 13])
def test_a_rare_class_asks_for_one_more_agreeing_vote(build: Build, shard_rows: int | None) -> None:
    shards = {} if shard_rows is None else {"shard_rows": shard_rows}
    world = build(policy={**POLICY, **shards}, quality={"rare_share": 0.2, "rare_quorum": 3})
    biased(world, birds=5, others=30)

    world.review_round(("rita", "ravi"), lambda _who, _text: {"label": "dog"})
    world.later(seconds=61)
    assert birds_left(world) == 5

    world.review_round(("rosa",), lambda _who, _text: {"label": "dog"})
    world.later(seconds=61)
    assert birds_left(world) < 5


def world_held(world: World) -> list[Correction]:
    with world.read() as unit:
        return unit.corrections.listed(world.project.id, CorrectionState.HELD)
