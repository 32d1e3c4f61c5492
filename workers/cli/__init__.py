"""The one console script, `secondlook`."""

from __future__ import annotations

import gc
import io
import sys

# Modules that load leave little for the collector of cycles: at its default it takes a fifth of a start.
NEW_OBJECTS_PER_COLLECTION = 50_000


def main() -> None:
    """Run the command line and end the process with its exit code."""
    gc.set_threshold(NEW_OBJECTS_PER_COLLECTION)
    from workers.cli.app import run

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that cannot show a letter is shown its number
            stream.reconfigure(errors="backslashreplace")
    sys.exit(run(sys.argv[1:]))
