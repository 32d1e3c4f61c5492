"""What every Source promises about corrections."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest

from connector.errors import Conflict
from connector.model import Annotation, ItemRef, WriteMode, WriteOrder, WriteRecord
from tests.contract.scenes import CLASSES, Scene

LABRADOR, GOLDEN, POODLE = CLASSES
WRITING = [WriteMode.GROUND_TRUTH, WriteMode.UPDATE, WriteMode.PREDICTION]


def order_for(
    scene: Scene, item_id: str, annotation_id: str, mode: WriteMode, label: str = GOLDEN
) -> WriteOrder:
    """Correct Labrador to `label`."""
    item = scene.source.fetch([item_id])[0]
    return WriteOrder(
        marker=f"c-{uuid.uuid4().hex}",
        mode=mode,
        item=ItemRef(item.remote_id, item.created_at),
        annotation_id=annotation_id,
        expected_label=LABRADOR,
        label=label,
        score=0.98,
    )


def annotations(scene: Scene, item_id: str) -> dict[str, Annotation]:
    """The item's annotations by id."""
    return {a.remote_id: a for a in scene.source.fetch([item_id])[0].annotations}


def test_a_ground_truth_stands_beside_the_original(scene: Scene) -> None:
    item = scene.add_items(["dog"])[0]
    given = scene.annotate(item, LABRADOR, "anna")
    order = order_for(scene, item, given, WriteMode.GROUND_TRUTH, POODLE)
    record = scene.source.write(order)
    found = annotations(scene, item)
    assert found[given].label == LABRADOR
    assert found[given].marker is None
    assert (found[record.remote_id].label, found[record.remote_id].marker) == (POODLE, order.marker)
    assert found[record.remote_id].annotator == scene.source.describe().service_user
    assert scene.ground_truths(item) == {record.remote_id}


def test_an_update_changes_the_annotation_in_place(scene: Scene) -> None:
    item = scene.add_items(["dog"])[0]
    given = scene.annotate(item, LABRADOR, "anna")
    order = order_for(scene, item, given, WriteMode.UPDATE)
    record = scene.source.write(order)
    changed = annotations(scene, item)
    assert record.remote_id == given
    assert (changed[given].label, changed[given].marker) == (GOLDEN, order.marker)
    assert changed[given].annotator == scene.user_id("anna")


def test_a_prediction_leaves_labels_alone_and_is_not_taken_for_a_models(scene: Scene) -> None:
    item = scene.add_items(["dog"])[0]
    given = scene.annotate(item, LABRADOR)
    order = order_for(scene, item, given, WriteMode.PREDICTION)
    record = scene.source.write(order)
    assert {a.label for a in annotations(scene, item).values()} == {LABRADOR}
    assert scene.source.fetch([item])[0].predictions == ()
    assert scene.source.find_write(order) == record


@pytest.mark.parametrize("mode", WRITING)
def test_what_was_written_is_found_again_and_not_written_twice(scene: Scene, mode: WriteMode) -> None:
    item = scene.add_items(["dog"])[0]
    order = order_for(scene, item, scene.annotate(item, LABRADOR), mode)
    assert scene.source.find_write(order) is None
    record = scene.source.write(order)
    assert scene.source.find_write(order) == record
    assert scene.source.write(order) == record
    assert len(annotations(scene, item)) == (2 if mode is WriteMode.GROUND_TRUTH else 1)


@pytest.mark.parametrize("mode", WRITING)
def test_nothing_is_written_over_a_label_that_changed(scene: Scene, mode: WriteMode) -> None:
    item = scene.add_items(["dog"])[0]
    given = scene.annotate(item, LABRADOR)
    order = order_for(scene, item, given, mode)
    scene.edit(given, POODLE)
    with pytest.raises(Conflict, match="Poodle"):
        scene.source.prepare(order)
    with pytest.raises(Conflict, match="Poodle"):
        scene.source.write(order)
    assert [a.label for a in annotations(scene, item).values()] == [POODLE]
    assert scene.source.find_write(order) is None


def test_a_deleted_annotation_a_deleted_item_and_a_reused_number_are_conflicts(scene: Scene) -> None:
    first, second = scene.add_items(["dog", "cat"])
    given = scene.annotate(first, LABRADOR)
    order = order_for(scene, first, given, WriteMode.GROUND_TRUTH)
    another = replace(order, item=ItemRef(first, order.item.created_at.replace(year=2001)))
    with pytest.raises(Conflict):
        scene.source.write(another)
    assert scene.source.find_write(another) is None
    scene.delete_annotation(given)
    with pytest.raises(Conflict):
        scene.source.write(order)
    scene.delete_item(first)
    with pytest.raises(Conflict):
        scene.source.write(order)
    assert scene.source.fetch([second])[0].annotations == ()


def test_a_class_that_the_config_does_not_have_is_not_written(scene: Scene) -> None:
    item = scene.add_items(["dog"])[0]
    order = order_for(scene, item, scene.annotate(item, LABRADOR), WriteMode.UPDATE, "Wolf")
    with pytest.raises(Conflict, match="Wolf"):
        scene.source.write(order)
    assert [a.label for a in annotations(scene, item).values()] == [LABRADOR]


def test_a_dry_run_writes_nothing(scene: Scene) -> None:
    item = scene.add_items(["dog"])[0]
    order = order_for(scene, item, scene.annotate(item, LABRADOR), WriteMode.DRY_RUN)
    record = scene.source.write(order)
    scene.source.revert(order, record)
    assert record.remote_id == ""
    assert [a.label for a in annotations(scene, item).values()] == [LABRADOR]


@pytest.mark.parametrize("mode", WRITING)
def test_a_revert_restores_and_may_be_repeated(scene: Scene, mode: WriteMode) -> None:
    item = scene.add_items(["dog"])[0]
    given = scene.annotate(item, LABRADOR, "anna", ground_truth=True)
    order = order_for(scene, item, given, mode)
    truths = scene.ground_truths(item)
    record = scene.source.write(order)
    scene.source.revert(order, record)
    scene.source.revert(order, record)
    left = annotations(scene, item)
    assert {i: (a.label, a.marker) for i, a in left.items()} == {given: (LABRADOR, None)}
    assert scene.ground_truths(item) == truths
    assert scene.source.find_write(order) is None


@pytest.mark.parametrize("mode", WRITING)
def test_what_stands_says_enough_to_be_owned_up_to_and_taken_back(scene: Scene, mode: WriteMode) -> None:
    item = scene.add_items(["dog"])[0]
    given = scene.annotate(item, LABRADOR, "anna", ground_truth=True)
    truths = scene.ground_truths(item)
    order = replace(order_for(scene, item, given, mode), installation="0a1b2c3d4e5f", issue="issue-1")
    record = scene.source.write(order)
    (own,) = scene.source.fetch([item])[0].own_writes
    assert (own.marker, own.remote_id, own.untouched) == (order.marker, record.remote_id, True)
    assert own.origin == order.origin
    known = WriteRecord(own.remote_id, own.before, own.after)
    if mode is WriteMode.GROUND_TRUTH:
        prepared = scene.source.prepare(order)
        assert {name: prepared[name] for name in own.before} == own.before, "ours is not what was before it"
    scene.source.revert(order, known)
    assert {i: (a.label, a.marker) for i, a in annotations(scene, item).items()} == {given: (LABRADOR, None)}
    assert scene.source.fetch([item])[0].own_writes == ()
    assert scene.ground_truths(item) == truths


@pytest.mark.parametrize("mode", [WriteMode.GROUND_TRUTH, WriteMode.UPDATE])
def test_a_revert_does_not_overrule_a_later_change(scene: Scene, mode: WriteMode) -> None:
    item = scene.add_items(["dog"])[0]
    order = order_for(scene, item, scene.annotate(item, LABRADOR), mode)
    record = scene.source.write(order)
    scene.edit(record.remote_id, POODLE, "bert")
    with pytest.raises(Conflict):
        scene.source.revert(order, record)
    assert annotations(scene, item)[record.remote_id].label == POODLE


def test_a_revert_does_not_demote_a_ground_truth_that_was_set_since(flagging_scene: Scene) -> None:
    scene = flagging_scene
    item = scene.add_items(["dog"])[0]
    given = scene.annotate(item, LABRADOR, "anna", ground_truth=True)
    order = order_for(scene, item, given, WriteMode.GROUND_TRUTH)
    record = scene.source.write(order)
    newer = scene.annotate(item, POODLE, "bert", ground_truth=True)
    scene.source.revert(order, record)
    assert newer in scene.ground_truths(item)
    assert given not in scene.ground_truths(item)


def test_a_revert_after_a_crash_between_its_two_calls_finishes_the_work(flagging_scene: Scene) -> None:
    scene = flagging_scene
    item = scene.add_items(["dog"])[0]
    given = scene.annotate(item, LABRADOR, "anna", ground_truth=True)
    order = order_for(scene, item, given, WriteMode.GROUND_TRUTH)
    record = scene.source.write(order)
    scene.delete_annotation(record.remote_id)  # as far as the first try came
    scene.source.revert(order, record)
    assert scene.ground_truths(item) == {given}


def test_a_revert_of_a_deleted_item_has_nothing_to_do(scene: Scene) -> None:
    item = scene.add_items(["dog"])[0]
    order = order_for(scene, item, scene.annotate(item, LABRADOR), WriteMode.GROUND_TRUTH)
    record = scene.source.write(order)
    scene.delete_item(item)
    scene.source.revert(order, record)


@pytest.mark.parametrize("mode", [WriteMode.GROUND_TRUTH, WriteMode.UPDATE])
def test_a_persons_edit_of_what_we_wrote_is_theirs(scene: Scene, mode: WriteMode) -> None:
    item = scene.add_items(["dog"])[0]
    order = order_for(scene, item, scene.annotate(item, LABRADOR), mode)
    record = scene.source.write(order)
    scene.edit(record.remote_id, POODLE, "bert")
    assert annotations(scene, item)[record.remote_id].marker is None


def test_what_prepare_journals_is_enough_to_revert(scene: Scene) -> None:
    item = scene.add_items(["dog"])[0]
    given = scene.annotate(item, LABRADOR)
    order = order_for(scene, item, given, WriteMode.UPDATE)
    before = scene.source.prepare(order)
    record = scene.source.write(order)
    scene.source.revert(order, replace(record, before=before))
    assert annotations(scene, item)[given].label == LABRADOR
