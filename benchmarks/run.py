"""Runs the benchmarks and prints one JSON line for each comparison; progress goes to stderr."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from typing import TextIO

from lines import Line
from scene import Scene
from table import table

from connector import logs
from connector.config.settings import LogFormat, LogLevel, LogSettings

BENCHMARKS = (
    "label_issues",
    "large",
    "shared_scan",
    "table_files",
    "start_up",
    "multilabel",
    "number_issues",
    "incremental",
    "neighbours",
    "consensus",
    "consensus_real",
    "tokens",
    "boxes",
    "label_types",
    "policy",
    "judge",
    "scale",
    "many_projects",
    "webhook_intake",
    "pages",
    "full_sync",
    "delta_sync",
    "push",
    "review_visible",
    "argilla_sync",
    "webhook_storm",
)
GROUPS = {"edges": ("webhook_intake", "push", "scale", "many_projects", "label_issues")}


def main() -> int:
    """Run what was asked for; 1 if a benchmark broke down, however slow or fast the others were."""
    arguments = _arguments()
    logs.configure(LogSettings(format=LogFormat.CONSOLE, level=LogLevel.ERROR))
    say(
        f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; "
        "a busy machine bends every figure"
    )
    broken = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="secondlook-bench-")))
        scene = stack.enter_context(Scene(folder, quick=arguments.quick, say=say))
        out = stack.enter_context(arguments.out.open("a")) if arguments.out else None
        printed: list[Line] = []
        for name in arguments.names or BENCHMARKS:
            say(f"== {name}")
            try:
                for line in _measured(name, scene):
                    _print(line, out)
                    printed.append(line)
            except Exception:  # noqa: BLE001 - the others shall still be measured
                traceback.print_exc()
                broken.append(name)
    if arguments.table:
        arguments.table.write_text(table(printed))
    if broken:
        say(f"broke down: {', '.join(broken)}")
    return 1 if broken else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"which to run: {', '.join((*BENCHMARKS, *GROUPS))}"
    )
    parser.add_argument("--quick", action="store_true", help="small sizes: shows that all works, in minutes")
    parser.add_argument("--out", type=Path, metavar="FILE", help="append the lines to this file as well")
    parser.add_argument("--table", type=Path, metavar="FILE", help="write them as one table in Markdown, too")
    found = parser.parse_args()
    found.names = [one for name in found.names for one in GROUPS.get(name, (name,))]
    if unknown := set(found.names) - set(BENCHMARKS):
        parser.error(f"no benchmark is called {', '.join(sorted(unknown))}")
    return found


def _measured(name: str, scene: Scene) -> Iterator[Line]:
    started, load = time.monotonic(), round(os.getloadavg()[0], 2)
    for line in importlib.import_module(name).measure(scene):
        yield {**line, "quick": scene.quick, "load": load, "secondlook": version("secondlook")}
    say(f"   {name} took {time.monotonic() - started:.0f} s")


def _print(line: Line, out: TextIO | None) -> None:
    for stream in filter(None, (sys.stdout, out)):
        stream.write(json.dumps(line) + "\n")
        stream.flush()


def say(words: str) -> None:
    """Progress, for people."""
    sys.stderr.write(words + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
