"""Who may decide about notes, and which words can be published."""

from __future__ import annotations

from typing import Any

import pytest

from connector.actions.notes import NoteKeeper
from connector.errors import BadPayload, NotFound, Rejected
from connector.wording import NOTE_CHARS
from tests.support.world import World

ACTIONS = ("guideline.accepted", "guideline.reworded", "guideline.withdrawn", "guideline.answered")


def keeper(world: World, unit: Any, by: str = "ada", adjudicators: tuple[str, ...] = ()) -> NoteKeeper:
    return NoteKeeper(unit, world.project, adjudicators, by)


def test_where_adjudicators_are_named_nobody_else_decides(world: World) -> None:
    with world.read() as unit:
        with pytest.raises(Rejected, match="is no adjudicator"):
            keeper(world, unit, "bo", ("ada",))
        with pytest.raises(BadPayload, match="say who decides"):
            keeper(world, unit, " ")
        assert keeper(world, unit, "ada", ("ada",)).by == "ada"


def test_notes_and_questions_that_do_not_exist_are_not_found(world: World) -> None:
    project = world.project
    with world.services.store.begin() as unit:
        known = NoteKeeper(unit, project, (), "ada")
        for action in (known.accept, known.withdraw):
            with pytest.raises(NotFound):
                action("nothing")
        with pytest.raises(NotFound):
            known.reword("nothing", "words")
        with pytest.raises(NotFound):
            known.answer("nothing", "words")
    assert [action for action in ACTIONS if world.audit(action)] == []


@pytest.mark.parametrize("words", ["", "  ", "x" * (NOTE_CHARS + 1)])
def test_words_that_cannot_be_published_change_nothing(world: World, words: str) -> None:
    world.some_right()
    world.wrong("odd", given="cat", truly="dog")
    world.settle()
    world.answer("odd", "rita", "dog", note="floppy ears")
    world.answer("odd", "ravi", "dog")
    world.later(seconds=61)
    before = world.notes()
    with world.read() as unit:
        (note,) = unit.notes.listed(world.project.id)
    audit = world.audit()

    with pytest.raises(BadPayload), world.services.store.begin() as unit:
        keeper(world, unit).reword(note.id, words)

    assert world.notes() == before
    assert world.audit() == audit
