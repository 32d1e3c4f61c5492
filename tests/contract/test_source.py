"""What every Source promises."""

from __future__ import annotations

import pytest

from connector.model import Item, LabelStatus
from connector.ports import Source
from tests.contract.scenes import CLASSES, Scene

LABRADOR, GOLDEN, POODLE = CLASSES


def read(source: Source, cursor: str | None) -> tuple[dict[str, Item], str]:
    """All changes since the cursor, by id, and the cursor that follows."""
    items: dict[str, Item] = {}
    for page in source.changes_since(cursor):
        items |= {item.remote_id: item for item in page.items}
        cursor = page.cursor
    assert cursor is not None
    return items, cursor


def test_a_source_describes_itself_with_its_classes_in_the_configs_order(scene: Scene) -> None:
    scene.add_items(["one"])
    info = scene.source.describe()
    assert info.schema.classes == CLASSES
    assert info.schema.control == "breed"
    assert [(tag.kind, tag.field) for tag in info.schema.objects] == [("Text", "text")]
    assert info.n_items == 1
    assert info.title.startswith("Dogs")


def test_annotators_have_names(scene: Scene) -> None:
    item = scene.add_items(["one"])[0]
    scene.annotate(item, LABRADOR, "anna")
    names = {annotator.remote_id: annotator.name for annotator in scene.source.annotators()}
    assert names[scene.user_id("anna")].startswith("anna")


def test_a_full_pass_brings_every_item_with_annotations_and_predictions(scene: Scene) -> None:
    ids = scene.add_items([f"dog {n}" for n in range(7)])
    scene.annotate(ids[0], LABRADOR, "anna")
    scene.annotate(ids[0], POODLE, "bert")
    scene.predict(ids[0], GOLDEN, {GOLDEN: 0.7, LABRADOR: 0.2, POODLE: 0.1})
    scene.predict(ids[1], GOLDEN)
    items, _ = read(scene.small_source(3), None)
    assert sorted(items) == sorted(ids)
    first = items[ids[0]]
    assert first.data["text"] == "dog 0"
    given = {a.annotator: (a.label, a.status) for a in first.annotations}
    assert given == {
        scene.user_id("anna"): (LABRADOR, LabelStatus.VALID),
        scene.user_id("bert"): (POODLE, LabelStatus.VALID),
    }
    assert first.predictions[0].class_scores == {GOLDEN: 0.7, LABRADOR: 0.2, POODLE: 0.1}
    assert (items[ids[1]].predictions[0].label, items[ids[1]].predictions[0].score) == (GOLDEN, 0.7)
    assert items[ids[1]].predictions[0].class_scores is None


def test_what_cannot_be_judged_has_a_status_and_no_label(scene: Scene) -> None:
    ids = scene.add_items(["skipped", "empty", "unknown"])
    scene.skip(ids[0])
    scene.annotate(ids[1], None)
    scene.annotate(ids[2], "Wolf")
    items, _ = read(scene.source, None)
    found = [items[i].annotations[0] for i in ids]
    assert [a.status for a in found] == [
        LabelStatus.CANCELLED,
        LabelStatus.EMPTY,
        LabelStatus.UNKNOWN_CLASS,
    ]
    assert {a.label for a in found} == {None}


def test_a_delta_brings_each_kind_of_change(scene: Scene) -> None:
    ids = scene.add_items([f"dog {n}" for n in range(5)])
    edited = scene.annotate(ids[0], LABRADOR)
    deleted = scene.annotate(ids[1], LABRADOR)
    _, cursor = read(scene.source, None)
    scene.edit(edited, GOLDEN)
    scene.delete_annotation(deleted)
    scene.annotate(ids[2], POODLE)
    new = scene.add_items(["late"])[0]
    items, _ = read(scene.source, cursor)
    assert items[ids[0]].annotations[0].label == GOLDEN
    assert items[ids[1]].annotations == ()
    assert items[ids[2]].annotations[0].label == POODLE
    assert new in items


def test_what_changes_during_a_full_pass_arrives_with_it_or_after_it(scene: Scene) -> None:
    ids = scene.add_items([f"dog {n}" for n in range(9)])
    seen: dict[str, Item] = {}
    cursor = None
    for number, page in enumerate(scene.small_source(2).changes_since(None)):
        seen |= {item.remote_id: item for item in page.items}
        cursor = page.cursor
        if number == 1:
            scene.annotate(ids[0], GOLDEN)
            scene.delete_item(ids[1])
            scene.annotate(ids[8], POODLE)
    later, _ = read(scene.source, cursor)
    seen |= later
    assert seen[ids[0]].annotations[0].label == GOLDEN
    assert seen[ids[8]].annotations[0].label == POODLE
    assert set(seen) == set(ids)


@pytest.mark.parametrize("stop_after", [1, 2, 3])
def test_a_pass_that_broke_off_goes_on_from_the_last_saved_page(scene: Scene, stop_after: int) -> None:
    ids = scene.add_items([f"dog {n}" for n in range(7)])
    seen: set[str] = set()
    cursor = None
    pages = scene.small_source(2).changes_since(None)
    for _ in range(stop_after):
        page = next(pages)
        seen |= {item.remote_id for item in page.items}
        cursor = page.cursor
    del pages
    rest, _ = read(scene.small_source(2), cursor)
    assert seen | set(rest) == set(ids)


def test_a_delta_over_many_pages_misses_nothing_while_rows_move(scene: Scene) -> None:
    ids = scene.add_items([f"dog {n}" for n in range(8)])
    _, cursor = read(scene.source, None)
    for item in ids:
        scene.annotate(item, LABRADOR)
    seen: dict[str, Item] = {}
    for number, page in enumerate(scene.small_source(3).changes_since(cursor)):
        seen |= {item.remote_id: item for item in page.items}
        cursor = page.cursor
        if number == 0:
            scene.annotate(ids[7], GOLDEN, "bert")
        assert number < 20, "a delta ends"
    later, _ = read(scene.source, cursor)
    seen |= later
    assert set(seen) == set(ids)
    assert len(seen[ids[7]].annotations) == 2


def test_an_empty_project_gives_a_cursor_that_sees_its_first_item(scene: Scene) -> None:
    items, cursor = read(scene.source, None)
    assert items == {}
    ids = scene.add_items(["first"])
    assert set(read(scene.source, cursor)[0]) == set(ids)


def test_fetch_leaves_out_what_does_not_exist(scene: Scene) -> None:
    ids = scene.add_items(["one", "two", "three"])
    scene.delete_item(ids[1])
    found = scene.source.fetch([ids[0], ids[1], "987654321", ids[2]])
    assert {item.remote_id for item in found} == {ids[0], ids[2]}
    assert list(scene.source.fetch([])) == []


def test_identities_are_those_of_the_items(scene: Scene) -> None:
    ids = scene.add_items(["one", "two", "three"])
    scene.delete_item(ids[0])
    refs = {ref.remote_id: ref.created_at for chunk in scene.source.item_refs() for ref in chunk}
    items = {item.remote_id: item.created_at for item in scene.source.fetch(ids)}
    assert refs == items
    assert set(refs) == set(ids[1:])
