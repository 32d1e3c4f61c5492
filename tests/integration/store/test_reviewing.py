"""Issues, review tasks, votes, corrections and notes: from what was flagged to what was done about it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from connector.errors import Retryable
from connector.model import (
    CorrectionState,
    Decision,
    Disposition,
    DispositionKind,
    DispositionState,
    GuidelineNote,
    Issue,
    IssueState,
    Outcome,
    Problem,
    ReviewState,
    ReviewTask,
    ScanReport,
    ScanSummary,
    WriteRecord,
)
from connector.model.reasons import HeldBack
from tests.integration.store.house import (
    NOW,
    House,
    annotation,
    at,
    ids,
    in_thread,
    item,
    review_task,
    until_blocked,
    vote,
)

BUDGET = HeldBack.BUDGET.value


def issue_of(house: House, issue_id: str) -> Issue:
    with house.store.read() as unit:
        found = unit.issues.get(issue_id)
    assert found is not None
    return found


def review_of(house: House, key: str) -> ReviewTask:
    with house.store.read() as unit:
        found = unit.reviews.get(key)
    assert found is not None
    return found


class TestIssues:
    def test_an_issue_comes_back_as_it_was_stored(self, house: House) -> None:
        found = house.flagged(1)
        assert issue_of(house, found.id) == found
        with house.store.read() as unit:
            assert unit.issues.get("no such issue") is None
            assert unit.issues.many([found.id, "no such issue"]) == {found.id: found}

    @pytest.mark.parametrize("state", [IssueState.OPEN, IssueState.IN_REVIEW, IssueState.SUPPRESSED])
    def test_an_item_has_one_active_issue(self, house: House, state: IssueState) -> None:
        first = house.flagged(1, state)
        with pytest.raises(Retryable), house.store.begin() as unit:
            unit.issues.add([replace(first, id="second", state=IssueState.OPEN)])

    @pytest.mark.parametrize("state", [IssueState.ACCEPTED, IssueState.REJECTED, IssueState.STALE])
    def test_after_it_is_closed_another_may_come(self, house: House, state: IssueState) -> None:
        first = house.flagged(1, state)
        with house.store.begin() as unit:
            unit.issues.add([replace(first, id="second", state=IssueState.OPEN)])
            assert [one.id for one in unit.issues.active(house.project)] == ["second"]

    def test_active_issues_are_found_by_item(self, house: House) -> None:
        a, b = house.flagged(1), house.flagged(2, IssueState.IN_REVIEW)
        done = house.flagged(3, IssueState.REJECTED)
        with house.store.begin() as unit:
            assert sorted(unit.issues.active(house.project), key=lambda one: one.item_id) == [a, b]
            assert unit.issues.active(house.project, [b.item_id, done.item_id]) == [b]
            assert unit.issues.active(house.project, []) == []

    def test_only_open_issues_go_into_review(self, house: House) -> None:
        opened, stale = house.flagged(1), house.flagged(2, IssueState.STALE)
        with house.store.begin() as unit:
            unit.issues.start_review([opened.id, stale.id])
        assert issue_of(house, opened.id).state is IssueState.IN_REVIEW
        assert issue_of(house, stale.id).state is IssueState.STALE

    def test_a_new_scan_rescores_what_is_suppressed_and_nothing_else(self, house: House) -> None:
        held, asked = house.flagged(1, IssueState.SUPPRESSED), house.flagged(2)
        with house.store.begin() as unit:
            unit.issues.rescore([replace(held, rank=7, state=IssueState.OPEN, reason=None)])
            unit.issues.rescore([replace(asked, rank=7, state=IssueState.SUPPRESSED)])
        assert (issue_of(house, held.id).rank, issue_of(house, held.id).state) == (7, IssueState.OPEN)
        assert issue_of(house, asked.id) == asked

    def test_what_waits_for_the_budget_comes_in_order_of_suspicion(self, house: House) -> None:
        for number in (3, 1, 2):
            house.flagged(number, IssueState.SUPPRESSED, reason=BUDGET)
        house.flagged(4, IssueState.SUPPRESSED, reason="too few examples of its class")
        house.flagged(5)
        with house.store.begin() as unit:
            assert ids(unit.issues.waiting_for_budget(house.project, 2)) == ["issue-1", "issue-2"]

    def test_open_issues_without_a_review_task_are_found(self, house: House) -> None:
        house.reviewed(1)
        house.flagged(3)
        house.flagged(2)
        house.flagged(4, IssueState.SUPPRESSED)
        with house.store.begin() as unit:
            assert ids(unit.issues.open_without_review(house.project)) == ["issue-2", "issue-3"]

    def test_answered_labels_are_settled_and_others_are_not(self, house: House) -> None:
        accepted = house.flagged(1, IssueState.ACCEPTED)
        rejected = house.flagged(2, IssueState.REJECTED)
        house.flagged(3, IssueState.STALE)
        house.flagged(4)
        with house.store.begin() as unit:
            unit.issues.decide(Decision("d1", accepted.id, Outcome.ACCEPT, "dog", "2 of 2", ("1",), NOW))
            unit.issues.decide(Decision("d2", rejected.id, Outcome.REJECT, None, "2 of 2", ("2",), NOW))
            pairs = unit.issues.settled(house.project)
        assert pairs == {(accepted.item_id, "cat"), (accepted.item_id, "dog"), (rejected.item_id, "cat")}

    def test_an_issue_is_decided_once(self, house: House) -> None:
        found = house.flagged(1)
        decision = Decision("d1", found.id, Outcome.UNRESOLVED, None, "split", ("1", "2"), NOW)
        with house.store.begin() as unit:
            unit.issues.decide(decision)
        with pytest.raises(Retryable), house.store.begin() as unit:
            unit.issues.decide(replace(decision, id="d2"))
        with house.store.read() as unit:
            assert unit.issues.decision(found.id) == decision
            assert unit.issues.decision("no such issue") is None

    def test_a_decision_that_is_superseded_is_kept_and_another_is_current(self, house: House) -> None:
        found = house.flagged(1)
        first = Decision("d1", found.id, Outcome.ACCEPT, "dog", "2 of 2", ("1", "2"), NOW, 0.9)
        second = Decision("d2", found.id, Outcome.REJECT, "cat", "3 of 5", ("3",), NOW + timedelta(hours=1))
        with house.store.begin() as unit:
            unit.issues.decide(first)
            unit.issues.supersede("d1")
            assert unit.issues.decision(found.id) is None
            unit.issues.decide(second)
        with house.store.read() as unit:
            assert unit.issues.decision(found.id) == second
            kept, current = unit.issues.decisions_of(found.id)
        assert (kept.id, kept.probability, kept.superseded_at is None) == ("d1", 0.9, False)
        assert current == second

    def test_excluded_items_are_settled_with_every_label(self, house: House) -> None:
        found = house.flagged(1, IssueState.UNRESOLVED)
        decision = Decision("d1", found.id, Outcome.UNRESOLVED, None, "bad data", ("1",), NOW)
        listed = Disposition(
            *("x1", house.project, found.id, "d1", found.item_id),
            *(DispositionKind.EXCLUDE, "bad data", (), DispositionState.OPEN, NOW),
        )
        with house.store.begin() as unit:
            unit.issues.decide(decision)
            unit.dispositions.add([listed])
            assert unit.dispositions.counts(house.project) == {DispositionKind.EXCLUDE: 1}
            carried = {one.label for one in unit.items.labelled(house.project, [found.item_id])}
            assert {(found.item_id, label) for label in carried} <= unit.issues.settled(house.project)
            assert unit.dispositions.withdraw_of_issue(found.id) == 1
            assert unit.dispositions.counts(house.project) == {}
            (kept,) = unit.dispositions.of_issue(found.id)
        assert kept == replace(listed, state=DispositionState.WITHDRAWN)

    def test_only_what_was_not_written_can_be_cancelled(self, house: House) -> None:
        waiting, written = house.corrected(1), house.corrected(2)
        with house.store.begin() as unit:
            assert unit.corrections.prepared(written.id, {"label": "cat"})
            assert unit.corrections.cancel(waiting.id, "reopened")
            assert not unit.corrections.cancel(written.id, "reopened")
            assert not unit.corrections.prepared(waiting.id, {"label": "cat"})
            standing = unit.corrections.standing([waiting.issue_id, written.issue_id])
        assert {one.id for one in standing.values()} == {written.id}

    def test_issues_are_counted_by_state(self, house: House) -> None:
        house.flagged(1)
        house.flagged(2, IssueState.SUPPRESSED, reason=BUDGET)
        house.flagged(3, IssueState.SUPPRESSED, reason=BUDGET)
        with house.store.read() as unit:
            assert unit.issues.counts(house.project) == {IssueState.OPEN: 1, IssueState.SUPPRESSED: 2}

    def test_the_last_scan_comes_back_whole(self, house: House) -> None:
        first = ScanSummary("s1", house.project, NOW, at(1), 9, 3, 2, 1, 0, "method", "m1")
        last = replace(
            first,
            id="s2",
            finished_at=at(5),
            skipped={"empty": 2},
            warnings=("w",),
            report=ScanReport(accuracy=0.5, source={"a": 1}),
        )
        with house.store.begin() as unit:
            assert unit.issues.last_scan(house.project) is None
            unit.issues.add_scan(last)
            unit.issues.add_scan(first)
            assert unit.issues.last_scan(house.project) == last

    def test_a_scan_waits_for_the_push_that_opens_what_it_holds_back(self, postgres_house: House) -> None:
        """Else it would suppress an issue whose review task is planned, and nobody would close either."""
        house = postgres_house
        house.flagged(1, IssueState.SUPPRESSED, reason=BUDGET)

        def scan() -> IssueState:
            with house.store.begin() as unit:
                [seen] = unit.issues.active(house.project)
                return seen.state

        with house.store.begin() as unit:
            [waiting] = unit.issues.waiting_for_budget(house.project, 5)
            scanning = in_thread(scan)
            until_blocked(house)
            unit.issues.set_state([waiting.id], IssueState.OPEN)
        assert scanning.outcome() is IssueState.OPEN

    def test_a_decision_waits_for_the_sync_that_closes_its_issue(self, postgres_house: House) -> None:
        house = postgres_house
        found = house.flagged(1, IssueState.IN_REVIEW)

        def decide() -> IssueState | None:
            with house.store.begin() as unit:
                seen = unit.issues.get(found.id)
                return seen.state if seen else None

        with house.store.begin() as unit:
            unit.issues.active(house.project, [found.item_id])
            deciding = in_thread(decide)
            until_blocked(house)
            unit.issues.set_state([found.id], IssueState.STALE)
        assert deciding.outcome() is IssueState.STALE


class TestReviewTasks:
    def test_an_issue_is_asked_about_once(self, house: House) -> None:
        task = house.reviewed(1)
        with pytest.raises(Retryable), house.store.begin() as unit:
            unit.reviews.plan([replace(task, key="again")])

    def test_a_batch_takes_the_oldest_planned_tasks_once(self, house: House) -> None:
        for number in range(5):
            house.reviewed(number)
            house.clock.advance(seconds=1)
        with house.store.begin() as unit:
            first, tasks = unit.reviews.take_batch(house.project, 3)
            assert [task.key for task in tasks] == ["review-0", "review-1", "review-2"]
            second, rest = unit.reviews.take_batch(house.project, 3)
            assert [task.key for task in rest] == ["review-3", "review-4"]
            assert unit.reviews.take_batch(house.project, 3)[1] == []
            assert {task.batch for task in tasks} == {first} != {second}

    def test_a_batch_whose_sending_is_unknown_stays_known(self, house: House) -> None:
        for number in range(3):
            house.reviewed(number)
        with house.store.begin() as unit:
            batch, _ = unit.reviews.take_batch(house.project, 5)
            assert unit.reviews.batches(house.project) == [batch]
            unit.reviews.pushed({"review-0": "70", "review-2": "72"}, 2)
            assert unit.reviews.batches(house.project) == [batch]
            assert [task.key for task in unit.reviews.batch(batch)] == ["review-1"]
            unit.reviews.pushed({"review-1": "71"}, 2)
            assert unit.reviews.batches(house.project) == []

    def test_a_pushed_task_knows_where_it_stands(self, house: House) -> None:
        task = house.reviewed(1)
        with house.store.begin() as unit:
            unit.reviews.pushed({}, 2)
            unit.reviews.pushed({task.key: "71"}, 2)
        found = review_of(house, task.key)
        assert (found.state, found.remote_id, found.overlap_pushed) == (ReviewState.PUSHED, "71", 2)
        with house.store.read() as unit:
            assert unit.reviews.of_issues([task.issue_id, "other"]) == {task.issue_id: found}
            assert unit.reviews.many([task.key, "other"]) == {task.key: found}

    def test_what_was_never_sent_is_withdrawn_at_once_and_the_rest_by_the_next_push(
        self, house: House
    ) -> None:
        planned = house.reviewed(3)
        with house.store.begin() as unit:
            unit.reviews.withdraw([planned.key])
        sent, uncertain = house.reviewed(1), house.reviewed(2)
        with house.store.begin() as unit:
            unit.reviews.take_batch(house.project, 9)
            unit.reviews.pushed({sent.key: "71"}, 2)
            unit.reviews.withdraw([planned.key, sent.key, uncertain.key])
        states = [review_of(house, task.key).state for task in (planned, sent, uncertain)]
        assert states == [ReviewState.WITHDRAWN, ReviewState.WITHDRAWING, ReviewState.WITHDRAWING]
        with house.store.read() as unit:
            assert {task.key for task in unit.reviews.withdrawing(house.project)} == {sent.key, uncertain.key}
            assert unit.reviews.batches(house.project) == []

    def test_a_decided_task_is_not_withdrawn(self, house: House) -> None:
        task = house.reviewed(1, ReviewState.DECIDED)
        with house.store.begin() as unit:
            unit.reviews.withdraw([task.key])
        assert review_of(house, task.key).state is ReviewState.DECIDED

    def test_a_task_that_is_withdrawn_while_it_is_sent_stays_withdrawn(self, house: House) -> None:
        """And its place on the platform is known, so that the push can take it away."""
        task = house.reviewed(1)
        with house.store.begin() as unit:
            unit.reviews.take_batch(house.project, 9)
        with house.store.begin() as unit:
            unit.reviews.withdraw([task.key])
        with house.store.begin() as unit:
            unit.reviews.pushed({task.key: "71"}, 2)
        found = review_of(house, task.key)
        assert (found.state, found.remote_id) == (ReviewState.WITHDRAWING, "71")

    def test_after_the_review_project_is_gone_all_open_tasks_are_sent_again(self, house: House) -> None:
        tasks = [house.reviewed(number) for number in range(4)]
        with house.store.begin() as unit:
            unit.reviews.take_batch(house.project, 3)
            unit.reviews.pushed({"review-0": "70", "review-1": "71"}, 2)
            unit.reviews.withdraw(["review-1"])
            unit.reviews.set_state(["review-3"], ReviewState.DECIDED)
            assert unit.reviews.replan(house.project) == 2
            _, again = unit.reviews.take_batch(house.project, 9)
        assert {task.key for task in again} == {"review-0", "review-2"}
        assert {(task.remote_id, task.overlap_pushed) for task in again} == {(None, 0)}
        assert review_of(house, tasks[1].key).state is ReviewState.WITHDRAWN
        assert review_of(house, tasks[3].key).state is ReviewState.DECIDED

    def test_raised_overlaps_are_told_once(self, house: House) -> None:
        task, planned = house.reviewed(1), house.reviewed(2)
        with house.store.begin() as unit:
            unit.reviews.pushed({task.key: "71"}, 2)
            assert unit.reviews.unsent(house.project)
            unit.reviews.set_state([planned.key], ReviewState.WITHDRAWN)
            assert not unit.reviews.unsent(house.project)
            assert unit.overlaps.to_send(house.project, 9) == []
            assert not unit.overlaps.unsent(house.project, 9)
            unit.overlaps.want(task.key, 3)
            [found] = unit.overlaps.to_send(house.project, 9)
            assert (found.key, found.overlap) == (task.key, 3)
            assert unit.overlaps.unsent(house.project, 9)
            unit.overlaps.sent(task.key, 3)
            assert unit.overlaps.to_send(house.project, 9) == []

    def test_extra_votes_are_told_where_they_are_worth_most_and_no_more_than_wait(self, house: House) -> None:
        tasks = [house.reviewed(number) for number in range(3)]
        with house.store.begin() as unit:
            unit.reviews.pushed({task.key: f"7{n}" for n, task in enumerate(tasks)}, 2)
            for task, score in zip(tasks, (0.9, 0.5, 0.7), strict=True):
                unit.overlaps.want(task.key, 3, score)
            told = [task.key for task in unit.overlaps.to_send(house.project, 2)]
            assert told == [tasks[1].key, tasks[2].key]
            for key in told:
                unit.overlaps.sent(key, 3)
            assert unit.overlaps.to_send(house.project, 2) == []
            assert not unit.overlaps.unsent(house.project, 2)
            assert unit.overlaps.unsent(house.project, 3)
            unit.overlaps.want(tasks[0].key, 4)
            assert [task.key for task in unit.overlaps.to_send(house.project, 2)] == [tasks[0].key]

    def test_tasks_planned_together_are_sent_in_the_order_of_suspicion(self, house: House) -> None:
        found = [house.flagged(number) for number in (3, 1, 2)]
        with house.store.begin() as unit:
            unit.reviews.plan([review_task(f"r-{9 - one.rank}", one) for one in found])
            _, first = unit.reviews.take_batch(house.project, 2)
        assert {task.issue_id for task in first} == {"issue-1", "issue-2"}

    def test_only_questions_that_are_put_and_not_escalated_are_overdue(self, house: House) -> None:
        keys = [house.reviewed(number).key for number in range(3)]
        with house.store.begin() as unit:
            unit.reviews.pushed({keys[0]: "71", keys[1]: "72"}, 2)
            unit.reviews.escalate(keys[1])
            assert unit.reviews.mark_overdue(house.project, unit.now) == 0
            assert unit.reviews.mark_overdue(house.project, unit.now + timedelta(hours=1)) == 1
            assert [task.key for task in unit.reviews.undecided(house.project, 9)] == [keys[0]]

    def test_tasks_whose_votes_changed_are_looked_at_once(self, house: House) -> None:
        keys = [house.reviewed(number).key for number in range(3)]
        with house.store.begin() as unit:
            unit.reviews.mark_undecided(keys[:2])
            assert [task.key for task in unit.reviews.undecided(house.project, 9)] == keys[:2]
            assert [task.key for task in unit.reviews.undecided(house.project, 1)] == keys[:1]
            unit.reviews.note_weighed(keys[0])
            assert [task.key for task in unit.reviews.undecided(house.project, 9)] == keys[1:2]

    def test_open_tasks_count_against_the_budget(self, house: House) -> None:
        for number, state in enumerate(ReviewState):
            house.reviewed(number, state)
        with house.store.read() as unit:
            assert unit.reviews.open_count(house.project) == 2  # planned and pushed
            assert unit.reviews.counts(house.project) == dict.fromkeys(ReviewState, 1)


class TestVotes:
    def test_a_vote_is_stored_once_and_follows_its_edits(self, house: House) -> None:
        key = house.reviewed(1).key
        first = vote(key, problems=(Problem.AMBIGUOUS, Problem.BAD_DATA), note="n", origin="o" * 300)
        changed = replace(first, label=None, counted=False, reason="withdrawn", withdrawn=True)
        later = vote(key, "2", created_at=at(-1))
        with house.store.begin() as unit:
            unit.votes.save(first)
            assert unit.votes.of([key, "other"]) == {key: [first], "other": []}
            unit.votes.save(changed)
            unit.votes.save(later)
            assert unit.votes.of([key]) == {key: [later, changed]}

    def test_votes_are_counted_with_why_they_do_not_count(self, house: House) -> None:
        key = house.reviewed(1).key
        with house.store.begin() as unit:
            unit.votes.save(vote(key, "1"))
            unit.votes.save(vote(key, "2", counted=False, reason="own annotation"))
            unit.votes.save(vote(key, "3", counted=False, withdrawn=True))
            counts = unit.votes.counts(house.project)
        assert counts == {"all": 3, "counted": 1, "own annotation": 1, "withdrawn": 1}

    def test_a_vote_on_an_unknown_task_is_refused(self, house: House) -> None:
        with pytest.raises(Exception, match="refuses this"), house.store.begin() as unit:
            unit.votes.save(vote("no such task"))


class TestCorrections:
    def test_a_correction_comes_back_as_it_was_stored(self, house: House) -> None:
        made = house.corrected(1)
        with house.store.read() as unit:
            assert unit.corrections.get(made.id) == replace(made, created_at=NOW)
            assert unit.corrections.get("no such correction") is None
            assert ids(unit.corrections.of_run("run")) == [made.id]

    def test_a_decision_is_corrected_once(self, house: House) -> None:
        made = house.corrected(1)
        with pytest.raises(Retryable), house.store.begin() as unit:
            unit.corrections.add(replace(made, id="again"))

    def test_the_journal_holds_before_and_after(self, house: House) -> None:
        made = house.corrected(1)
        with house.store.begin() as unit:
            unit.corrections.prepared(made.id, {"label": "cat"})
            unit.corrections.set_state(made.id, CorrectionState.PENDING, "a first try failed")
            unit.corrections.applied(made.id, WriteRecord("77", {"label": "cat"}, {"label": "dog"}))
            found = unit.corrections.get(made.id)
        assert found is not None
        assert (found.state, found.remote_id, found.error) == (CorrectionState.APPLIED, "77", None)
        assert (found.before, found.after, found.applied_at) == ({"label": "cat"}, {"label": "dog"}, NOW)
        with house.store.begin() as unit:
            unit.corrections.reverted(made.id)
            assert unit.corrections.counts(house.project) == {CorrectionState.REVERTED: 1}


class TestNotes:
    @staticmethod
    def note(house: House, number: int, state: str = "accepted", **fields: str) -> GuidelineNote:
        made = GuidelineNote(
            f"note-{number}", house.project, f"issue-{number}", "cat", "dog", "it barks", "rita", state, NOW
        )
        return replace(made, **fields)

    def states(self, house: House) -> list[str]:
        return [state for (state,) in house.rows("SELECT state FROM guideline_notes ORDER BY id")]

    def test_notes_of_applied_corrections_are_published(self, house: House) -> None:
        for number, state in enumerate([CorrectionState.APPLIED, CorrectionState.PENDING]):
            house.corrected(number, state)
        with house.store.begin() as unit:
            unit.notes.save(self.note(house, 0))
            unit.notes.save(self.note(house, 1))
            assert ids(unit.notes.publishable(house.project)) == ["note-0"]
            unit.notes.set_state(["note-0"], "published")
            assert ids(unit.notes.publishable(house.project)) == ["note-0"]
            assert ids(unit.notes.in_states(house.project, ["published"])) == ["note-0"]

    def test_a_reviewer_has_one_note_for_an_issue(self, house: House) -> None:
        house.corrected(1, CorrectionState.APPLIED)
        with house.store.begin() as unit:
            unit.notes.save(self.note(house, 1))
            unit.notes.save(self.note(house, 1, id="note-2", text="it growls"))
            assert [note.text for note in unit.notes.publishable(house.project)] == ["it growls"]

    def test_notes_of_a_correction_that_does_not_stand_are_taken_back(self, house: House) -> None:
        house.corrected(1, CorrectionState.APPLIED)
        with house.store.begin() as unit:
            unit.notes.save(self.note(house, 1, author="rita"))
            unit.notes.save(self.note(house, 1, id="note-2", author="sam", state="published"))
            assert unit.notes.withdraw_of_issue("issue-1") == 2
            assert unit.notes.publishable(house.project) == []
        assert self.states(house) == ["withdrawn", "withdrawing"]

    def test_a_note_taken_back_while_it_was_published_is_taken_out_again(self, house: House) -> None:
        house.corrected(1, CorrectionState.APPLIED)
        with house.store.begin() as unit:
            unit.notes.save(self.note(house, 1))
        with house.store.begin() as unit:
            assert unit.notes.withdraw_of_issue("issue-1") == 1
        with house.store.begin() as unit:
            unit.notes.set_state(["note-1"], "published")  # the instructions hold it by now
            assert ids(unit.notes.in_states(house.project, ["withdrawing"])) == ["note-1"]
            unit.notes.set_state(["note-1"], "withdrawn")
        assert self.states(house) == ["withdrawn"]


def test_a_store_keeps_items_that_issues_point_to(house: House) -> None:
    found = house.flagged(1)
    house.apply(item("1", annotation("99", "dog"), updated=1))
    with house.store.read() as unit:
        assert unit.items.ref(found.item_id).remote_id == "1"
        assert unit.items.annotation_remote_id(found.annotation_id) == "1"
        assert review_task("key", found).issue_id == found.id
