"""The small world that tests of the loop share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.world import World, migrated_template

Build = Callable[..., World]


@pytest.fixture(scope="session")
def template_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated and empty database: copying it is quicker than migrating again."""
    return migrated_template(tmp_path_factory.mktemp("template"))


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


@pytest.fixture
def world(build: Build) -> World:
    """A world with the usual settings: what the model contradicts is asked, and nothing else."""
    return build()
