"""Items, annotations and predictions as last seen on the platform."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connector.model import Annotation, Item, LabelStatus
from tests.integration.store.house import NOW, House, annotation, at, item, prediction

NAMES = count()


def versions(house: House) -> dict[str, int]:
    return dict(house.rows("SELECT remote_id, label_version FROM annotations ORDER BY id"))


def test_a_page_becomes_the_stored_state(house: House) -> None:
    change = house.apply(item("1", annotation("11", "cat")), item("2", annotation("12", "dog")), item("3"))
    assert (change.new, change.changed, len(change.relabelled)) == (3, 0, 2)
    assert house.labelled() == {"1": "cat", "2": "dog"}


def test_the_same_page_again_changes_nothing(house: House) -> None:
    page = [item("1", annotation("11"), predictions=(prediction("5"),)), item("2")]
    house.apply(*page)
    change = house.apply(*page)
    assert (change.new, change.changed, change.relabelled) == (0, 0, set())
    assert house.rows("SELECT count(*) FROM items") == [(2,)]
    assert house.rows("SELECT count(*) FROM annotations") == [(1,)]
    assert house.rows("SELECT count(*) FROM predictions") == [(1,)]


def test_a_page_larger_than_one_statement_takes(house: House) -> None:
    page = [item(str(n), annotation(str(n)), predictions=(prediction(str(n)),)) for n in range(1201)]
    assert house.apply(*page).new == 1201
    moved = [replace(one, updated_at=at(1), data={"text": "new"}) for one in page]
    assert house.apply(*moved).changed == 1201
    assert len(house.labelled()) == 1201


def test_a_page_that_holds_an_item_twice_ends_in_its_newest_state(house: House) -> None:
    newest = item("1", annotation("11", "dog", updated_at=at(2)), updated=2)
    house.apply(newest, item("1", annotation("11", "cat"), updated=1))
    assert house.labelled() == {"1": "dog"}


def test_an_item_that_holds_an_annotation_twice_is_stored_once(house: House) -> None:
    house.apply(item("1", annotation("11", "cat"), annotation("11", "dog"), predictions=(prediction(),) * 2))
    assert house.labelled() == {"1": "dog"}


def test_an_older_state_that_arrives_late_is_left_out(house: House) -> None:
    house.apply(item("1", annotation("11", "dog", updated_at=at(5)), updated=5))
    house.apply(item("1", annotation("11", "cat"), updated=1))
    assert house.labelled() == {"1": "dog"}


def test_an_older_annotation_in_an_item_of_the_same_time_is_left_out(house: House) -> None:
    house.apply(item("1", annotation("11", "dog", updated_at=at(5)), updated=5))
    house.apply(item("1", annotation("11", "cat", updated_at=at(4)), updated=5))
    assert house.labelled() == {"1": "dog"}


def test_a_ground_truth_that_was_silently_demoted_is_seen(house: House) -> None:
    """Label Studio moves no time of the annotation that it demotes."""
    first = annotation("11", "cat", ground_truth=True)
    house.apply(item("1", first))
    second = annotation("12", "dog", ground_truth=True, created_at=at(1), updated_at=at(1))
    change = house.apply(item("1", replace(first, ground_truth=False), second, updated=1))
    assert house.labelled() == {"1": "dog"}
    assert len(change.relabelled) == 1


def test_a_reused_id_with_another_birth_is_another_item(house: House) -> None:
    house.apply(item("1", annotation("11", "cat")))
    change = house.apply(item("1", annotation("12", "dog"), created_at=at(9), updated=9))
    assert change.new == 1
    assert len(change.relabelled) == 2  # the one that went, the one that came
    assert house.labelled() == {"1": "dog"}
    assert house.rows("SELECT count(*) FROM items WHERE deleted_at IS NULL") == [(1,)]
    assert house.rows("SELECT count(*) FROM items") == [(2,)]


def test_late_word_of_the_former_owner_of_an_id_does_not_bring_it_back(house: House) -> None:
    former = item("1", annotation("11", "cat"))
    house.apply(former)
    house.apply(item("1", annotation("12", "dog"), created_at=at(9), updated=9))
    house.apply(former)
    assert house.labelled() == {"1": "dog"}


def test_an_id_whose_last_owner_is_gone_may_be_taken_by_an_older_birth(house: House) -> None:
    """As after a backup was restored, or a clock set back: the reconciliation deletes, the next page adds."""
    house.apply(item("1", annotation("11", "cat"), created_at=at(9), updated=9))
    with house.store.begin() as unit:
        unit.items.mark_deleted(unit.items.ids_of(["1"], house.project))
    house.apply(item("1", annotation("12", "dog"), updated=10))
    assert house.labelled() == {"1": "dog"}


def test_a_deleted_item_comes_back_when_the_platform_shows_it(house: House) -> None:
    house.apply(item("1", annotation("11")))
    with house.store.begin() as unit:
        unit.items.mark_deleted(unit.items.ids_of(["1"], house.project))
    assert house.labelled() == {}
    change = house.apply(item("1", annotation("11")))
    assert (change.new, change.changed, len(change.relabelled)) == (0, 1, 1)
    assert house.labelled() == {"1": "cat"}


def test_items_of_two_projects_with_the_same_ids_do_not_meet(house: House) -> None:
    other = house.new_project("dogs")
    house.apply(item("1", annotation("11", "cat")))
    with house.store.begin() as unit:
        unit.items.apply(other, [item("1", annotation("11", "dog"))])
    assert house.labelled() == {"1": "cat"}


def test_the_label_version_rises_with_label_and_status_only(house: House) -> None:
    first = annotation("11", "cat")
    house.apply(item("1", first))
    untouched = replace(first, ground_truth=True, updated_by="bob", result=["other"], updated_at=at(1))
    house.apply(item("1", untouched, updated=1))
    assert versions(house) == {"11": 1}
    house.apply(item("1", replace(untouched, label="dog"), updated=1))
    assert versions(house) == {"11": 2}
    house.apply(item("1", replace(untouched, label="dog", status=LabelStatus.CANCELLED), updated=1))
    assert versions(house) == {"11": 3}


def test_a_missing_annotation_is_marked_deleted_and_may_come_back(house: House) -> None:
    house.apply(item("1", annotation("11", "cat"), annotation("12", "dog")))
    change = house.apply(item("1", annotation("12", "dog"), updated=1))
    assert len(change.relabelled) == 1
    assert house.labelled() == {"1": "dog"}
    change = house.apply(item("1", annotation("11", "cat"), annotation("12", "dog"), updated=2))
    assert len(change.relabelled) == 1
    assert house.labelled() == {"1": "cat"}
    assert versions(house) == {"11": 1, "12": 1}


def test_predictions_are_replaced_by_those_of_the_page(house: House) -> None:
    house.apply(item("1", predictions=(prediction("5"), prediction("6", model_version="m2"))))
    house.apply(item("1", predictions=(prediction("6", model_version="m2", score=0.5), prediction("7"))))
    found = house.rows("SELECT remote_id, score FROM predictions ORDER BY remote_id")
    assert found == [("6", 0.5), ("7", 0.75)]


def test_a_prediction_that_now_reads_differently_is_stored_anew(house: House) -> None:
    """A changed labelling config gives the same result, at the same time, another meaning."""
    house.apply(item("1", predictions=(prediction("5", label="cat", class_scores=None),)))
    house.apply(item("1", predictions=(prediction("5", label="dog", class_scores={"dog": 1.0}),)))
    with house.store.read() as unit:
        [item_id] = unit.items.ids_of(["1"], house.project)
        found = unit.items.predicted([item_id], "m1")[item_id]
    assert (found.label, found.class_scores) == ("dog", {"dog": 1.0})


def test_the_newest_prediction_of_a_model_counts(house: House) -> None:
    old, new = prediction("5", label="cat"), prediction("6", label="dog", updated_at=at(1))
    house.apply(item("1", predictions=(new, old, prediction("7", model_version="m0"))))
    with house.store.read() as unit:
        [item_id] = unit.items.ids_of(["1"], house.project)
        assert unit.items.newest_model_version(house.project) == "m1"
        assert unit.items.predicted([item_id], "m1")[item_id].label == "dog"


def test_text_that_no_database_stores_does_not_stop_a_page(house: House) -> None:
    """PostgreSQL refuses NUL, UTF-8 has no lone surrogates; both came from real exports."""
    strange = annotation("11", "c\x00t\ud800", annotator="a" * 300, updated_by="b\x00")
    page = item(
        "1", strange, data={"text": "\x00 \ud800 \U0001f408"}, predictions=(prediction("5", label="\x00"),)
    )
    house.apply(page)
    assert house.labelled() == {"1": "c\ufffdt\ufffd"}
    assert house.apply(page).relabelled == set()
    assert versions(house) == {"11": 1}
    with house.store.read() as unit:
        [item_id] = unit.items.ids_of(["1"], house.project)
        assert unit.items.data([item_id]) == {item_id: {"text": "\x00 \ud800 \U0001f408"}}


def test_moments_come_back_aware_and_in_utc(house: House) -> None:
    east = NOW.astimezone(timezone(timedelta(hours=9, minutes=30)))
    house.apply(item("1", annotation("11", updated_at=east), created_at=east))
    with house.store.read() as unit:
        [found] = unit.items.labelled(house.project)
        [[_, ref]] = unit.items.refs(house.project).values()
    assert (found.updated_at, found.updated_at.utcoffset()) == (NOW, timedelta(0))
    assert (ref.created_at, ref.created_at.utcoffset()) == (NOW, timedelta(0))


def test_only_valid_labels_of_present_items_are_judged(house: House) -> None:
    house.apply(
        item("1", annotation("11", "cat")),
        item("2", annotation("12", None, status=LabelStatus.EMPTY)),
        item("3", annotation("13", "fox", status=LabelStatus.UNKNOWN_CLASS)),
        item("4"),
    )
    assert house.labelled() == {"1": "cat"}
    with house.store.read() as unit:
        assert unit.items.count(house.project) == 4
        statuses = unit.items.label_statuses(house.project)
    assert statuses.counts == {"valid": 1, "empty": 1, "unknown_class": 1, "not_annotated": 1}
    assert statuses.labelled == 1


def test_an_item_that_several_people_labeled_is_one_labelled_item(house: House) -> None:
    both = item("1", annotation("11", "cat", annotator="ann"), annotation("12", "dog", annotator="bob"))
    house.apply(both, item("2"))
    with house.store.read() as unit:
        statuses = unit.items.label_statuses(house.project)
    assert (statuses.counts["valid"], statuses.counts["not_annotated"]) == (2, 1)
    assert statuses.labelled == 1


def test_an_item_carries_its_ground_truth_then_the_majority_then_the_earliest(house: House) -> None:
    cat = annotation("1", "cat", annotator="ann", created_at=at(3))
    dog = annotation("2", "dog", annotator="bob", created_at=at(1))
    also = annotation("3", "cat", annotator="cho", created_at=at(4))
    house.apply(
        item("truth", cat, also, replace(dog, ground_truth=True)),
        item("majority", cat, dog, also),
        item("earliest", cat, dog),
    )
    assert house.labelled() == {"truth": "dog", "majority": "cat", "earliest": "dog"}
    with house.store.read() as unit:
        found = {one.remote_id: one for one in unit.items.labelled(house.project)}
    assert found["majority"].annotator == "ann"
    assert found["majority"].others == (("bob", "dog"), ("cho", "cat"))


def test_labelled_items_can_be_asked_for_by_id(house: House) -> None:
    house.apply(*(item(str(n), annotation(str(n))) for n in range(1100)))
    with house.store.read() as unit:
        wanted = unit.items.ids_of([str(n) for n in range(0, 1100, 2)], house.project)
        assert [one.item_id for one in unit.items.labelled(house.project, wanted)] == sorted(wanted)


def test_a_transaction_may_write_after_it_read_a_whole_project(house: House) -> None:
    house.apply(item("1", annotation("11")), item("2", annotation("12")))
    with house.store.begin() as unit:
        for one in unit.items.labelled(house.project):
            unit.items.mark_deleted([one.item_id])
        list(unit.audit.entries())
        unit.projects.pause(house.project, "read to the end")
    assert house.labelled() == {}


def test_annotations_name_their_items(house: House) -> None:
    house.apply(item("1", annotation("11")), item("2", annotation("12"), annotation("13")))
    with house.store.read() as unit:
        assert unit.items.remote_ids_of_annotations(house.project, ["12", "13", "99"]) == ["2"]


def test_an_item_tells_who_labelled_it(house: House) -> None:
    house.apply(item("1", annotation("11", annotator="ann"), annotation("12", annotator=None)))
    house.apply(item("1", annotation("12", annotator=None), annotation("13", annotator="bob"), updated=1))
    with house.store.read() as unit:
        [item_id] = unit.items.ids_of(["1"], house.project)
        assert unit.items.annotators_of(item_id) == {"bob"}


LABELS = st.one_of(st.none(), st.text(min_size=1, max_size=3))


@st.composite
def histories(draw: st.DrawFn) -> list[Item]:
    """The states that three items went through, one a minute."""
    states = []
    for minute in range(draw(st.integers(1, 6))):
        shown = [
            annotation(
                f"{number}",
                label,
                status=LabelStatus.VALID if label else LabelStatus.EMPTY,
                updated_at=at(minute),
            )
            for number, label in draw(st.dictionaries(st.integers(1, 3), LABELS, max_size=3)).items()
        ]
        guesses = tuple(prediction(str(n), updated_at=at(minute)) for n in draw(st.sets(st.integers(1, 2))))
        name = draw(st.sampled_from(["1", "2", "3"]))
        states.append(item(name, *shown, updated=minute, predictions=guesses))
    return states


def snapshot(house: House, project: int) -> list[tuple[object, ...]]:
    """The labels and predictions that the project's items show."""
    shown = (
        "SELECT i.project_id, i.remote_id, a.remote_id, a.label, a.status FROM items i "
        "JOIN annotations a ON a.item_id = i.id AND a.deleted_at IS NULL ORDER BY 1, 2, 3"
    )
    guessed = (
        "SELECT i.project_id, i.remote_id, p.remote_id, p.updated_at FROM items i "
        "JOIN predictions p ON p.item_id = i.id ORDER BY 1, 2, 3"
    )
    return [row[1:] for query in (shown, guessed) for row in house.rows(query) if row[0] == project]


@pytest.mark.parametrize("sizes", [1, 2])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=histories(), data=st.data())
def test_pages_repeated_and_out_of_order_end_in_the_newest_state(
    house: House, sizes: int, history: list[Item], data: st.DataObject
) -> None:
    newest = {one.remote_id: one for one in history}  # a later minute replaces an earlier one
    straight, crooked = (house.new_project(f"p{next(NAMES)}") for _ in range(2))
    order = data.draw(st.permutations(history)) + data.draw(st.lists(st.sampled_from(history), max_size=4))
    with house.store.begin() as unit:
        unit.items.apply(straight, list(newest.values()))
        for start in range(0, len(order), sizes):
            unit.items.apply(crooked, order[start : start + sizes])
    assert snapshot(house, crooked) == snapshot(house, straight)


def test_answers_beside_the_label_are_counted_by_control(house: House) -> None:
    def answering(remote_id: str, *names: str, key: str = "question") -> Annotation:
        return replace(annotation(remote_id), result=[{key: name, "value": ["x"]} for name in names])

    house.apply(item("1", answering("11", "kind", "mood"), answering("12", "mood", "mood", "stars")))
    house.apply(item("2", answering("21", "mood", key="from_name"), replace(annotation("22"), result=[])))
    house.apply(item("3", answering("31", "mood")))
    with house.store.begin() as unit:
        unit.items.mark_deleted(unit.items.ids_of(["3"], house.project))
        assert unit.answers.counts(house.project, ["mood", "stars", "rank"]) == {"mood": 3, "stars": 1}
        assert unit.answers.counts(house.project, []) == {}
        assert unit.answers.counts(house.project + 1, ["mood"]) == {}
