"""Keeping the golden set: every line is checked before anything is stored."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from connector.actions.golden import Line, Stored, remove, store
from connector.config.project import ReviewerSettings
from connector.errors import NotFound, Rejected
from connector.model.jobs import JobKind
from connector.wording import golden_size
from tests.support.world import NAME, World
from workers.people.golden_set import read_lines, report

Build = Callable[..., World]


@pytest.fixture
def labeled(world: World) -> World:
    world.some_right()
    world.do(JobKind.SYNC)
    return world


def remote(world: World, text: str) -> str:
    return world.held(text).item.remote_id


def put(world: World, *lines: tuple[str, str]) -> Stored:
    numbered = [Line(n, item, label) for n, (item, label) in enumerate(lines, start=2)]
    with world.services.store.begin() as unit:
        return store(unit, world.project, numbered, "import", "cli:me")


def standing(world: World) -> dict[str, str]:
    with world.read() as unit:
        return {one.remote_id: one.label for one in unit.golden.listed(world.project.id)}


def test_items_are_stored_with_who_and_from_where(labeled: World) -> None:
    item = remote(labeled, "cat 0")
    assert put(labeled, (item, "cat")).added == 1
    assert standing(labeled) == {item: "cat"}
    assert [(actor, subject) for actor, subject, _ in labeled.audit("golden.added")] == [
        ("cli:me", f"item:{item}")
    ]


def test_one_bad_line_stores_nothing_and_each_is_named(labeled: World) -> None:
    good, other = remote(labeled, "cat 0"), remote(labeled, "dog 0")
    with pytest.raises(Rejected) as refused:
        put(labeled, (good, "cat"), ("9999", "cat"), (other, "horse"), (good, "dog"), ("", ""))
    said = str(refused.value)
    for expected in (
        "line 3, item '9999': the project has no such item",
        "line 4, label 'horse': no such class. Classes: 'bird', 'cat' and 'dog'.",
        f"line 5, item '{good}': line 2 gives it another label",
        "line 6, item: the project has no such item",
    ):
        assert expected in said
    assert standing(labeled) == {}
    assert labeled.audit("golden.added") == []


def test_a_line_that_is_there_twice_is_explained(labeled: World) -> None:
    item = remote(labeled, "cat 0")
    with pytest.raises(Rejected, match="line 2 says the same"):
        put(labeled, (item, "cat"), (item, "cat"))


def test_a_conflict_with_what_is_golden_is_explained(labeled: World) -> None:
    item = remote(labeled, "cat 0")
    put(labeled, (item, "cat"))
    with pytest.raises(Rejected, match="golden already as 'cat', not 'dog'"):
        put(labeled, (item, "dog"))
    assert standing(labeled) == {item: "cat"}


def test_the_same_again_confirms(labeled: World) -> None:
    item = remote(labeled, "cat 0")
    put(labeled, (item, "cat"))
    with labeled.services.store.begin() as unit:
        unit.golden.doubt([one.id for one in unit.golden.listed(labeled.project.id)])
    done = put(labeled, (item, "cat"))
    assert (done.added, done.unchanged) == (0, 1)
    with labeled.read() as unit:
        assert unit.golden.counts(labeled.project.id) == (1, 0)


def test_what_was_removed_can_come_back_with_another_label(labeled: World) -> None:
    item = remote(labeled, "cat 0")
    put(labeled, (item, "cat"))
    with labeled.services.store.begin() as unit:
        remove(unit, labeled.project, item, "cli:me")
    assert standing(labeled) == {}
    assert put(labeled, (item, "dog")).added == 1
    assert standing(labeled) == {item: "dog"}


def test_removing_what_is_not_golden_is_refused(labeled: World) -> None:
    with (
        labeled.services.store.begin() as unit,
        pytest.raises(NotFound, match="'77' of animals is not golden"),
    ):
        remove(unit, labeled.project, "77", "cli:me")


def test_a_project_without_classes_is_to_be_synced_first(world: World) -> None:
    project = world.project
    with world.services.store.begin() as unit, pytest.raises(Rejected, match="secondlook sync animals"):
        store(unit, project, [Line(1, "1", "cat")], "cli", "cli:me")


@pytest.mark.parametrize(
    ("n", "said"), [(1, "1 golden item:"), (99, "fewer than 100"), (100, None), (501, "more than 500")]
)
def test_advice_on_the_size(n: int, said: str | None) -> None:
    found = golden_size(n)
    assert (found is None) if said is None else (found is not None and said in found)


# --- files -----------------------------------------------------------------------------------------


def test_csv_and_json_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "g.csv").write_text("﻿label,item,note\ncat,17,x\n dog , 18 ,\n", encoding="utf-8")
    (tmp_path / "g.json").write_text(
        json.dumps([{"item": 17, "label": "cat"}, {"item": "18", "label": "dog"}])
    )
    assert read_lines(tmp_path / "g.csv") == [Line(2, "17", "cat"), Line(3, "18", "dog")]
    assert read_lines(tmp_path / "g.json") == [Line(1, "17", "cat"), Line(2, "18", "dog")]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("g.csv", b"id,label\n1,cat\n", "line 1: no column item"),
        ("g.csv", b"", "no column item and label"),
        ("g.csv", b'item,label\n"1,cat\n', "line"),
        ("g.csv", b"item,label\n\xff,cat\n", "not UTF-8"),
        ("g.json", b"[{]", "is no JSON"),
        ("g.json", b'{"item": 1}', "is no list"),
        ("g.json", b'[{"item": 1}]', "entry 1"),
        ("g.json", b"[" * 100_000, "is no JSON"),
        ("g.txt", b"item,label\n", "Name it .csv or .json"),
    ],
)
def test_a_file_that_cannot_be_read_is_explained(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(Rejected, match="g\\.") as refused:
        read_lines(tmp_path / name)
    assert said in str(refused.value)


def test_a_file_that_is_not_there_is_explained(tmp_path: Path) -> None:
    with pytest.raises(Rejected, match="no such file"):
        read_lines(tmp_path / "g.csv")


# --- accounts ----------------------------------------------------------------------------------------


def test_an_account_is_one_person_or_the_named_one() -> None:
    settings = ReviewerSettings(same_person={"17": "3"})
    assert [settings.person_of(one) for one in ("17", "3", "4")] == ["3", "3", "4"]


@pytest.mark.parametrize(
    ("accounts", "said"),
    [
        ({"3": "3"}, "'3' is said to be itself"),
        ({"3": "4", "4": "3"}, "each said to be the other"),
        ({"3": "4", "4": "5"}, "'3' is said to be '4', and '4' to be '5'"),
        ({"3": "4", "4": "5", "5": "3"}, "write the person's main account"),
    ],
)
def test_chains_and_cycles_of_accounts_are_refused(accounts: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        ReviewerSettings(same_person=accounts)


# --- the report --------------------------------------------------------------------------------------


def test_the_report_says_who_was_right_and_what_is_contradicted(build: Build) -> None:
    world = build(policy={"budget": 1000}, review={"quorum": 2}, reviewers={"golden_share": 0.5})
    world.some_right(each=4)
    for n in range(20):
        world.item(f"odd {n}", "cat", dog=0.9, cat=0.04, bird=0.06)
    world.do(JobKind.SYNC)
    put(
        world, *((remote(world, f"{label} {n}"), label) for label in ("bird", "cat", "dog") for n in range(4))
    )
    world.do(JobKind.SCAN)
    world.do(JobKind.PUSH)
    asked = [world.text_of(one.item_id) for one in world.issues() if one.kind.value == "golden"]
    wrong = asked[0]
    for text in asked:
        world.answer(
            text, "rita", text.split()[0] if text != wrong else ("cat" if wrong[0] != "c" else "dog")
        )
        world.answer(
            text, "ravi", text.split()[0] if text != wrong else ("cat" if wrong[0] != "c" else "dog")
        )
    world.settle()

    with world.read() as unit:
        found = report(unit, world.project, world.settings.projects[NAME])
    worst = found.items[0]
    assert worst.item == remote(world, wrong)
    assert worst.doubted
    assert worst.disagree == 1.0
    assert worst.people == 2
    assert [one.doubted for one in found.items[1:]] == [False] * (len(found.items) - 1)
    people = {one.person: one for one in found.reviewers}
    assert people["rita"].answers == people["rita"].right == len(asked) - 1, "what is doubted measures nobody"
    assert people["rita"].low < people["rita"].mean <= people["rita"].high
    assert found.advice is not None
