"""Two installations on one project: the second refuses, and takes over only when it is told to."""

from __future__ import annotations

import pytest

from connector.errors import Misconfigured
from connector.model.jobs import JobKind
from tests.support.world import NAME, SCHEMA, World
from tests.unit.conftest import Build
from workers.cli.checks.platform import _alone


@pytest.fixture
def first(world: World) -> World:
    """It asks about "odd"."""
    world.some_right()
    world.wrong()
    world.settle()
    return world


def beside(build: Build, first: World, take_over: str | None = None) -> World:
    """Another installation, with a secret key of its own, on the project of the first."""
    other = build()
    other.server, other.source_id = first.server, first.source_id
    project = next(iter(other.settings.projects.values())).model_copy(update={"take_over": take_over})
    other.settings = other.settings.model_copy(
        update={"projects": dict.fromkeys(other.settings.projects, project)}
    )
    other.restart()
    return other


def test_the_second_asks_nobody_and_says_whose_project_it_is(first: World, build: Build) -> None:
    other = beside(build, first)
    other.settle()
    asked = len(first.review.held)

    assert f"another installation ({first.services.keyring.installation}) asks about the same labels" in str(
        other.project.paused_reason
    )
    assert len(first.review.held) == asked == 1
    assert sum(1 for board in first.server.boards.values() if board.owner_key) == 1


def test_the_second_takes_over_when_it_is_told_to_and_the_first_then_refuses(
    first: World, build: Build
) -> None:
    other = beside(build, first, take_over=first.services.keyring.installation)
    other.settle()
    assert other.project.paused_reason is None
    assert "odd" in other.asked()
    first.wrong("later", given="bird", truly="cat")
    first.later(hours=7)

    assert f"installation {other.services.keyring.installation} has taken over" in str(
        first.project.paused_reason
    )


def test_a_guideline_block_of_another_installation_is_left_alone(first: World, build: Build) -> None:
    first.agree("odd", "dog", note="floppy ears")
    first.later(seconds=61)
    first.source.guidelines_owner = "ffffffffffff"
    before = first.source.guidelines
    with first.services.store.begin() as unit:
        notes = unit.notes.in_states(first.project.id, ["published"])
        unit.notes.set_state([note.id for note in notes], "withdrawing")

    with pytest.raises(Misconfigured, match=r"ffffffffffff.*keeps the guideline block"):
        first.do(JobKind.GUIDELINES)
    assert first.source.guidelines == before


@pytest.mark.parametrize(("told", "adopted"), [(False, 0), (True, 1)])
def test_corrections_of_another_installation_are_owned_up_to_only_when_told_to_take_over(
    build: Build, told: bool, adopted: int
) -> None:
    first = build()
    first.some_right()
    first.wrong()
    first.settle()
    first.agree("odd", "dog")
    first.later(seconds=61)
    other = beside(build, first, take_over=first.services.keyring.installation if told else None)
    other.do(JobKind.SYNC)

    assert len(other.audit("correction.adopted")) == adopted
    assert first.labels("odd") == [("ann", "cat"), ("service", "dog")]


def test_doctor_says_which_installation_this_is_and_names_the_other(first: World, build: Build) -> None:
    other = beside(build, first)
    ours, theirs = other.services.keyring.installation, first.services.keyring.installation

    assert _alone(first.services, NAME, SCHEMA.control).found == f"this installation is {theirs}"
    with pytest.raises(Misconfigured, match=theirs) as refused:
        _alone(other.services, NAME, SCHEMA.control)
    assert theirs in refused.value.remedy
    assert ours != theirs
