"""Guidelines, questions and reports as both databases hold and count them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from connector.errors import SecondlookError
from connector.model import (
    AuditTrigger,
    CorrectionState,
    Decision,
    GuidelineNote,
    IssueState,
    LabelSchema,
    Outcome,
    Problem,
    QuestionState,
    Vote,
    label_pair,
)
from connector.store.repositories.guidelines import Confused
from connector.store.views import figures
from connector.store.views.figures import Cut, Window
from connector.store.views.records import corrected_errors
from tests.integration.store.house import NOW, House, annotation, item, review_task, together

PAIR = ("cat", "dog")


def vote(number: int, reviewer: str, label: str | None = "dog", *problems: Problem) -> Vote:
    return Vote(
        f"review-{number}", f"{number}-{reviewer}", reviewer, label, problems, None, NOW, NOW,
        blind=False, origin=None, counted=True,
    )  # fmt: skip


def unresolved(house: House, number: int, *problems: Problem) -> None:
    """An issue that its reviewers could not decide."""
    found = house.flagged(number, IssueState.UNRESOLVED)
    with house.store.begin() as unit:
        unit.reviews.plan([review_task(f"review-{number}", found)])
        unit.votes.save(vote(number, "rita", None, *problems))
        unit.votes.save(vote(number, "ravi", "cat"))
        unit.issues.decide(Decision(f"d{number}", found.id, Outcome.UNRESOLVED, None, "split", (), NOW))


def test_confused_pairs_are_counted_by_what_was_decided_and_what_was_said(house: House) -> None:
    house.corrected(1)
    house.corrected(2)
    unresolved(house, 3, Problem.AMBIGUOUS)
    unresolved(house, 4, Problem.SEVERAL_FIT, Problem.CANNOT_TELL)
    unresolved(house, 5, Problem.BAD_DATA)
    house.flagged(6)
    with house.store.read() as unit:
        assert unit.guidelines.confused(house.project) == {PAIR: Confused(2, 2)}
        found = unit.guidelines.instances(house.project, PAIR, 3)
    assert len(found) == 3
    assert {(one.given, one.suggested) for one in found} == {PAIR}


def test_a_decision_that_does_not_hold_any_more_confuses_nothing(house: House) -> None:
    house.corrected(1)
    house.tamper("UPDATE decisions SET superseded_at = '2026-03-02'", "UPDATE issues SET state = 'in_review'")
    with house.store.read() as unit:
        assert unit.guidelines.confused(house.project) == {}


def test_one_question_stands_about_a_pair_until_it_is_closed(house: House) -> None:
    def ask(_: int) -> str | None:
        with house.store.begin() as unit:
            return unit.questions.ask(house.project, PAIR, Confused(5, 1), [{"item": "1"}])

    asked = together(4, ask)
    (made,) = [one for one in asked if isinstance(one, str)]
    assert asked.count(None) == 3
    with house.store.begin() as unit:
        assert unit.questions.open_count(house.project) == 1
        unit.questions.answered(made, "note", "ada")
        assert unit.questions.open_count(house.project) == 0
        unit.questions.close(house.project, {PAIR: "note"})
        assert unit.questions.listed(house.project) == []
        (closed,) = unit.questions.listed(house.project, [QuestionState.CLOSED])
        assert (closed.answered_by, closed.closed_at, closed.examples) == ("ada", NOW, ({"item": "1"},))
        assert unit.questions.ask(house.project, PAIR, Confused(6), []) is not None


def test_a_pair_of_very_long_labels_can_be_asked_about(house: House) -> None:
    pair = label_pair("a" * 5000, "b" * 5000)
    with house.store.begin() as unit:
        assert unit.questions.ask(house.project, pair, Confused(5), []) is not None
        assert unit.questions.listed(house.project)[0].first == pair[0]


def test_versions_are_numbered_and_keep_their_block(house: House) -> None:
    with house.store.begin() as unit:
        unit.guidelines.add_version(house.project, "<p>1</p>", [{"id": "n", "text": "t"}], {"added": ["n"]})
        unit.guidelines.add_version(house.project, "", [], {"removed": ["n"]})
        last = unit.guidelines.last_version(house.project)
        assert last is not None
        assert (last.number, last.block, last.notes) == (2, "", ())
        assert [one.number for one in unit.guidelines.versions(house.project)] == [1, 2]


def test_two_jobs_that_write_one_version_do_not_both_succeed(house: House) -> None:
    def add(number: int) -> int:
        with house.store.begin() as unit:
            return unit.guidelines.add_version(house.project, str(number), [], {}).number

    made = together(4, add)
    numbers = [one for one in made if isinstance(one, int)]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
    assert all(isinstance(one, int | SecondlookError) for one in made)


def test_several_notes_may_answer_questions_and_stand_without_an_issue(house: House) -> None:
    base = GuidelineNote("a", house.project, None, "cat", "dog", "bark", "ada", "accepted", NOW)
    with house.store.begin() as unit:
        unit.notes.save(base)
        unit.notes.save(replace(base, id="b", text="meow"))
        assert {note.id for note in unit.notes.publishable(house.project)} == {"a", "b"}
        assert unit.notes.items(["a", "b"]) == {}
        assert unit.notes.counts(house.project) == {"accepted": 2}


@pytest.mark.parametrize("published", [False, True])
def test_a_published_note_keeps_its_first_day(house: House, published: bool) -> None:
    house.corrected(1, CorrectionState.APPLIED)
    with house.store.begin() as unit:
        unit.notes.save(
            GuidelineNote("a", house.project, "issue-1", "cat", "dog", "bark", "ada", "accepted", NOW)
        )
        unit.notes.set_state(["a"], "published")
    house.clock.advance(days=1)
    with house.store.begin() as unit:
        if published:
            unit.notes.set_state(["a"], "published")
        (note,) = unit.notes.publishable(house.project)
    assert note.published_at == NOW


def test_windows_count_labels_and_confusions_on_either_side_of_a_moment(house: House) -> None:
    for number in range(3):
        house.corrected(number)
    cut = NOW + timedelta(days=1)
    late = [item(str(n), annotation(str(n), "dog", created_at=cut)) for n in range(10, 14)]
    with house.store.begin() as unit:
        unit.projects.described(house.project, "Cats", [LabelSchema("l", "t", PAIR, ())], "service")
    ours = item("20", annotation("20", "dog", created_at=cut, annotator="service", marker="correction"))
    house.apply(*late, ours, item("21", annotation("21", "bird")))
    cuts = [Cut(PAIR, cut), Cut(PAIR, cut, cut), Cut(("bird", "dog"), cut)]
    with house.store.read() as unit:
        found = figures.windows(unit, house.project, cuts)
    assert found == [
        (Window(3, 3), Window(0, 4)),
        (Window(3, 3), Window(0, 0)),
        (Window(0, 1), Window(0, 4)),
    ]


def test_many_cuts_are_counted_in_parts(house: House) -> None:
    house.corrected(1)
    with house.store.read() as unit:
        found = figures.windows(unit, house.project, [Cut(PAIR, NOW + timedelta(days=1))] * 45)
        assert figures.windows(unit, house.project, []) == []
    assert found == [(Window(1, 1), Window(0, 0))] * 45


def test_counts_of_issues_corrections_votes_and_reviewers(house: House) -> None:
    house.corrected(1, CorrectionState.APPLIED)
    house.corrected(2, CorrectionState.CONFLICT)
    unresolved(house, 3, Problem.AMBIGUOUS)
    with house.store.begin() as unit:
        unit.votes.save(vote(3, "rosa", "dog", Problem.SEVERAL_FIT))
    with house.store.read() as unit:
        counts = figures.issue_counts(unit, house.project)
        assert [(one.given, one.state, one.n) for one in counts] == [
            ("cat", "accepted", 2),
            ("cat", "unresolved", 1),
        ]
        assert figures.issue_counts(unit, house.project, NOW + timedelta(days=1)) == []
        assert figures.correction_counts(unit, house.project) == {"applied": 1, "conflict": 1}
        assert figures.moved(unit, house.project) == [figures.Moved("cat", "dog", 1)]
        assert [(one.reviewer, one.label) for one in figures.cast_votes(unit, house.project)] == [
            ("ravi", "cat")
        ]
        rows = {one.reviewer: one for one in figures.reviewer_counts(unit, house.project)}
        assert (rows["ravi"].votes, rows["ravi"].decided, rows["ravi"].agreed) == (1, 0, 0)
        assert figures.reviewer_counts(unit, house.project, NOW + timedelta(days=1)) == []


def test_every_correction_is_found_once_whatever_the_size_of_a_page(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connector.store.views.records.AT_ONCE", 2)
    for number in range(5):
        house.corrected(number)
    with house.store.begin() as unit:
        unit.audit.append("secondlook", "correction.applied", "correction-3", {}, "cats")
    with house.store.read() as unit:
        found = list(corrected_errors(unit, house.project))
        assert list(corrected_errors(unit, house.project, NOW + timedelta(days=1))) == []
    assert sorted(one.id for one in found) == [f"correction-{number}" for number in range(5)]
    logged = {one.id: [row.action for row in one.audit] for one in found}
    assert logged["correction-3"] == ["correction.applied"]


def test_reports_wait_are_made_and_listed_the_latest_first(house: House) -> None:
    with house.store.begin() as unit:
        first = unit.audits.want(house.project, AuditTrigger.SCHEDULE, "30 days have passed")
        waiting = unit.audits.wanted(house.project)
        assert waiting is not None
        assert waiting.id == first
        unit.audits.finish(first, "Fine.", {"schema": 1})
        assert unit.audits.wanted(house.project) is None
    house.clock.advance(hours=1)
    with house.store.begin() as unit:
        second = unit.audits.want(house.project, AuditTrigger.PERSON, "asked for")
        unit.audits.finish(second, "Still fine.", {"schema": 1})
        assert [one.id for one in unit.audits.listed(house.project, 5)] == [second, first]
        last, triggered = unit.audits.last_done(house.project), unit.audits.last_triggered(house.project)
        assert last is not None
        assert triggered is not None
        assert (last.id, last.figures, triggered.id) == (second, {"schema": 1}, first)
        assert unit.audits.get(house.project, "nothing") is None
        assert unit.audits.first_scan_at(house.project) is None
