"""What reviews say of all labels, in the small world and on counts."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from connector.errors import Retryable
from connector.model import CorrectionState, Problem
from connector.model.jobs import JobKind
from connector.wording import reason_text, reason_texts
from tests.support.world import CLASSES, World
from workers.report.gather import Asked, report
from workers.review.quality.conclusions import alarms, verdict
from workers.review.quality.figures import QualityFigures, figures

Build = Callable[..., World]


def measured(world: World) -> QualityFigures:
    with world.read() as unit:
        return figures(unit, world.project, world.settings.projects["animals"].quality)


def reviewed(world: World) -> World:
    """Everybody answers all that is offered, with the truth: what the item's text begins with."""
    for _ in range(3):
        world.review_round(("rita", "ravi"), lambda _who, text: {"label": text.split()[0]})
        world.later(seconds=61)
    return world


def labelled(world: World, *, right: int, wrong: int) -> World:
    """Items whose text names the truth; the wrong ones are labeled cat and are dogs."""
    for label in CLASSES:
        for n in range(right):
            rest = {other: 0.05 for other in CLASSES if other != label}
            world.item(f"{label} {n}", label, **{label: 0.9, **rest})
    for n in range(wrong):
        world.wrong(f"dog wrong {n}", given="cat", truly="dog")
    world.settle()
    return world


def test_before_anything_is_known_labels_are_not_clean(world: World) -> None:
    found = measured(world)

    assert (found.remaining_high, found.clean_enough) == (1.0, False)
    assert reason_text(verdict(found)) == "Nothing was scanned yet, so nothing can be said of the labels."


def test_without_controls_nothing_is_claimed(world: World) -> None:
    found = measured(reviewed(labelled(world, right=3, wrong=1)))

    assert not found.clean_enough
    assert "no control was answered yet" in reason_text(verdict(found))


def test_controls_give_an_exact_bound_for_what_was_not_flagged(build: Build) -> None:
    world = labelled(
        build(policy={"control_share": 0.9}, quality={"target_error_rate": 0.2}), right=20, wrong=3
    )
    found = measured(reviewed(world))

    assert (found.controls.hits, found.controls.n) == (0, found.controls.n)
    assert found.controls.n > 20
    # Clopper and Pearson without a hit: 1 - (0.05 / 2) ** (1 / n)
    bound = 1 - 0.025 ** (1 / found.controls.n)
    assert found.controls.high == pytest.approx(bound)
    assert found.remaining_high == pytest.approx(bound * 60 / 63, rel=0.06)
    assert found.clean_enough
    assert reason_text(verdict(found)).startswith("Clean enough: with 95% confidence at most ")


def test_flags_that_wait_count_as_far_as_decided_flags_were_right(build: Build) -> None:
    world = labelled(build(policy={"control_share": 0.5, "budget": 4}), right=10, wrong=6)

    found = measured(world)

    assert found.waiting == 6
    assert not found.clean_enough
    assert found.remaining_high >= 6 / 36


def test_labels_found_wrong_that_still_stand_count_as_wrong(build: Build) -> None:
    world = labelled(
        build(
            policy={"control_share": 0.9, "class_cap": 1.0},
            quality={"target_error_rate": 0.2},
            writeback={"mode": "dry_run"},
        ),
        right=20,
        wrong=15,
    )
    found = measured(reviewed(world))

    assert (found.waiting, found.unwritten, found.flags.accepted) == (0, 15, 15)
    assert found.remaining_high >= 15 / 75
    assert not found.clean_enough
    assert "15 labels found wrong still stand" in reason_text(verdict(found))

    for n in range(15):  # somebody does by hand what the dry run has told
        world.relabel(f"dog wrong {n}", "dog")
    world.deliver()
    world.settle()
    assert measured(world).unwritten == 0


def test_flags_left_unresolved_are_not_taken_for_right(build: Build) -> None:
    world = labelled(
        build(
            policy={"control_share": 0.9, "class_cap": 1.0, "budget": 200},
            quality={"target_error_rate": 0.2},
        ),
        right=20,
        wrong=15,
    )

    def say(_who: str, text: str) -> dict[str, object]:
        wrong = "wrong" in text
        return {"problems": [Problem.NONE_FITS]} if wrong else {"label": text.split(maxsplit=1)[0]}

    world.review_round(("rita", "ravi"), say)
    world.later(seconds=61)
    found = measured(world)

    assert (found.waiting, found.flags.unresolved, found.controls.hits) == (0, 15, 0)
    assert found.remaining_high >= 15 / 75
    assert not found.clean_enough


def test_flags_are_counted_by_how_they_ended(world: World) -> None:
    labelled(world, right=4, wrong=2)
    world.wrong("cat but flagged", given="cat", truly="dog")
    world.later(hours=25)

    found = measured(reviewed(world))

    assert (found.flags.accepted, found.flags.rejected, found.flags.unresolved) == (2, 1, 0)
    assert found.flags.precision.value == pytest.approx(2 / 3)
    assert [(one.name, one.accepted, one.rejected) for one in found.by_class] == [("cat", 2, 1)]
    assert [one.name for one in found.by_method] == ["predicted_neq_given"]
    assert found.change == {"cat": -2, "dog": 2}


def test_the_effect_of_seeing_the_suggestion_is_measured_and_said(build: Build) -> None:
    """Reviewers who see a suggestion take it; blind, they say what they see."""
    world = labelled(build(policy={"blind_share": 0.5, "budget": 100}), right=40, wrong=0)
    for n in range(60):
        world.wrong(f"cat {n + 100}", given="cat", truly="dog")
    world.later(hours=25)

    def say(_who: str, text: str) -> dict[str, str]:
        shown = not world.task(text).blind
        return {"label": "dog" if shown else "cat"}

    world.review_round(("rita", "ravi"), say)
    world.later(seconds=61)
    found = measured(world)

    assert found.anchoring.effect == 1.0
    assert found.anchoring.low > 0.8
    texts = reason_texts(alarms(found, world.settings.projects["animals"].quality))
    assert any("choose it 100.0 points more often" in text for text in texts)


def test_what_was_flagged_in_vain_is_asked_later(build: Build) -> None:
    """Flags cat → dog are right, flags bird → cat never; the queue notices after ten verdicts."""
    world = build(policy={"budget": 10})
    world.some_right(60)
    for n in range(20):
        world.wrong(f"bird {n + 100}", given="bird", truly="cat")
        world.wrong(f"dog {n + 100}", given="cat", truly="dog")
    world.settle()
    first = world.asked()

    world.review_round(("rita", "ravi"), lambda _who, text: {"label": text.split()[0]})
    world.later(seconds=61)

    after = [text.split()[0] for text in world.asked() if text not in first]
    assert len(first) == len(after) == 10
    assert after.count("dog") >= 8
    assert "bird" in after, "a pair that was flagged in vain is never given up"


def test_figures_are_equal_however_often_they_are_computed(world: World) -> None:
    labelled(world, right=3, wrong=2)
    reviewed(world)
    world.do(JobKind.SCAN)

    assert measured(world) == measured(world)


def test_quality_and_report_say_the_same_of_what_moved_while_a_correction_is_pending(world: World) -> None:
    world.some_right()
    world.wrong("odd", given="cat", truly="dog")
    world.settle()
    world.server.fail("prepare", Retryable("away"))
    world.agree("odd", "dog")
    world.clock.advance(seconds=61)
    world.do(JobKind.COLLECT)
    world.run_messages()
    assert world.corrected("odd").state is CorrectionState.PENDING

    assert moves(world) == ([], [])
    world.later(hours=1)
    assert moves(world) == ([("cat", "dog", 1)], [("cat", "dog", 1)])


def moves(world: World) -> tuple[list[tuple[str, str, int]], list[tuple[str, str, int]]]:
    """What moved, as `quality` and as a report say it."""
    settings = world.settings.projects["animals"]
    with world.read() as unit:
        dated = report(unit, Asked(world.project, settings, unit.now, "person", "asked for"), None)
    return (
        [(one.given, one.label, one.n) for one in measured(world).moved],
        [(one.given, one.label, one.items) for one in dated.corrections.moved],
    )
