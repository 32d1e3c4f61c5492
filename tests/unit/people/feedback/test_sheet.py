"""The sheet for an annotator: what was changed to what, with examples and the guideline that decides."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from connector.errors import NotFound
from tests.support.world import NAME, World
from workers.people.feedback import Sheet, html, markdown, sheets

Build = Callable[..., World]
HOSTILE = "<img src=x onerror=alert(1)> | *odd*"


@pytest.fixture
def corrected(build: Build) -> World:
    """Of ann three cats became dogs, one stood; of bob one cat became a dog."""
    world = build(reviewers={"golden_share": 0.0}, writeback={"guidelines": True})
    world.some_right(each=6)
    for n in range(3):
        world.wrong(f"fox {n}")
    world.wrong(HOSTILE)
    world.wrong("wolf", by="bob")
    world.settle()
    for text in ("fox 0", "fox 1", "fox 2", "wolf"):
        world.agree(text, "dog", note="Long tails are dogs.")
    world.agree(HOSTILE, "cat")
    world.later(minutes=2)
    return world


def sheets_of(world: World, annotator: str | None = None) -> list[Sheet]:
    with world.read() as unit:
        return sheets(unit, world.project, world.settings.projects[NAME], annotator)


def test_it_counts_what_was_confirmed_and_names_what_was_confused(corrected: World) -> None:
    (sheet,) = sheets_of(corrected, "ann")
    assert (sheet.decided, sheet.confirmed, sheet.rate) == (4, 1, 0.25)
    assert sheet.low is not None
    assert sheet.high is not None
    assert sheet.low < 0.25 < sheet.high
    (pair,) = sheet.confusions
    assert (pair.given, pair.decided, pair.n) == ("cat", "dog", 3)
    assert pair.said == "You chose 'cat', reviewers agreed on 'dog': 3 times."
    assert {one.item for one in pair.examples} == {
        corrected.held(f"fox {n}").item.remote_id for n in range(3)
    }
    assert any("fox 0" in one.shown for one in pair.examples)


def test_everyone_whose_labels_were_decided_has_a_sheet(corrected: World) -> None:
    assert [one.person for one in sheets_of(corrected)] == ["ann", "bob"]


def test_one_without_decided_labels_is_told_so(corrected: World) -> None:
    (sheet,) = sheets_of(corrected, "rita")
    assert "nothing to do" in sheet.opening
    assert sheet.confusions == ()


def test_an_unknown_annotator_is_refused_with_those_who_are_known(corrected: World) -> None:
    with pytest.raises(NotFound, match=r"no annotator 'zoe'.*ann"):
        sheets_of(corrected, "zoe")


def test_two_accounts_of_one_person_have_one_sheet(corrected: World) -> None:
    corrected.reconfigure(reviewers={"same_person": {"bob": "ann"}})
    (sheet,) = sheets_of(corrected, "bob")
    assert (sheet.person, sheet.decided) == ("ann", 5)


def test_a_published_note_is_quoted_and_its_lack_is_said(corrected: World) -> None:
    (pair,) = sheets_of(corrected, "ann")[0].confusions
    assert pair.guidelines == ("Long tails are dogs.",)
    assert pair.without_guideline is None
    with corrected.services.store.begin() as unit:
        notes = unit.notes.listed(corrected.project.id)
        unit.notes.set_state([one.id for one in notes], "withdrawn")
    (pair,) = sheets_of(corrected, "ann")[0].confusions
    assert pair.guidelines == ()
    assert pair.without_guideline is not None
    assert "No published guideline" in pair.without_guideline


def test_the_page_is_whole_and_safe(corrected: World) -> None:
    corrected.relabel("fox 0", "dog")
    page = html(sheets_of(corrected), datetime(2026, 3, 2, tzinfo=UTC))
    assert page.count("<article>") == 2
    assert "<script" not in page
    assert "<img" not in page
    assert (
        re.findall(
            r"<(?!/?(?:html|head|meta|title|style|body|article|h1|h2|p|section|ul|li|blockquote|a)\b)\w+",
            page,
        )
        == []
    )


def test_markdown_is_formatted_by_nothing_that_was_typed(corrected: World) -> None:
    for text in ("fox 3", HOSTILE + " again"):
        corrected.wrong(text)
    corrected.later(days=2)
    corrected.agree(HOSTILE + " again", "dog")
    corrected.later(minutes=2)
    text = markdown(sheets_of(corrected, "ann"))
    assert "\\<img src=x" in text
    assert re.search(r"(?<!\\)<img", text) is None
    assert text.startswith("# A second look at labels by ann\n")
