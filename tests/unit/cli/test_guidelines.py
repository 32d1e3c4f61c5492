"""`secondlook guidelines`: what people decide about notes, and who is recorded as having decided it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from connector.model import GuidelineNote
from tests.support.commands import command
from tests.support.world import NAME, World

Build = Callable[..., World]
Run = Callable[..., tuple[int, str]]


@pytest.fixture
def world(build: Build) -> World:
    """A correction with notes that wait for a person, and a pair that is confused without one."""
    made: World = build(
        guidelines={"accept": "person", "question_after": 1},
        quality={"max_class_loss": 1.0, "rare_share": 0.0},
    )
    made.some_right(4)
    made.wrong("odd", given="cat", truly="dog")
    made.settle()
    made.answer("odd", "rita", "dog", note="floppy ears")
    made.answer("odd", "ravi", "dog")
    made.later(seconds=61)
    made.later(minutes=11)
    return made


@pytest.fixture
def secondlook(world: World, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `secondlook guidelines ...`: exit code and stdout."""

    def call(*arguments: str) -> tuple[int, str]:
        capsys.readouterr()
        code = command(world, "guidelines", arguments[0], NAME, *arguments[1:])
        return code, capsys.readouterr().out

    return call


def the_note(world: World, text: str = "floppy ears") -> GuidelineNote:
    with world.read() as unit:
        return next(note for note in unit.notes.listed(world.project.id) if note.text == text)


def test_a_note_is_listed_accepted_shown_and_withdrawn(world: World, secondlook: Run) -> None:
    note = the_note(world)
    code, listed = secondlook("list", "--state", "draft")
    assert code == 0
    assert note.id[:8] in listed
    assert "floppy ears" in listed

    assert secondlook("accept", note.id, "--by", "ada", "--text", "drooping ears") == (
        0,
        f"{note.id}: published\n",
    )
    assert "drooping ears" in world.source.guidelines
    code, shown = secondlook("show", note.id)
    assert "ada: guideline.accepted" in shown
    assert "ada: guideline.reworded" in shown
    assert "since its publication: nothing labeled yet" in shown

    assert secondlook("withdraw", note.id, "--by", "bo")[0] == 0
    assert world.source.guidelines == ""
    assert secondlook("withdraw", note.id, "--by", "bo")[0] == 1
    assert [actor for actor, _, _ in world.audit("guideline.withdrawn")] == ["bo"]
    assert [
        (actor, detail["before"], detail["after"]) for actor, _, detail in world.audit("guideline.reworded")
    ] == [("ada", "floppy ears", "drooping ears")]


def test_editing_makes_a_version_and_the_old_one_stands_in_history(world: World, secondlook: Run) -> None:
    note = the_note(world)
    secondlook("accept", note.id, "--by", "ada")
    secondlook("edit", note.id, "--text", "long ears", "--by", "ada")

    versions: list[dict[str, Any]] = json.loads(secondlook("history", "--json")[1])["versions"]

    assert [each["number"] for each in versions] == [1, 2]
    assert "floppy ears" in versions[0]["block"]
    assert "long ears" in versions[1]["block"]
    assert "floppy ears" in secondlook("history", "--version", "1")[1]
    assert "floppy ears" not in secondlook("history", "--version", "2")[1]


def test_a_question_is_listed_and_answered_once(world: World, secondlook: Run) -> None:
    (asked,) = json.loads(secondlook("questions", "--json")[1])["questions"]
    assert "labeled 'cat', decided as 'dog'" in secondlook("questions")[1]

    assert secondlook("answer", asked["id"], "Dogs bark.", "--by", "ada")[0] == 0

    assert "<b>dog</b>, not <b>cat</b>: Dogs bark. (ada," in world.source.guidelines
    assert secondlook("answer", asked["id"], "Again.", "--by", "ada")[0] == 1
    assert secondlook("questions")[1] == ""
    assert json.loads(secondlook("questions", "--all", "--json")[1])["questions"][0]["state"] == "closed"
    assert [actor for actor, _, _ in world.audit("guideline.answered")] == ["ada"]


def test_an_answer_that_is_taken_back_before_it_is_published_opens_its_question(
    world: World, secondlook: Run
) -> None:
    (asked,) = json.loads(secondlook("questions", "--json")[1])["questions"]
    world.reconfigure(writeback={"guidelines": False}, guidelines={"question_after": 1})
    secondlook("answer", asked["id"], "Dogs bark.", "--by", "ada", "--label", "cat")
    note = the_note(world, "Dogs bark.")
    assert (note.label, note.given, note.state) == ("cat", "dog", "accepted")

    secondlook("withdraw", note.id, "--by", "ada")

    assert json.loads(secondlook("questions", "--json")[1])["questions"][0]["state"] == "open"


def test_where_adjudicators_are_named_nobody_else_decides(world: World, secondlook: Run) -> None:
    world.reconfigure(review={"adjudicators": ["ada"]}, guidelines={"accept": "person"})
    note = the_note(world)

    assert secondlook("accept", note.id, "--by", "eve")[0] == 1
    assert the_note(world).state == "draft"
    assert secondlook("accept", note.id, "--by", "ada")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["accept", "nothing", "--by", "ada"], 1),
        (["accept", "NOTE", "--by", " "], 2),
        (["accept", "NOTE"], 2),
        (["accept", "NOTE", "--by", "ada", "--text", "x" * 501], 2),
        (["edit", "NOTE", "--by", "ada", "--text", "  "], 2),
        (["show", "nothing"], 1),
        (["history", "--version", "7"], 1),
        (["answer", "nothing", "text", "--by", "ada"], 1),
        (["answer", "QUESTION", "text", "--by", "ada", "--label", "bird"], 2),
    ],
)
def test_bad_input_is_refused_and_changes_nothing(
    world: World, secondlook: Run, arguments: list[str], code: int
) -> None:
    (asked,) = json.loads(secondlook("questions", "--json")[1])["questions"]
    names = {"NOTE": the_note(world).id, "QUESTION": asked["id"]}
    before = (world.notes(), len(world.audit()))

    assert secondlook(*(names.get(each, each) for each in arguments))[0] == code
    assert (world.notes(), len(world.audit())) == before
