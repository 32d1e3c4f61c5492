"""Commands over a world: the command line as it is, the services of the world."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from connector.wiring import Services
from tests.support.world import World
from workers.cli.app import run
from workers.cli.session import Session


class WorldSession(Session):
    """A session whose services are a world's, which it leaves open."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world
        self.__dict__["settings"] = world.settings

    @contextmanager
    def reading(self, *, platforms: bool = False) -> Iterator[Services]:
        yield self._world.services

    @contextmanager
    def services(self) -> Iterator[Services]:
        yield self._world.services


def command(world: World, *arguments: str) -> int:
    """Run one command; its exit code. What it says is on stdout and stderr."""
    return run(arguments, WorldSession(world))
