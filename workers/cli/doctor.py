"""What works, what does not, and what to do about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import typer
from rich.table import Table
from rich.text import Text

from connector.config.file import find_file
from connector.errors import SecondlookError
from workers.cli.checks import Check, Level, guarded
from workers.cli.exits import ExitCode
from workers.cli.output import print_json, stderr, stdout
from workers.cli.session import JsonFlag, Session, session_of

COLOURS = {Level.OK: "green", Level.WARN: "yellow", Level.FAIL: "bold red"}


def doctor(context: typer.Context, *, json: JsonFlag = False) -> None:
    """Say what works, what does not, and what to do about it.

    Exit code 1 if any check fails.
    """
    session = session_of(context)
    with stderr().status("looking around"):
        checks = list(_checks(session))
    if json:
        print_json({"ok": all(c.level is not Level.FAIL for c in checks), "checks": checks})
    else:
        _show(checks)
    if any(check.level is Level.FAIL for check in checks):
        raise typer.Exit(ExitCode.FAILED)


def _checks(session: Session) -> Iterator[Check]:
    from workers.cli.checks import local, platform, webhooks

    try:
        settings = session.settings
    except SecondlookError as error:
        yield _failure("configuration", error)
        return
    yield from local.before_services(settings, find_file(session.config))
    try:
        with session.reading(platforms=True) as services:
            yield from local.with_services(services, settings)
            if services.other_key is not None:  # what follows would bind projects, and look for other hooks
                return
            for name in sorted(settings.projects):
                yield from platform.checks(services, name)
                yield from webhooks.checks(services, name)
    except SecondlookError as error:
        yield local.unusable_database(settings, error)


def _failure(name: str, error: SecondlookError) -> Check:
    def fail() -> Check:
        raise error

    return guarded(name, None, fail)


def _show(checks: list[Check]) -> None:
    drawn = Table(box=None, pad_edge=False, show_header=False, expand=False)
    drawn.add_column(no_wrap=True)
    drawn.add_column(overflow="fold")
    drawn.add_column(overflow="fold")
    for check in checks:
        name = f"{check.project}: {check.name}" if check.project else check.name
        text = Text(check.found)
        if check.remedy:
            text.append(f"\n→ {check.remedy}", style="" if check.level is Level.FAIL else "dim")
        drawn.add_row(Text(check.level.value, style=COLOURS[check.level]), Text(name), text)
    console = stdout()
    console.print(drawn)
    counts = Counter(check.level for check in checks)
    console.print(", ".join(f"{counts[level]} {level.value}" for level in Level))
