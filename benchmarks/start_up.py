"""Processor time of commands that people wait for, beside the imports of the libraries that they stand on.

The peer is no other program but a bound: what SQLAlchemy, pydantic and typer take before any line of ours.
A project with a database that holds one synced item is there, so that `status` reads what it usually reads.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import partial

from lines import Line, interleaved, times
from scene import Scene

from connector.model import CHOICE, Item, LabelSchema, ObjectTag

ROUNDS, QUICK_ROUNDS = 20, 3
NOWHERE = "http://127.0.0.1:9"  # never asked
LIBRARIES = "import typer.main, pydantic.main, sqlalchemy, sqlalchemy.dialects.sqlite.pysqlite"
TYPER = "import typer.main"
COMMANDS = {
    "help": (["--help"], TYPER),
    "scan_missing_file": (["scan", "missing.csv"], TYPER),
    "status": (["status"], LIBRARIES),
}


def measure(scene: Scene) -> Iterator[Line]:
    """Each command against the bare imports, taking turns; what is printed goes nowhere."""
    config = scene.config(1, url=NOWHERE)
    services = scene.services(config)
    project = services.project(next(iter(services.settings.projects)))
    now = datetime.now(UTC)
    schema = LabelSchema("topic", "text", ("a", "b"), (ObjectTag("text", "Text", "text"),), CHOICE)
    with services.store.begin() as unit:
        unit.projects.described(project.id, "Start", [schema], "1")
        unit.items.apply(project.id, [Item("1", now, now, {"text": "an item"})])
    environment = os.environ | {"SECONDLOOK_CONFIG": str(config)}
    rounds = QUICK_ROUNDS if scene.quick else ROUNDS
    for name, (words, imports) in COMMANDS.items():
        ours = partial(_spent, [sys.executable, "-m", "workers.cli", *words], environment)
        peer = partial(_spent, [sys.executable, "-c", imports], environment)
        spent, bound = interleaved(rounds, ours, peer)
        least = {"ours_least": round(min(spent), 3), "peer_least": round(min(bound), 3)}
        yield times(f"start_up/{name}", spent, bound, "s of processor", **least)


def _spent(command: Sequence[str], environment: dict[str, str]) -> float:
    """Seconds of processor of one run, which may end as it likes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, env=environment, capture_output=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)
