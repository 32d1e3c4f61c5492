"""The command line: its commands, its options, and what becomes of errors."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from connector.errors import SecondlookError
from connector.logs import mask
from workers.cli import (
    audit,
    demo,
    dispositions,
    doctor,
    evaluate,
    feedback,
    findings,
    golden,
    guidelines,
    held,
    init,
    issues,
    jobs,
    loop,
    quality,
    report,
    revert,
    reviewers,
    scan,
    serve,
    status,
)
from workers.cli.exits import EPILOG, ExitCode, exit_code
from workers.cli.output import note
from workers.cli.session import Session


def run(arguments: Sequence[str], session: Session | None = None) -> int:
    """Run one command; its exit code. Never a traceback, unless --debug asks for it."""
    session = session or Session()
    try:
        application(session)(args=list(arguments), prog_name="secondlook")
    except SystemExit as ending:
        return _code(ending)
    except SecondlookError as error:
        note(f"secondlook: {mask(str(error))}")
        if session.debug:
            note(mask(traceback.format_exc()))
        return exit_code(error)
    except KeyboardInterrupt:
        note("secondlook: interrupted")
        return ExitCode.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last line of defence
        return _unexpected(session, error)
    return ExitCode.OK


def application(session: Session) -> typer.Typer:
    """All commands, over one session."""
    app = typer.Typer(
        name="secondlook",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        epilog=EPILOG,
        help="A second look at every suspicious label of a live annotation platform.",
    )

    @app.callback()
    def options(
        context: typer.Context,
        config: Annotated[
            Path | None,
            typer.Option("--config", "-c", help="The secondlook.toml to use.", show_default=False),
        ] = None,
        *,
        debug: Annotated[bool, typer.Option("--debug", help="Log all, and show tracebacks.")] = False,
        _version: Annotated[
            bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
        ] = False,
    ) -> None:
        session.config, session.debug = config, debug
        context.obj = session

    for name, command in (
        ("init", init.init),
        ("doctor", doctor.doctor),
        ("up", serve.up),
        ("web", serve.web),
        ("sync", loop.sync),
        ("scan", scan.scan),
        ("push", loop.push),
        ("collect", loop.collect),
        ("status", status.status),
        ("issues", issues.issues),
        ("findings", findings.findings),
        ("dispositions", dispositions.dispositions),
        ("quality", quality.quality),
        ("reviewers", reviewers.reviewers),
        ("feedback", feedback.feedback),
        ("report", report.report),
        ("revert", revert.revert),
        ("evaluate", evaluate.evaluate),
        ("demo", demo.demo),
    ):
        app.command(name, epilog=EPILOG)(command)
    app.add_typer(audit.app, name="audit")
    app.add_typer(jobs.app, name="jobs")
    app.add_typer(guidelines.app, name="guidelines")
    app.add_typer(held.app, name="held")
    app.add_typer(golden.app, name="golden")
    return app


def _show_version(wanted: bool) -> None:  # noqa: FBT001 - typer's form of a callback
    if wanted:
        sys.stdout.write(f"secondlook {version('secondlook')}\n")
        raise typer.Exit


def _code(ending: SystemExit) -> int:
    return ending.code if isinstance(ending.code, int) else int(ending.code is not None)


def _unexpected(session: Session, error: Exception) -> ExitCode:
    details = mask(traceback.format_exc())
    if session.debug:
        note(details)
        return ExitCode.FAILED
    file = session.error_file()
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(handle, "a", encoding="utf-8") as stream:
            stream.write(details)
        where = f"Details are in {file}."
    except OSError:
        where = "Run it again with --debug to see details."
    note(f"secondlook: unexpected {type(error).__name__}. This is a fault of secondlook. {where}")
    return ExitCode.FAILED
