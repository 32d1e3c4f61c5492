"""From what reviewers note to what the instructions say: drafts, acceptance, versions, questions."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector import wording
from connector.model import (
    CorrectionState,
    GuidelineNote,
    GuidelineQuestion,
    NoteState,
    Problem,
    QuestionState,
    label_pair,
)
from connector.model.jobs import JobKind
from connector.store.views.guidance import guidance_views
from tests.support.world import CLASSES, NAME, World
from workers.write_back.notes import acceptable, guidelines_of

Build = Callable[..., World]
START = datetime(2026, 3, 2, tzinfo=UTC)
HOSTILE = "</li></ul><script>alert(1)</script>"


@pytest.fixture
def build(build: Build) -> Build:
    """Worlds in which corrections of few items may empty a class."""
    return partial(build, quality={"max_class_loss": 1.0, "rare_share": 0.0})


def asking(world: World, *texts: str, given: str = "cat", truly: str = "dog") -> World:
    world.some_right()
    for text in texts or ("odd",):
        world.wrong(text, given=given, truly=truly)
    world.settle()
    return world


def corrected(world: World, text: str, label: str = "dog", note: str | None = None) -> None:
    world.agree(text, label, note=note)
    world.later(seconds=61)


def notes(world: World) -> list[GuidelineNote]:
    with world.read() as unit:
        return unit.notes.listed(world.project.id)


def questions(world: World, *states: QuestionState) -> list[GuidelineQuestion]:
    with world.read() as unit:
        return unit.questions.listed(world.project.id, states or list(QuestionState))


def accept(world: World, note_id: str) -> None:
    with world.services.store.begin() as unit:
        unit.notes.accept([note_id], "boss")
    world.do(JobKind.GUIDELINES)


# --- from draft to published -------------------------------------------------------------------


def test_a_note_waits_for_a_person_where_a_person_accepts(build: Build) -> None:
    world = asking(build(guidelines={"accept": "person"}))
    corrected(world, "odd", note="floppy ears")
    assert {note.state for note in notes(world)} == {"draft"}
    assert world.source.guidelines == ""

    accept(world, notes(world)[0].id)

    assert "floppy ears (" in world.source.guidelines
    assert "For example item " in world.source.guidelines
    assert "“odd”" in world.source.guidelines
    published = [note for note in notes(world) if note.state == "published"]
    assert [note.accepted_by for note in published] == ["boss"]
    assert published[0].published_at == world.clock.now()


def test_the_rule_waits_for_enough_reviewers_of_the_pair(build: Build) -> None:
    world = asking(build(guidelines={"accept_after": 3}), "odd", "even")
    corrected(world, "odd", note="floppy ears")
    assert world.source.guidelines == ""

    world.answer("even", "rosa", "dog", note="it barks")
    world.answer("even", "ravi", "dog")
    world.later(seconds=61)

    assert "floppy ears" in world.source.guidelines
    assert "it barks" in world.source.guidelines
    assert len(world.audit("guideline.accepted")) == 3


def test_two_accounts_of_one_person_are_one_reviewer_of_the_pair(build: Build) -> None:
    rule = {"guidelines": {"accept_after": 2}, "reviewers": {"same_person": {"rita2": "rita"}}}
    world = asking(build(**rule), "odd", "even")
    for text, account in (("odd", "rita"), ("even", "rita2")):
        world.answer(text, account, "dog", note=f"{text} has floppy ears")
        world.answer(text, "ravi", "dog")
    world.later(seconds=61)

    assert {note.state for note in notes(world)} == {"draft"}
    assert world.source.guidelines == ""


def test_a_note_of_those_who_kept_the_label_is_a_draft_about_the_suggestion(world: World) -> None:
    asking(world)
    corrected(world, "odd", label="cat", note="whiskers")

    assert {(note.given, note.label, note.state) for note in notes(world)} == {("dog", "cat", "draft")}
    assert world.source.guidelines == "", "no correction was applied: the rule does not accept it"
    accept(world, notes(world)[0].id)
    assert "<b>cat</b>, not <b>dog</b>: whiskers" in world.source.guidelines


def test_only_the_most_useful_notes_stand_in_the_instructions(build: Build) -> None:
    world = build(guidelines={"most_notes": 1})
    world.some_right(4)
    for text in ("a", "b", "c"):
        world.wrong(text, given="cat", truly="dog")
    world.wrong("d", given="bird", truly="cat")
    world.settle()
    corrected(world, "d", "cat", note="no beak")
    assert "no beak" in world.source.guidelines

    for text in ("a", "b", "c"):
        corrected(world, text, note="floppy ears")

    assert "no beak" not in world.source.guidelines
    assert world.source.guidelines.count("<li>") == 1
    assert "floppy ears (ravi and rita" in world.source.guidelines.replace("reviewer ", "")
    assert {note.text: note.state for note in notes(world)} == {
        "no beak": "accepted",
        "floppy ears": "published",
    }


def test_versions_keep_what_the_block_was_and_why_it_changed(world: World) -> None:
    asking(world, "odd", "even")
    corrected(world, "odd", note="floppy ears")
    corrected(world, "even", note="it barks")
    first = next(note for note in notes(world) if note.text == "floppy ears")
    with world.services.store.begin() as unit:
        unit.notes.reword(first.id, "drooping ears")
    world.do(JobKind.GUIDELINES)
    world.revert(world.corrected("even").id)
    world.settle()

    with world.read() as unit:
        versions = unit.guidelines.versions(world.project.id)
    assert [each.number for each in versions] == [1, 2, 3, 4]
    assert "floppy ears" in versions[1].block
    assert "it barks" in versions[1].block
    assert versions[2].change["reworded"] == [first.id]
    assert "it barks" not in versions[3].block
    assert len(versions[3].change["removed"]) == 2
    assert all(each.hash == hashlib.sha256(each.block.encode()).hexdigest() for each in versions)
    assert world.source.guidelines.endswith(versions[-1].block.rpartition("<h3>")[2] + "\n<!--end-->") or (
        versions[-1].block in world.source.guidelines
    )
    assert world.audit("guidelines.published")[-1][2]["hash"] == versions[-1].hash


def test_a_withdrawn_note_leaves_the_instructions_and_may_come_back(world: World) -> None:
    asking(world)
    corrected(world, "odd", note="floppy ears")
    for note in notes(world):
        with world.services.store.begin() as unit:
            assert unit.notes.withdraw(note.id) == 1
            assert unit.notes.withdraw(note.id) == 0
    world.do(JobKind.GUIDELINES)
    assert world.source.guidelines == ""
    assert {note.state for note in notes(world)} == {"withdrawn"}

    accept(world, notes(world)[0].id)

    assert "floppy ears" in world.source.guidelines


def test_hostile_notes_labels_and_items_are_escaped(build: Build) -> None:
    world = asking(build(), HOSTILE)
    corrected(world, HOSTILE, note=HOSTILE)

    assert "<script>" not in world.source.guidelines
    assert world.source.guidelines.count("</ul>") == 1
    assert world.source.guidelines.count("&lt;script&gt;") == 2  # in the note, and in the example


# --- questions ---------------------------------------------------------------------------------


def repeatedly(world: World, n: int = 3) -> World:
    texts = [f"odd {each}" for each in range(n)]
    asking(world, *texts)
    for text in texts:
        corrected(world, text)
    world.later(minutes=11)
    return world


def test_repeated_confusion_without_a_note_raises_one_question_with_examples(build: Build) -> None:
    world = repeatedly(build(guidelines={"question_after": 3}))
    world.later(minutes=11)

    (question,) = questions(world)
    assert (question.first, question.second, question.confused, question.state) == ("cat", "dog", 3, "open")
    assert {example["shown"].partition("“")[2] for example in question.examples} == {
        "odd 0”",
        "odd 1”",
        "odd 2”",
    }
    assert len(world.audit("guideline.asked")) == 1


def test_fewer_decisions_raise_no_question(build: Build) -> None:
    assert questions(repeatedly(build(guidelines={"question_after": 4}))) == []


def test_a_pair_with_an_accepted_note_raises_no_question(build: Build) -> None:
    world = asking(build(guidelines={"question_after": 1}))
    corrected(world, "odd", note="floppy ears")
    world.later(minutes=11)

    assert questions(world) == []


def test_reviewers_who_cannot_tell_two_labels_apart_raise_a_question(build: Build) -> None:
    world = asking(build(guidelines={"question_after": 2}), "odd", "even")
    for text in ("odd", "even"):
        for reviewer in ("rita", "ravi"):
            world.answer(text, reviewer, problems=[Problem.AMBIGUOUS])
    world.later(minutes=11)
    world.later(minutes=11)

    (question,) = questions(world)
    assert (question.first, question.second, question.ambiguous) == ("cat", "dog", 2)


def test_a_question_is_answered_by_a_note_and_closed_by_its_publication(build: Build) -> None:
    world = repeatedly(build(guidelines={"question_after": 3}))
    (question,) = questions(world)
    note = GuidelineNote(
        "answer", world.project.id, None, "cat", "dog", "Dogs bark.", "ada@example.com",
        NoteState.DRAFT, world.clock.now(), question_id=question.id,
    )  # fmt: skip
    with world.services.store.begin() as unit:
        unit.notes.save(note)
        unit.questions.answered(question.id, note.id, "ada")
    assert [one.state for one in questions(world)] == ["answered"]

    accept(world, note.id)

    assert "<b>dog</b>, not <b>cat</b>: Dogs bark. (ada," in world.source.guidelines
    (closed,) = questions(world)
    assert (closed.state, closed.note_id, closed.closed_at) == ("closed", note.id, world.clock.now())


# --- the pure parts ----------------------------------------------------------------------------

NOTES = st.builds(
    GuidelineNote,
    id=st.uuids().map(str),
    project_id=st.just(1),
    issue_id=st.uuids().map(str),
    given=st.sampled_from(CLASSES),
    label=st.sampled_from(CLASSES),
    text=st.sampled_from(["a", "b", "c  c", "c c", HOSTILE]),
    author=st.sampled_from(["1", "2", "3"]),
    state=st.sampled_from([state.value for state in (NoteState.DRAFT, NoteState.ACCEPTED)]),
    created_at=st.integers(0, 3).map(lambda days: START + timedelta(days=days)),
)
CONFUSED = st.dictionaries(
    st.tuples(st.sampled_from(CLASSES), st.sampled_from(CLASSES)).map(lambda two: label_pair(*two)),
    st.integers(0, 3),
)


@given(st.lists(NOTES, unique_by=lambda note: note.id, max_size=12).flatmap(
    lambda made: st.tuples(st.just(made), st.permutations(made))
), CONFUSED, st.integers(1, 12))  # fmt: skip
def test_the_block_is_a_function_of_the_notes_whatever_their_order(
    both: tuple[list[GuidelineNote], list[GuidelineNote]],
    confused: dict[tuple[str, str], int],
    most: int,
) -> None:
    one, other = (wording.guideline_block(guidelines_of(each, confused, most), {}) for each in both)
    assert one == other
    assert one.count("<li>") == one.count("</li>") <= most
    assert "<script>" not in one


@given(st.lists(NOTES, unique_by=lambda note: note.id, max_size=12), CONFUSED)
def test_every_note_stands_in_one_entry_and_the_most_confused_labels_come_first(
    made: list[GuidelineNote], confused: dict[tuple[str, str], int]
) -> None:
    entries = guidelines_of(made, confused, len(made))
    held: Sequence[str] = [note.id for entry in entries for note in entry.notes]
    assert sorted(held) == sorted(note.id for note in made)
    weights = [confused.get(label_pair(entry.given, entry.label), 0) for entry in entries]
    assert weights == sorted(weights, reverse=True)


@given(st.lists(NOTES, unique_by=lambda note: note.id, max_size=12), st.integers(1, 4))
def test_the_rule_accepts_drafts_of_pairs_with_enough_authors_and_no_other(
    made: list[GuidelineNote], accept_after: int
) -> None:
    accepted = {note.id for note in acceptable(made, accept_after, str)}
    for note in made:
        authors = {other.author for other in made if other.pair == note.pair}
        assert (note.id in accepted) == (note.state == "draft" and len(authors) >= accept_after)


def test_a_note_of_a_correction_that_is_not_applied_is_never_accepted_by_rule(build: Build) -> None:
    world = asking(build(writeback={"mode": "dry_run"}))
    corrected(world, "odd", note="floppy ears")

    assert world.corrected("odd").state is CorrectionState.DRY_RUN
    assert {note.state for note in notes(world)} == {"draft"}


@pytest.mark.parametrize("operation", ["write_guidelines"])
def test_a_publication_whose_answer_was_lost_is_one_version(world: World, operation: str) -> None:
    from connector.errors import UnknownOutcome

    asking(world)
    world.server.fail(operation, UnknownOutcome("timeout"), after=True)
    corrected(world, "odd", note="floppy ears")
    world.settle()

    with world.read() as unit:
        assert [each.number for each in unit.guidelines.versions(world.project.id)] == [1]
    assert world.source.guidelines.count("floppy ears") == 1


def test_notes_are_gathered_where_the_platform_wants_rest_between_changes(build: Build) -> None:
    world = asking(build(guidelines={"publish_every_minutes": 30.0}), "odd", "even")
    corrected(world, "odd", note="floppy ears")
    assert "floppy ears" in world.source.guidelines
    corrected(world, "even", note="wet nose")
    assert "wet nose" not in world.source.guidelines
    assert 0 < world.do(JobKind.GUIDELINES)["next_change_in_seconds"] <= 30 * 60
    until = shown_until(world)
    assert until is not None
    assert timedelta(0) < until - world.clock.now() <= timedelta(minutes=30)

    for _ in range(5):  # nobody decides anything: the tick sees to it
        world.later(minutes=10)
    assert "wet nose" in world.source.guidelines
    with world.read() as unit:
        assert len(unit.guidelines.versions(world.project.id)) == 2
    assert shown_until(world) is None


def shown_until(world: World) -> datetime | None:
    with world.read() as unit:
        return guidance_views(unit, [NAME])[NAME].publishes_at
