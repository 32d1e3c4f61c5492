"""The small world that tests of the loop share."""

from __future__ import annotations

import os
import uuid
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.world import World

Build = Callable[..., World]


@pytest.fixture(autouse=True)
def _same_keys(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a key draws (who is asked blind, where a golden question stands) is the same in every run.

    `TEST_SEED` in the environment draws others, to see whether a test holds by luck.
    """
    seed = zlib.crc32(f"{request.node.nodeid} {os.environ.get('TEST_SEED', '')}".encode())
    chance = np.random.default_rng(seed)
    monkeypatch.setattr(uuid, "uuid4", lambda: uuid.UUID(bytes=chance.bytes(16), version=4))


@pytest.fixture
def build(tmp_path: Path, template_database: Path) -> Iterator[Build]:
    """Makes worlds with other settings than the usual ones."""
    made: list[World] = []

    def make(**settings: Any) -> World:
        made.append(World(tmp_path / f"world-{len(made)}", template_database, **settings))
        return made[-1]

    yield make
    for world in made:
        world.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def build_on_each(request: pytest.FixtureRequest, build: Build) -> Build:
    """The same on SQLite and on PostgreSQL, for faults that touch the database; one world a test."""
    if request.param == "sqlite":
        return build
    return partial(build, url=request.getfixturevalue("migrated_postgres_url"))


@pytest.fixture
def world_on_each(build_on_each: Build) -> World:
    """A world with the usual settings on SQLite and on PostgreSQL."""
    return build_on_each()


@pytest.fixture
def world(build: Build) -> World:
    """A world with the usual settings: what the model contradicts is asked, and nothing else."""
    return build()
