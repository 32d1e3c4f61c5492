"""The whole loop on a real platform, with planted errors and simulated reviewers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from workers.cli.output import note, print_json
from workers.cli.session import JsonFlag, session_of

FOLDER = Path(".demo")


def demo(
    context: typer.Context,
    *,
    folder: Annotated[Path, typer.Option(help="Where all of it is kept; emptied first.")] = FOLDER,
    leave: Annotated[
        bool, typer.Option("--exit", help="Stop everything at the end, also on a terminal.")
    ] = False,
    platform: Annotated[str, typer.Option(help="label_studio or argilla.")] = "label_studio",
    kind: Annotated[
        str, typer.Option("--type", help="choice (digits), boxes or spans (generated, on Label Studio).")
    ] = "choice",
    json: JsonFlag = False,
) -> None:
    """Run the loop on a real annotation server, and measure it."""
    from workers.demo.run import hold_until_interrupted, run

    session_of(context).quiet_logs()
    stays = sys.stdout.isatty() and not leave and not json
    say = note if json else typer.echo
    outcome = run(folder, say, hold_until_interrupted if stays else None, platform, kind)
    if json:
        print_json(outcome)
