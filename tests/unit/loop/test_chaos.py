"""A short chaos of a few seeds; `make chaos` is the long one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.at_rest import faults_at_rest
from tests.support.chaos import ChaosWorld, chaos_world, one_world


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_random_faults_leave_what_a_calm_run_leaves(
    database: str, request: pytest.FixtureRequest, template_database: Path, tmp_path: Path
) -> None:
    url = request.getfixturevalue("postgres_url") if database == "postgresql" else None
    with chaos_world(tmp_path / "calm", template_database, 0) as world:
        calm = dict(world.truth)
    done, wrong = one_world(tmp_path / "chaos", template_database, 5, calm, url, steps=12)

    assert wrong == []
    assert done["killed"] > 0
    assert database == "sqlite" or done["database cut"] > 0


def doubled(world: ChaosWorld) -> None:
    held = next(h for h in world.source.held.values() if any(a.marker for a in h.item.annotations))
    ours = next(a for a in held.item.annotations if a.marker)
    world.server.store(held, annotations=(*held.item.annotations, replace(ours, remote_id="twice")))


def made_worse(world: ChaosWorld) -> None:
    world.server.annotate(world.source_id, world.held("cat 0").item.remote_id, "dog", "service")


def unrecorded(world: ChaosWorld) -> None:
    held = world.held("cat 0")
    marked = (replace(a, marker="nobody") for a in held.item.annotations)
    world.server.store(held, annotations=tuple(marked))


def unheard(world: ChaosWorld) -> None:
    task = next(iter(world.review.held))
    world.server.answer(task, "late", "cat")


def test_each_kind_of_damage_would_be_seen(template_database: Path, tmp_path: Path) -> None:
    damages: dict[Callable[[ChaosWorld], None], str] = {
        doubled: "stands 2 times",
        made_worse: "in a calm run cat",
        unrecorded: "has no record",
        unheard: "is lost",
    }
    with chaos_world(tmp_path / "calm", template_database, 0) as world:
        world.settle()
        world.rest()
        assert faults_at_rest(world, world.truth) == []
        for damage, said in damages.items():
            damage(world)
            assert any(said in what for what in faults_at_rest(world, world.truth))
