"""Ratings: near ones agree, and far ones are asked about, through the whole loop."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet

from connector.model import CorrectionState, LabelSchema, LabelStatus, ObjectTag, Reading
from tests.support.codecs import ARGILLA, LABEL_STUDIO
from tests.support.world import World
from workers.label_types.rating import merge, value

STARS = ("1", "2", "3", "4", "5")
SCHEMA = LabelSchema("stars", "text", STARS, (ObjectTag("text", "Text", "text"),), "rating")
STEP = st.sampled_from(STARS)


@pytest.mark.parametrize(
    ("held", "found"),
    [
        (4, ("4", LabelStatus.VALID)),
        (4.0, ("4", LabelStatus.VALID)),
        (4.5, (None, LabelStatus.UNKNOWN_CLASS)),
        (9, (None, LabelStatus.UNKNOWN_CLASS)),
        (float("nan"), (None, LabelStatus.UNKNOWN_CLASS)),
        (True, (None, LabelStatus.UNREADABLE)),
        ("4", (None, LabelStatus.UNREADABLE)),
        (None, (None, LabelStatus.EMPTY)),
    ],
)
def test_a_number_is_a_rating_where_it_stands_on_the_scale(
    held: Any, found: tuple[str | None, LabelStatus]
) -> None:
    assert value.reading(held, SCHEMA) == Reading(*found)
    assert ARGILLA["rating"].read(held, SCHEMA) == Reading(*found)


@given(label=STEP)
def test_what_is_written_is_read_again_and_other_regions_stay(label: str) -> None:
    codec, other = LABEL_STUDIO["rating"], {"from_name": "moods", "value": {"choices": ["joy"]}}
    written = codec.write([other], SCHEMA, label, {})
    assert codec.read(written, SCHEMA) == Reading(label, LabelStatus.VALID)
    assert codec.scores(written, SCHEMA) == {value.EXPECTED: float(label)}
    assert other in written


@given(said=st.dictionaries(st.sampled_from("pqrst"), STEP), given_=STEP, quorum=st.integers(1, 3))
def test_an_answer_never_counts_for_more_than_a_step_beside_it(
    said: dict[str, str], given_: str, quorum: int
) -> None:
    counted = merge.positions(said, given_, quorum)
    assert counted.keys() == said.keys()
    for person, label in counted.items():
        assert abs(int(label) - int(said[person])) <= 1
        assert label in {*said.values(), given_}


def test_near_ratings_agree_and_in_doubt_less_is_changed() -> None:
    assert set(merge.positions({"p": "4", "q": "5"}, "1", 2).values()) == {"4"}
    assert set(merge.positions({"p": "4", "q": "5"}, "5", 2).values()) == {"5"}, "the given one stands"
    assert merge.positions({"p": "4", "q": "4"}, "5", 2) == {"p": "4", "q": "4"}, "unless all say another"
    assert merge.positions({"p": "1", "q": "5"}, "3", 2) == {"p": "1", "q": "5"}


@pytest.fixture
def stars(build: Callable[..., World]) -> World:
    world = build(schema=SCHEMA)
    for n in range(30):
        rating = n % 5 + 1
        world.item(f"item {n}", str(rating), expected=rating + (n % 7 - 3) / 10)
    world.item("odd", "1", expected=4.7)
    world.settle()
    return world


def test_a_far_rating_is_asked_about_decided_written_and_taken_back(stars: World) -> None:
    assert stars.asked() == ["odd"]
    context = str(stars.review_of("odd").item.data["secondlook_context"])
    assert "rated 1; the model expects 4." in context
    assert "ratings this far off are 1 in 31. Please verify." in context
    stars.answer("odd", "rita", "4")
    stars.answer("odd", "ravi", "5")
    stars.later(minutes=5)
    correction = stars.corrected("odd")
    assert (correction.given, correction.label, correction.state) == ("1", "4", CorrectionState.APPLIED)
    stars.revert(correction.id)
    assert stars.corrected("odd").state is CorrectionState.REVERTED


def test_answers_far_apart_are_put_to_another_person(stars: World) -> None:
    stars.answer("odd", "rita", "1")
    stars.answer("odd", "ravi", "5")
    stars.later(minutes=5)
    assert stars.correction("odd") is None
    assert stars.review_of("odd").overlap == 3


def test_ratings_are_judged_by_the_model_that_is_trained_here(build: Callable[..., World]) -> None:
    world = build(schema=SCHEMA, predictions={"source": "builtin"})
    words = ("awful", "poor", "fair", "good", "great")
    for n in range(100):
        world.item(f"{words[n % 5]} stay {n}", str(n % 5 + 1))
    world.item("great stay odd", "1")
    world.settle()
    assert "great stay odd" in world.asked()
    assert world.issue("great stay odd").suggested in {"4", "5"}
    assert world.last_scan().report.source["told_from_chance"] > 0.8


@pytest.mark.parametrize("columns", [(value.EXPECTED,), ("1", "2", "3", "4", "5")])
def test_ratings_are_judged_by_a_file_of_numbers_or_of_probabilities(
    build: Callable[..., World], tmp_path: Path, columns: tuple[str, ...]
) -> None:
    path = tmp_path / "stars.parquet"
    world = build(schema=SCHEMA, predictions={"source": "file", "path": path})
    expected = {world.item(f"item {n}", str(n % 5 + 1)): n % 5 + 1 for n in range(30)}
    expected[world.item("odd", "1")] = 5
    rows = [[float(number)] if len(columns) == 1 else _sure_of(number) for number in expected.values()]
    table = {name: [row[at] for row in rows] for at, name in enumerate(columns)}
    parquet.write_table(pa.table({"task_id": list(expected), **table}), path)
    world.settle()
    assert world.asked() == ["odd"]
    assert world.issue("odd").suggested == "5"


def _sure_of(number: int) -> list[float]:
    return [float(step == number) for step in range(1, 6)]


def test_a_file_whose_columns_are_neither_is_refused_with_its_columns(
    build: Callable[..., World], tmp_path: Path
) -> None:
    path = tmp_path / "stars.parquet"
    world = build(schema=SCHEMA, predictions={"source": "file", "path": path})
    items = [world.item(f"item {n}", str(n % 5 + 1)) for n in range(10)]
    parquet.write_table(pa.table({"task_id": items, "guess": [1.0] * 10}), path)
    world.settle()
    assert "its class columns differ" in str(world.project.paused_reason)
    assert world.issues() == []
