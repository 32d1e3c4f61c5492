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
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from typing import TextIO

from lines import Line
from scene import Scene

from connector import logs
from connector.config.settings import LogFormat, LogLevel, LogSettings

BENCHMARKS = (
    "label_issues",
    "large",
    "shared_scan",
    "table_files",
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
        for name in arguments.names or BENCHMARKS:
            say(f"== {name}")
            try:
                _print(_measured(name, scene), out)
            except Exception:  # noqa: BLE001 - the others shall still be measured
                traceback.print_exc()
                broken.append(name)
    if broken:
        say(f"broke down: {', '.join(broken)}")
    return 1 if broken else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which to run: {', '.join(BENCHMARKS)}")
    parser.add_argument("--quick", action="store_true", help="small sizes: shows that all works, in minutes")
    parser.add_argument("--out", type=Path, metavar="FILE", help="append the lines to this file as well")
    found = parser.parse_args()
    if unknown := set(found.names) - set(BENCHMARKS):
        parser.error(f"no benchmark is called {', '.join(sorted(unknown))}")
    return found


def _measured(name: str, scene: Scene) -> Iterator[Line]:
    started, load = time.monotonic(), round(os.getloadavg()[0], 2)
    for line in importlib.import_module(name).measure(scene):
        yield {**line, "quick": scene.quick, "load": load, "secondlook": version("secondlook")}
    say(f"   {name} took {time.monotonic() - started:.0f} s")


def _print(lines: Iterable[Line], out: TextIO | None) -> None:
    for line in lines:
        for stream in filter(None, (sys.stdout, out)):
            stream.write(json.dumps(line) + "\n")
            stream.flush()


def say(words: str) -> None:
    """Progress, for people."""
    sys.stderr.write(words + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
