"""The map: alike items beside each other, where they stood before, in an order that tells nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from connector.model.jobs import JobKind
from connector.model.similarity_map import (
    ABOUT,
    ITEMS,
    POINTS,
    VECTORS,
    MapAbout,
    MapMethod,
    chosen_points,
    chosen_text,
)
from tests.support.world import Killed, World
from workers.detect.projection import SIDE, aligned, columns_of, on_the_map, placed


def two_groups(rows: int = 60, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    centres = np.repeat([[0.0] * 6, [9.0] * 6], rows // 2, axis=0)
    return centres + rng.normal(size=(rows, 6))


@pytest.mark.parametrize("form", [np.asarray, csr_matrix])
def test_groups_stand_apart_and_all_points_are_on_the_map(form: type) -> None:
    columns = columns_of(form(two_groups()))
    assert columns is not None
    places, method = placed(columns, np.arange(60), None)
    spots = on_the_map(places).astype(int)
    assert method is MapMethod.PCA
    assert spots.min() >= 0
    assert spots.max() <= SIDE
    first, second = spots[:30], spots[30:]
    apart = np.linalg.norm(first.mean(axis=0) - second.mean(axis=0))
    assert apart > 3 * max(first.std(), second.std()) / 2


def test_too_few_rows_make_no_map() -> None:
    assert columns_of(np.ones((3, 5))) is None
    assert columns_of(np.ones((50, 1))) is None


def test_equal_rows_are_one_place() -> None:
    columns = columns_of(np.ones((20, 4)))
    assert columns is not None
    assert len(np.unique(on_the_map(placed(columns, np.arange(20), None)[0]), axis=0)) == 1


@given(st.floats(0, 2 * np.pi), st.booleans(), st.integers(0, 20))
def test_a_turned_and_mirrored_map_comes_back_to_where_it_stood(angle: float, flip: bool, gone: int) -> None:
    before = two_groups()[:, :2]
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    after = (before * ([-1, 1] if flip else [1, 1])) @ turn
    ids = np.arange(len(before))
    found = aligned(after, ids, (ids[gone:] + 0, before[gone:]))
    assert np.allclose(found, before - before.mean(axis=0), atol=1e-6)


@given(st.lists(st.integers(0, 2_000_000), min_size=1, max_size=80))
def test_chosen_points_are_the_same_in_an_address(points: list[int]) -> None:
    assert chosen_points(chosen_text("v1", points)) == ("v1", sorted(set(points)))


@pytest.mark.parametrize("text", ["v.-1", "v.é", "v." + "1" * 9, "v" + ".1" * 501, "v. "])
def test_other_texts_are_no_points(text: str) -> None:
    with pytest.raises(ValueError, match="no points"):
        chosen_points(text)


def test_own_coordinates_are_drawn_after_a_scan_and_stand_the_next_time(
    build: Callable[..., World],
) -> None:
    world = build(map={"fields": ["x", "y"]})
    for n in range(6):
        place = {"x": n, "y": n % 2} if n else {"x": 1, "y": "unknown"}
        item_id = world.server.add_item(world.source_id, {"text": f"text {n}", **place})
        world.server.annotate(world.source_id, item_id, ("cat", "dog")[n % 2], "ann")
        world.server.predict(world.source_id, item_id, None, class_scores={"cat": 0.5, "dog": 0.5})
    world.settle()
    stored = drawn(world)
    about = MapAbout.from_json(json.loads(stored[ABOUT]))
    assert (about.method, about.n, about.left_out) == (MapMethod.OWN, 5, 1)
    assert len(stored[POINTS]) == 4 * about.n
    assert len(stored[ITEMS]) == 8 * about.n
    world.do(JobKind.MAP)
    assert drawn(world)[POINTS] == stored[POINTS]


@pytest.mark.parametrize("at", range(4))
def test_a_map_whose_drawing_was_killed_is_drawn_by_the_next_try(
    build: Callable[..., World], at: int
) -> None:
    world = build(predictions={"source": "builtin", "out_of_sample": None, "folds": 2})
    world.some_right(each=5)
    world.do(JobKind.SYNC)
    world.do(JobKind.SCAN)
    world.queue.messages.clear()
    world.points.strike(at, Killed("map"))
    with suppress(Killed):
        world.do(JobKind.MAP)
    assert world.points.struck
    world.restart()
    world.later(hours=1)
    assert set(drawn(world)) == {ABOUT, POINTS, ITEMS}


def test_a_scan_with_a_model_of_its_own_leaves_what_the_map_is_drawn_from(
    build: Callable[..., World],
) -> None:
    world = build(predictions={"source": "builtin", "out_of_sample": None, "folds": 2})
    world.some_right(each=5)
    world.settle()
    stored = drawn(world)
    about = MapAbout.from_json(json.loads(stored[ABOUT]))
    assert (about.method, about.n) == (MapMethod.PCA, 15)
    with world.services.store.read() as unit:
        assert unit.blobs.get(world.project.id, VECTORS) is None


def drawn(world: World) -> dict[str, bytes]:
    with world.services.store.read() as unit:
        found = {name: unit.blobs.get(world.project.id, name) for name in (ABOUT, POINTS, ITEMS)}
    return {name: content for name, content in found.items() if content is not None}
