"""Writing accepted corrections home, undoing them, and what the guidelines say of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from connector.errors import Misconfigured, Rejected, Retryable, UnknownOutcome
from connector.model import CorrectionState, Issue, IssueState
from connector.model.findings import FindingKind
from connector.model.jobs import JobKind, JobState
from connector.model.reasons import NotWritten
from connector.store.views.findings import finding_views
from connector.store.views.secrecy import EVERYTHING
from connector.store.views.spot import drawn_labels
from connector.wording import reason_text
from tests.support.world import NAME, World

Build = Callable[..., World]
MODES = ["ground_truth", "update", "prediction", "dry_run"]


def asking_in(world: World) -> World:
    world.some_right()
    world.wrong("odd", given="cat", truly="dog")
    world.settle()
    return world


@pytest.fixture
def asking(world: World) -> World:
    return asking_in(world)


def decided(world: World, note: str | None = None) -> World:
    """Two reviewers agree on dog; the correction is planned and not carried out."""
    world.agree("odd", "dog", note=note)
    world.do(JobKind.COLLECT)
    world.do(JobKind.DECIDE)
    return world


def corrected(world: World, note: str | None = None) -> World:
    decided(world, note)
    world.settle()
    return world


def predictions(world: World) -> list[str | None]:
    return [one.label for one in world.held("odd").item.predictions]


def carried_label(world: World) -> str:
    with world.read() as unit:
        labelled = unit.items.labelled(world.project.id, [world.issue("odd").item_id])
        return next(one.label for one in labelled)


@pytest.mark.parametrize("mode", MODES)
def test_a_correction_is_nobodys_answer_and_no_dispute_with_the_label_that_it_corrects(
    build: Build, mode: str
) -> None:
    world = corrected(asking_in(build(writeback={"mode": mode})))
    world.do(JobKind.SCAN)

    with world.read() as unit:
        assert finding_views(unit, project=NAME, kind=FindingKind.DISAGREEMENT).items == ()
        answers = [each.label for each in unit.content.answers(world.project.id)]
        people = {each.annotator for each in drawn_labels(unit, world.project.id, EVERYTHING)}
        counts = unit.items.label_counts(world.project.id)
    assert people == {"ann"}
    assert len(answers) == len(world.source.held) - (mode == "update")  # in place, nobody's label is left
    assert sum(counts.values()) == len(world.source.held)  # an item has one label that counts


# --- the four modes --------------------------------------------------------------------------


def test_ground_truth_is_added_beside_the_original(asking: World) -> None:
    corrected(asking)

    original, added = asking.held("odd").item.annotations
    assert (original.label, original.annotator) == ("cat", "ann")
    assert (added.label, added.ground_truth, added.marker) == ("dog", True, asking.corrected("odd").id)
    assert asking.corrected("odd").state is CorrectionState.APPLIED


def test_replace_cancels_the_original_and_a_revert_counts_it_again(build: Build) -> None:
    world = corrected(asking_in(build(writeback={"mode": "replace"})))
    assert [(one.label, one.ground_truth) for one in world.held("odd").item.annotations] == [
        (None, False),
        ("dog", True),
    ]
    world.later(days=2)
    assert world.corrected("odd").state is CorrectionState.APPLIED
    world.revert(world.corrected("odd").id)
    assert world.labels("odd") == [("ann", "cat")]


def test_update_changes_the_original_in_place(build: Build) -> None:
    world = corrected(asking_in(build(writeback={"mode": "update"})))

    assert world.labels("odd") == [("ann", "dog")]


def test_a_corrected_label_that_its_annotator_changed_again_is_one_among_others(build: Build) -> None:
    world = build(writeback={"mode": "update"})
    world.some_right()
    item_id = world.wrong("odd", given="cat", truly="dog")
    world.server.annotate(world.source_id, item_id, "cat", "bob")
    world.settle()
    corrected(world)
    assert carried_label(world) == "dog", "bob, who holds the error, does not outvote what was decided"
    world.relabel("odd", "cat")
    for who in ("eve", "fay", "gus"):
        world.server.annotate(world.source_id, item_id, "dog", who)
    world.later(minutes=10)
    assert carried_label(world) == "dog"


def test_a_later_correction_that_is_not_recorded_yet_does_not_look_like_a_late_request_over_the_first(
    build: Build,
) -> None:
    world = corrected(asking_in(build(writeback={"mode": "update"})))
    world.relabel("odd", "bird")
    item_id = world.held("odd").item.remote_id
    says = {"cat": 0.9, "dog": 0.04, "bird": 0.06}
    world.server.predict(world.source_id, item_id, None, class_scores=says)
    world.later(minutes=5)
    second = next(one.id for one in world.issues() if one.given == "bird")
    with world.read() as unit:
        task_id = unit.reviews.of_issues([second])[second].remote_id
    world.server.meanwhile("write", lambda: world.do(JobKind.SYNC))
    for who in ("rita", "ravi"):
        world.server.answer(task_id or "", who, "cat")
    world.later(minutes=5)
    assert world.labels("odd") == [("ann", "cat")]
    assert world.audit("correction.taken_away") == []
    assert world.jobs(JobState.DEAD) == []


def test_nobody_holds_an_error_in_an_item_that_is_deleted(build: Build) -> None:
    world = build(writeback={"mode": "update"})
    world.some_right()
    item_id = world.wrong("odd")
    world.server.annotate(world.source_id, item_id, "cat", "bob")
    world.settle()
    corrected(world)
    with world.read() as unit:
        assert unit.corrections.held_by_others(world.project.id) == 1
    world.server.delete_item(world.source_id, item_id)
    world.do(JobKind.RECONCILE)
    with world.read() as unit:
        assert unit.corrections.held_by_others(world.project.id) == 0


def test_prediction_adds_a_prediction_and_leaves_the_label(build: Build) -> None:
    world = corrected(asking_in(build(writeback={"mode": "prediction"})))

    assert world.labels("odd") == [("ann", "cat")]
    assert predictions(world)[-1] == "dog"


def test_a_dry_run_records_and_writes_nothing(build: Build) -> None:
    world = corrected(asking_in(build(writeback={"mode": "dry_run"})), note="floppy ears")

    assert world.corrected("odd").state is CorrectionState.DRY_RUN
    assert world.labels("odd") == [("ann", "cat")]
    assert len(predictions(world)) == 1
    assert world.source.guidelines == ""
    assert "write" not in world.server.calls


@pytest.mark.parametrize("mode", MODES)
def test_a_corrected_item_is_not_asked_about_again(build: Build, mode: str) -> None:
    world = corrected(asking_in(build(writeback={"mode": mode})))

    world.do(JobKind.SYNC, {"full": True})
    world.do(JobKind.SCAN)
    world.settle()

    assert [issue.state for issue in world.issues()] == [IssueState.ACCEPTED]


# --- care ------------------------------------------------------------------------------------


def test_what_was_replaced_is_journaled_before_and_after(asking: World) -> None:
    corrected(asking)

    correction = asking.corrected("odd")
    assert correction.before is not None
    assert correction.before["label"] == "cat"
    assert correction.after is not None
    assert correction.after["label"] == "dog"
    ((actor, _, detail),) = asking.audit("correction.applied")
    assert actor == "secondlook"
    assert detail["evidence"]["probability"] == pytest.approx(0.9)


@pytest.mark.parametrize("mode", ["ground_truth", "update", "prediction"])
def test_a_label_that_changed_since_is_left_as_it_is(build: Build, mode: str) -> None:
    world = decided(asking_in(build(writeback={"mode": mode})), note="floppy ears")
    world.relabel("odd", "bird")

    world.settle()

    correction = world.corrected("odd")
    assert correction.state is CorrectionState.CONFLICT
    assert "'bird', not 'cat'" in str(correction.error)
    assert world.labels("odd") == [("ann", "bird")]
    assert world.notes() == {"floppy ears": "withdrawn"}
    assert len(world.audit("correction.conflict")) == 1
    assert world.jobs(JobState.DEAD) == []


def test_an_item_that_is_gone_is_a_conflict(asking: World) -> None:
    decided(asking)
    asking.server.delete_item(asking.source_id, asking.held("odd").item.remote_id)

    asking.settle()

    assert asking.corrected("odd").state is CorrectionState.CONFLICT


def test_a_number_that_means_another_item_now_is_a_conflict(asking: World) -> None:
    decided(asking)
    item_id = asking.held("odd").item.remote_id
    asking.server.delete_item(asking.source_id, item_id)
    asking.server.add_item(asking.source_id, {"text": "newcomer"}, remote_id=item_id)
    asking.server.annotate(asking.source_id, item_id, "cat", "ann")

    asking.settle()

    assert asking.corrected("odd").state is CorrectionState.CONFLICT
    assert asking.labels("newcomer") == [("ann", "cat")]


def test_a_correction_that_the_platform_refuses_has_failed(asking: World) -> None:
    decided(asking)
    asking.server.fail("write", Rejected("HTTP 400"))

    asking.settle()

    assert asking.corrected("odd").state is CorrectionState.FAILED
    assert asking.corrected("odd").error == "HTTP 400"
    assert len(asking.audit("correction.failed")) == 1


@pytest.mark.parametrize("mode", ["ground_truth", "update", "prediction"])
@pytest.mark.parametrize("error", [UnknownOutcome("timeout"), Retryable("does not show")])
def test_a_write_whose_answer_was_lost_is_found_and_not_repeated(
    build: Build, mode: str, error: Retryable
) -> None:
    world = decided(asking_in(build(writeback={"mode": mode})))
    world.server.fail("write", error, after=True)

    world.settle()

    assert world.corrected("odd").state is CorrectionState.APPLIED
    assert len(world.labels("odd")) == (2 if mode == "ground_truth" else 1)
    assert len(predictions(world)) == (2 if mode == "prediction" else 1)


@pytest.mark.parametrize("mode", ["ground_truth", "update", "prediction"])
def test_a_write_that_was_done_before_the_token_was_refused_is_found(build: Build, mode: str) -> None:
    """A try that ends in a pause does not count as one; what it has written is found all the same."""
    world = decided(asking_in(build(writeback={"mode": mode})))
    refused = Misconfigured("HTTP 401", field="token", remedy="Renew it.")
    world.server.fail("fetch", refused)

    world.settle()
    world.later(seconds=601)

    assert world.corrected("odd").state is CorrectionState.APPLIED
    assert len(world.labels("odd")) == (2 if mode == "ground_truth" else 1)


@pytest.mark.parametrize("mode", ["ground_truth", "update", "prediction"])
def test_a_write_that_was_done_before_its_job_was_given_up_is_found_by_the_replay(
    build: Build, mode: str
) -> None:
    world = decided(asking_in(build(writeback={"mode": mode}, worker={"max_attempts": 1})))
    world.server.fail("write", UnknownOutcome("timeout"), after=True)
    world.run_messages()
    (dead,) = world.jobs(JobState.DEAD)

    with world.services.store.begin() as unit:
        unit.jobs.replay(dead.id)
    world.settle()

    assert world.corrected("odd").state is CorrectionState.APPLIED


def test_a_platform_that_is_busy_costs_time_only(asking: World) -> None:
    decided(asking)
    asking.server.fail("prepare", Retryable("busy"), times=3)
    asking.server.fail("fetch", Retryable("busy"), times=2)

    asking.settle()

    assert asking.corrected("odd").state is CorrectionState.APPLIED


def test_our_own_corrections_do_not_count_towards_the_next_scan(asking: World) -> None:
    corrected(asking)
    asking.later(seconds=61)

    assert asking.project.changes_since_scan == 0


def test_a_correction_that_is_closed_is_not_carried_out_again(asking: World) -> None:
    corrected(asking)

    done = asking.do(JobKind.WRITEBACK, {"correction": asking.corrected("odd").id})

    assert done["done"] is False
    assert len(asking.labels("odd")) == 2


# --- undoing ---------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["ground_truth", "update", "prediction"])
def test_a_correction_can_be_undone(build: Build, mode: str) -> None:
    world = asking_in(build(writeback={"mode": mode}))
    before = (world.labels("odd"), predictions(world))
    corrected(world)

    assert world.revert(world.corrected("odd").id)["restored"] == "cat"

    assert (world.labels("odd"), predictions(world)) == before
    assert world.corrected("odd").state is CorrectionState.REVERTED
    ((actor, _, detail),) = world.audit("correction.reverted")
    assert actor == "cli:tester"
    assert (detail["given"], detail["label"]) == ("cat", "dog")


@pytest.mark.parametrize("mode", ["ground_truth", "update"])
def test_a_correction_that_someone_changed_since_is_not_undone(build: Build, mode: str) -> None:
    world = corrected(asking_in(build(writeback={"mode": mode})))
    world.server.edit(world.source_id, world.annotation_id("odd", -1), "bird", "eve")

    refused = world.revert(world.corrected("odd").id)

    assert "conflict" in refused
    assert world.labels("odd")[-1][1] == "bird"
    correction = world.corrected("odd")
    assert correction.state is CorrectionState.APPLIED
    assert reason_text(str(correction.error)).startswith("not reverted: ")
    assert len(world.audit("correction.revert_refused")) == 1


def test_undoing_restores_the_ground_truth_that_was_there_before(asking: World) -> None:
    item_id = asking.held("odd").item.remote_id
    corrected(asking)
    first = asking.corrected("odd")

    asking.revert(first.id)

    assert [a.ground_truth for a in asking.held("odd").item.annotations] == [False]
    assert asking.held("odd").item.remote_id == item_id


def test_undoing_twice_is_undoing_once(asking: World) -> None:
    corrected(asking)
    correction_id = asking.corrected("odd").id
    asking.revert(correction_id)

    with pytest.raises(Rejected, match="is reverted: there is nothing to undo"):
        asking.revert(correction_id)

    assert asking.labels("odd") == [("ann", "cat")]
    assert asking.corrected("odd").state is CorrectionState.REVERTED


def test_an_undo_whose_answer_was_lost_is_done_once(asking: World) -> None:
    corrected(asking)
    asking.server.fail("revert", UnknownOutcome("timeout"), after=True)
    with pytest.raises(UnknownOutcome):
        asking.revert(asking.corrected("odd").id)

    asking.settle()

    assert asking.corrected("odd").state is CorrectionState.REVERTED
    assert asking.labels("odd") == [("ann", "cat")]


def test_what_was_undone_is_not_asked_about_again(asking: World) -> None:
    corrected(asking)
    asking.revert(asking.corrected("odd").id)

    asking.do(JobKind.SYNC)
    asking.do(JobKind.SCAN)
    asking.settle()

    assert [issue.state for issue in asking.issues()] == [IssueState.ACCEPTED]


def test_all_corrections_of_a_run_are_found_by_it(asking: World) -> None:
    asking.wrong("even", given="bird", truly="cat")
    asking.do(JobKind.SYNC)
    asking.do(JobKind.SCAN)
    asking.settle()
    asking.agree("odd", "dog")
    asking.agree("even", "cat")
    asking.later(seconds=61)

    with asking.read() as unit:
        run = unit.corrections.of_run(asking.corrected("odd").run_id)
    for correction in run:
        asking.revert(correction.id)

    assert len(run) == 2
    assert asking.labels("odd") == [("ann", "cat")]
    assert asking.labels("even") == [("ann", "bird")]


# --- guidelines ------------------------------------------------------------------------------


def test_notes_of_those_who_agreed_are_published_with_their_names(asking: World) -> None:
    asking.source.guidelines = "<p>Ours.</p>"
    asking.server.annotators["rita"] = "Rita R."
    asking.answer("odd", "rita", "dog", note="floppy ears")
    asking.answer("odd", "ravi", "dog", note="barks")
    asking.answer("odd", "rosa", "cat", note="meows")

    asking.later(seconds=61)

    assert asking.source.guidelines.startswith("<p>Ours.</p>")
    assert "<b>dog</b>, not <b>cat</b>: floppy ears (Rita R., 2026-03-02)" in asking.source.guidelines
    assert "barks (ravi," in asking.source.guidelines
    assert "meows" not in asking.source.guidelines
    assert asking.notes() == {"floppy ears": "published", "barks": "published"}


def test_notes_are_escaped(asking: World) -> None:
    corrected(asking, note="<img src=x onerror=alert(1)>")

    assert "<img" not in asking.source.guidelines
    assert "&lt;img src=x" in asking.source.guidelines


def test_notes_go_when_their_correction_goes_and_the_rest_stays(asking: World) -> None:
    asking.source.guidelines = "<p>Ours.</p>"
    corrected(asking, note="floppy ears")

    asking.revert(asking.corrected("odd").id)
    asking.settle()

    assert asking.source.guidelines == "<p>Ours.</p>"
    assert set(asking.notes().values()) == {"withdrawn"}


def test_notes_are_not_published_where_that_is_switched_off(build: Build) -> None:
    world = corrected(asking_in(build(writeback={"guidelines": False})), note="floppy ears")

    assert world.source.guidelines == ""


def test_a_correction_taken_back_while_its_notes_are_published_takes_them_back(asking: World) -> None:
    decided(asking, note="floppy ears")
    asking.server.meanwhile("write_guidelines", lambda: asking.ask_revert(asking.corrected("odd").id))

    asking.settle()

    assert asking.corrected("odd").state is CorrectionState.REVERTED
    assert "floppy ears" not in asking.source.guidelines
    assert set(asking.notes().values()) == {"withdrawn"}


def test_the_same_notes_are_not_written_twice(asking: World) -> None:
    corrected(asking, note="floppy ears")
    written = asking.server.calls.count("write_guidelines")

    assert asking.do(JobKind.GUIDELINES) == {"published": 0}
    assert asking.server.calls.count("write_guidelines") == written


def test_the_audit_of_a_whole_loop_verifies(asking: World) -> None:
    corrected(asking, note="floppy ears")
    asking.revert(asking.corrected("odd").id)
    asking.settle()

    assert asking.audit_faults() == []
    issue: Issue = asking.issue("odd")
    assert [subject for _, subject, _ in asking.audit("decision.accept")] == [issue.id]


def test_taking_back_a_correction_of_a_deleted_item_does_not_say_restored(asking: World) -> None:
    corrected(asking)
    asking.server.delete_item(asking.source_id, asking.held("odd").item.remote_id)
    done = asking.revert(asking.corrected("odd").id)

    assert "restored" not in done
    assert done["not_restored"] == reason_text(NotWritten.ITEM_DELETED)


def test_taking_back_a_correction_says_what_the_item_carries_by_somebody_since(
    asking: World,
) -> None:
    corrected(asking)
    asking.server.edit(asking.source_id, asking.annotation_id("odd"), "bird", "ann")
    done = asking.revert(asking.corrected("odd").id)

    assert asking.labels("odd") == [("ann", "bird")]
    assert done["not_restored"] == "the item carries 'bird' now"
    assert asking.corrected("odd").state is CorrectionState.REVERTED
