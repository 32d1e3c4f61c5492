"""Bringing in what changed: sync, reconciliation and webhooks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from connector.errors import Misconfigured, Retryable
from connector.model import IssueState, LabelledItem
from connector.model.jobs import JobKind, JobState
from connector.model.reasons import LetGo
from connector.wording import reason_texts
from tests.support.world import SCHEMA, World, schema_of

Build = Callable[..., World]


def stored(world: World) -> dict[str, LabelledItem]:
    """Text → the labelled item in the store."""
    project_id = world.project.id
    with world.read() as unit:
        found = list(unit.items.labelled(project_id))
    return {world.text_of(one.item_id): one for one in found}


def stored_labels(world: World) -> dict[str, str]:
    return {text: one.label for text, one in stored(world).items()}


# --- sync ------------------------------------------------------------------------------------


def test_the_first_sync_brings_everything_over_several_pages(world: World) -> None:
    for n in range(12):
        world.item(f"item {n}", "cat")

    assert world.do(JobKind.SYNC) == {"seen": 12, "new": 12, "changed": 0, "relabelled": 12}
    assert len(stored(world)) == 12


def test_a_second_sync_brings_only_what_changed(world: World) -> None:
    world.some_right()
    world.do(JobKind.SYNC)
    world.relabel("cat 0", "dog")
    world.item("new", "bird")

    assert world.do(JobKind.SYNC) == {"seen": 2, "new": 1, "changed": 1, "relabelled": 2}
    assert stored_labels(world)["cat 0"] == "dog"


def test_a_full_sync_reads_all_and_finds_nothing_new(world: World) -> None:
    world.some_right()
    world.do(JobKind.SYNC)

    assert world.do(JobKind.SYNC, {"full": True}) == {"seen": 6, "new": 0, "changed": 0, "relabelled": 0}


def test_a_sync_that_is_cut_off_goes_on_where_it_was(world: World) -> None:
    for n in range(12):
        world.item(f"item {n}", "cat")
    world.server.meanwhile("changes_since", lambda: world.server.fail("changes_since", Retryable("cut")))

    with pytest.raises(Retryable):
        world.do(JobKind.SYNC)
    with world.read() as unit:
        assert unit.items.count(1) == 5, "the first page"

    assert world.do(JobKind.SYNC)["seen"] == 7
    assert len(stored(world)) == 12


def test_the_first_sync_is_followed_by_a_scan_and_later_ones_when_enough_changed(build: Build) -> None:
    world = build(policy={"scan_after_changes": 3})
    world.some_right()
    world.settle()
    assert world.scan_count() == 1

    world.relabel("cat 0", "dog")
    world.relabel("cat 1", "dog")
    world.later(seconds=61)
    assert world.scan_count() == 1
    world.relabel("dog 0", "cat")
    world.later(seconds=61)
    assert world.scan_count() == 2


def test_changed_labels_count_although_the_same_page_brings_corrected_items(build: Build) -> None:
    world = build(policy={"scan_after_changes": 2})
    world.some_right()
    for n in range(3):
        world.wrong(f"odd {n}")
    world.settle()
    for n in range(3):
        world.agree(f"odd {n}", "dog")
    world.later(seconds=61)
    for n in range(3):
        world.server.predict(world.source_id, world.held(f"odd {n}").item.remote_id, "dog", score=0.9)

    world.relabel("cat 0", "dog")
    world.relabel("cat 1", "dog")
    world.do(JobKind.SYNC)

    assert world.project.changes_since_scan == 2


def test_labels_that_cannot_be_judged_are_kept_and_counted_by_reason(world: World) -> None:
    world.some_right()
    world.item("not annotated")
    world.item("unknown", "wolf")
    empty = world.item("empty")
    world.server.annotate(world.source_id, empty, None, "ann")
    skipped = world.item("skipped")
    world.server.annotate(world.source_id, skipped, "cat", "ann", cancelled=True)

    world.settle()

    assert len(stored(world)) == 6
    assert dict(world.last_scan().skipped) == {
        "not_annotated": 1,
        "unknown_class": 1,
        "empty": 1,
        "cancelled": 1,
    }


def test_a_number_that_was_given_to_another_item_is_another_item(world: World) -> None:
    world.some_right()
    item_id = world.wrong("odd")
    world.settle()
    world.server.delete_item(world.source_id, item_id)
    world.server.add_item(world.source_id, {"text": "newcomer"}, remote_id=item_id)
    world.server.annotate(world.source_id, item_id, "cat", "ann")

    world.later(seconds=61)

    assert stored_labels(world)["newcomer"] == "cat"
    assert "odd" not in stored(world)
    assert world.issue("odd").state is IssueState.STALE
    assert world.asked() == []


def test_ground_truth_goes_before_the_majority(world: World) -> None:
    item_id = world.item("seen by three", "cat")
    world.server.annotate(world.source_id, item_id, "cat", "bob")
    world.server.annotate(world.source_id, item_id, "dog", "eve", ground_truth=True)

    world.do(JobKind.SYNC)

    assert stored_labels(world)["seen by three"] == "dog"
    assert stored(world)["seen by three"].others == (("ann", "cat"), ("bob", "cat"))


def test_a_project_without_a_label_control_is_said_to_a_person(world: World) -> None:
    world.server.set_schema(world.source_id, None)

    with pytest.raises(Misconfigured, match="no usable label control"):
        world.do(JobKind.SYNC)

    assert "no usable label control" in str(world.project.paused_reason)


# --- the labelling config changes ------------------------------------------------------------


@pytest.fixture
def asking(world: World) -> World:
    world.some_right()
    world.wrong("odd")
    world.settle()
    return world


def test_a_changed_config_is_noted_and_all_labels_are_read_again(asking: World) -> None:
    asking.server.set_schema(asking.source_id, schema_of("cat", "dog"))
    for text in ("bird 0", "bird 1"):
        asking.relabel(text, "bird")  # the platform shows it as a class that there is not

    summary = asking.do(JobKind.SYNC)

    assert summary["seen"] == 7
    assert set(stored_labels(asking).values()) == {"cat", "dog"}
    ((_, _, detail),) = asking.audit("schema.changed")
    assert detail == {"before": ["bird", "cat", "dog"], "after": ["cat", "dog"]}


@pytest.mark.parametrize("kept", [("bird", "cat"), ("bird", "dog")], ids=["suggested gone", "given gone"])
def test_questions_about_a_class_that_is_gone_are_taken_back(asking: World, kept: tuple[str, str]) -> None:
    asking.server.set_schema(asking.source_id, schema_of(*kept))

    asking.later(seconds=61)

    assert asking.issue("odd").state is IssueState.STALE
    assert asking.issue("odd").reason == LetGo.CLASS_GONE
    assert asking.asked() == []
    assert asking.jobs(JobState.DEAD) == []


def test_a_changed_config_is_followed_by_a_scan_and_changes_the_review_project(asking: World) -> None:
    asking.server.set_schema(asking.source_id, schema_of("bird", "cat", "dog", "wolf"))

    asking.later(seconds=61)

    assert asking.scan_count() == 2
    assert asking.review.schema == schema_of("bird", "cat", "dog", "wolf")
    assert asking.asked() == ["odd"]


def test_a_scan_between_a_changed_config_and_its_rereading_leaves_old_labels_out(world: World) -> None:
    for text, label in (("a", "cat"), ("b", "dog"), ("c", "bird")):
        world.item(text, label, cat=0.5, dog=0.5)
    world.do(JobKind.SYNC)
    world.server.fail("changes_since", Retryable("busy"))
    world.server.set_schema(world.source_id, schema_of("cat", "dog"))
    with pytest.raises(Retryable):
        world.do(JobKind.SYNC)

    assert world.do(JobKind.SCAN)["items"] == 2

    assert world.last_scan().skipped == {"unknown_class": 1}


def test_a_class_that_goes_while_in_use_is_named_until_it_is_back(asking: World) -> None:
    asking.server.set_schema(asking.source_id, schema_of("bird", "cat", "dog", "wolf"))
    asking.item("howls", "wolf")
    asking.later(seconds=61)

    asking.server.set_schema(asking.source_id, schema_of("bird", "cat", "dog"))
    asking.later(seconds=61)
    [warning] = [each for each in reason_texts(asking.last_scan().warnings) if "'wolf'" in each]
    assert warning.startswith("The class 'wolf' is gone from the labelling config; 1 label carried it")

    asking.server.set_schema(asking.source_id, schema_of("bird", "cat", "dog", "wolf"))
    asking.later(seconds=61)
    assert not [each for each in reason_texts(asking.last_scan().warnings) if "'wolf'" in each]


# --- reconciliation --------------------------------------------------------------------------


def test_deleted_items_are_found_by_their_missing_ids(asking: World) -> None:
    asking.server.delete_item(asking.source_id, asking.held("odd").item.remote_id)

    summary = asking.do(JobKind.RECONCILE)
    asking.settle()

    assert summary["deleted"] == 1
    assert asking.issue("odd").state is IssueState.STALE
    assert asking.issue("odd").reason == LetGo.ITEM_GONE
    assert asking.asked() == []


def test_items_that_no_delta_showed_are_fetched(asking: World) -> None:
    item_id = asking.item("forgotten", "cat")
    asking.held("forgotten").seq = 0

    assert asking.do(JobKind.SYNC)["new"] == 0
    assert asking.do(JobKind.RECONCILE)["fetched"] == 1

    assert stored(asking)["forgotten"].remote_id == item_id


def test_an_item_that_is_only_missing_in_the_listing_is_not_deleted(asking: World) -> None:
    held = asking.source.held.pop(asking.held("odd").item.remote_id)
    asking.server.meanwhile("item_refs", lambda: asking.source.held.__setitem__(held.item.remote_id, held))

    assert asking.do(JobKind.RECONCILE)["deleted"] == 0
    assert asking.issue("odd").state is IssueState.IN_REVIEW


def test_a_review_task_that_someone_deleted_is_given_up_and_asked_again_before_the_next_scan(
    asking: World,
) -> None:
    scans = asking.scan_count()
    asking.server.delete_item(asking.review_id, asking.review_of("odd").item.remote_id)

    assert asking.do(JobKind.RECONCILE)["reviews_lost"] == 1
    assert asking.issue("odd").state is IssueState.STALE
    assert asking.issue("odd").reason == LetGo.TASK_GONE
    asking.settle()

    assert asking.issue("odd").state is IssueState.IN_REVIEW
    assert asking.asked() == ["odd"]
    assert asking.scan_count() == scans


# --- webhooks --------------------------------------------------------------------------------


def test_many_deliveries_become_one_job_and_one_request(asking: World) -> None:
    asking.server.deliveries.clear()
    for _ in range(5):
        asking.relabel("cat 0", "dog")
        asking.relabel("cat 0", "bird")
    asking.server.calls.clear()

    assert asking.deliver() == 10
    asking.run_messages()

    assert asking.jobs_made(JobKind.INGEST) == 1
    assert asking.server.calls.count("fetch") == 1
    assert stored_labels(asking)["cat 0"] == "bird"


def test_the_body_of_a_webhook_is_not_believed(asking: World) -> None:
    asking.server.deliveries.clear()
    asking.relabel("cat 0", "dog")
    asking.server.edit(asking.source_id, asking.annotation_id("cat 0"), "bird", "ann")
    asking.server.deliveries.pop()

    asking.deliver()
    asking.run_messages()

    assert stored_labels(asking)["cat 0"] == "bird"


def test_a_deletion_that_names_only_annotations_finds_their_item(asking: World) -> None:
    asking.server.deliveries.clear()
    asking.server.delete_annotation(asking.source_id, asking.annotation_id("odd"))

    asking.deliver()
    asking.settle()

    assert "odd" not in stored(asking)
    assert asking.issue("odd").state is IssueState.STALE
    assert asking.asked() == []


def test_a_deleted_item_takes_its_question_along(asking: World) -> None:
    asking.server.deliveries.clear()
    asking.server.delete_item(asking.source_id, asking.held("odd").item.remote_id)

    asking.deliver()
    asking.settle()

    assert asking.issue("odd").state is IssueState.STALE
    assert asking.asked() == []


def test_a_webhook_about_the_config_starts_a_sync(asking: World) -> None:
    asking.server.deliveries.clear()
    asking.server.set_schema(asking.source_id, schema_of("bird", "cat", "dog", "wolf"))

    asking.deliver()
    asking.settle()

    assert asking.project.schema == schema_of("bird", "cat", "dog", "wolf")


def test_enough_changes_by_webhook_start_a_scan(build: Build) -> None:
    world = build(policy={"scan_after_changes": 2})
    world.some_right()
    world.settle()
    world.server.deliveries.clear()

    world.relabel("cat 0", "dog")
    world.relabel("cat 1", "dog")
    world.deliver()
    world.settle()

    assert world.scan_count() == 2


def test_deliveries_wait_when_the_platform_does_not_answer(asking: World) -> None:
    asking.server.deliveries.clear()
    asking.relabel("cat 0", "dog")
    asking.server.fail("fetch", Retryable("busy"))

    asking.deliver()
    asking.run_messages()
    assert stored_labels(asking)["cat 0"] == "cat"
    asking.settle()

    assert stored_labels(asking)["cat 0"] == "dog"


def test_webhooks_before_the_first_sync_lose_nothing(world: World) -> None:
    world.do(JobKind.HOOKS)
    world.item("early", "cat")

    world.deliver()
    world.settle()

    assert stored_labels(world) == {"early": "cat"}
    assert world.project.schema == SCHEMA


# --- hooks -----------------------------------------------------------------------------------


def test_webhooks_of_both_projects_are_registered_once(asking: World) -> None:
    asking.later(seconds=601)
    asking.later(seconds=601)

    assert [len(board.hooks) for board in (asking.source, asking.review)] == [1, 1]
    assert len(asking.audit("webhook.registered")) == 2
    assert "/hooks/animals/source/" in asking.source.hooks[0].url
    assert "/hooks/animals/review/" in asking.review.hooks[0].url
    assert asking.source.hooks[0].secret != asking.review.hooks[0].secret


def test_a_hook_that_was_removed_or_switched_off_is_repaired(asking: World) -> None:
    asking.source.hooks.clear()
    asking.review.hooks[0].active = False

    assert asking.do(JobKind.HOOKS) == {"repaired": 2}

    assert [hook.active for hook in (*asking.source.hooks, *asking.review.hooks)] == [True, True]


def test_a_text_that_is_edited_while_it_is_reviewed_closes_its_question_and_its_answers(
    world: World,
) -> None:
    world.some_right()
    world.wrong()
    world.settle()
    asked = world.issue("odd").id
    old = world.task("odd").key
    world.answer("odd", "rita", "dog")
    held = world.held("odd")
    world.server.tick()
    world.server.store(held, data={"text": "quite another"})
    world.later(seconds=61)

    with world.read() as unit:
        closed = unit.issues.get(asked)
    assert closed is not None
    assert (closed.state, closed.reason) == (IssueState.STALE, LetGo.ITEM_EDITED)
    renewed = world.task("quite another")
    assert renewed.key != old
    assert world.votes("quite another") == []
    assert world.asked() == ["quite another"]


def test_a_full_pass_reads_data_again_though_no_stamp_moved(world: World) -> None:
    item = world.item("x", "cat")
    world.settle()
    held = world.held("x")
    held.item = replace(held.item, data={"text": "x", "vectors.v": [1.0, 2.0]})
    world.do(JobKind.SYNC)
    with world.read() as unit:
        [ours] = unit.items.ids_of([item], world.project.id)
        assert unit.items.data([ours])[ours] == {"text": "x"}
    world.do(JobKind.SYNC, {"full": True})

    with world.read() as unit:
        assert unit.items.data([ours])[ours] == {"text": "x", "vectors.v": [1.0, 2.0]}
