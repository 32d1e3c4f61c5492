"""The command line: its commands, its options, and what becomes of errors."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Annotated

import typer

from connector.errors import SecondlookError
from workers.cli.commands import COMMANDS
from workers.cli.exits import EPILOG, ExitCode, exit_code
from workers.cli.session import Session

WITH_VALUE = frozenset({"--config", "-c"})  # options before the command that take one


def run(arguments: Sequence[str], session: Session | None = None) -> int:
    """Run one command; its exit code. Never a traceback, unless --debug asks for it."""
    session = session or Session()
    try:
        application(session, wanted(arguments))(args=list(arguments), prog_name="secondlook")
    except SystemExit as ending:
        return _code(ending)
    except SecondlookError as error:
        _say(f"secondlook: {error}")
        if session.debug:
            _say(traceback.format_exc())
        return exit_code(error)
    except KeyboardInterrupt:
        _say("secondlook: interrupted")
        return ExitCode.INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last line of defence
        return _unexpected(session, error)
    return ExitCode.OK


def wanted(arguments: Sequence[str]) -> str:
    """The command that is asked for; empty where it is help, a version, or a word that is no command."""
    words = iter(arguments)
    for word in words:
        if word in WITH_VALUE:
            next(words, None)
        elif not word.startswith("-"):
            return word
    return ""


def application(session: Session, only: str | None = None) -> typer.Typer:
    """All commands, over one session; with `only`, the others are names with their help."""
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

    for command in COMMANDS:
        if only is not None and command.name != only:
            app.command(command.name, help=command.help)(_named)
            continue
        result = getattr(import_module(f"workers.cli.{command.module}"), command.attribute)
        if command.is_group:
            app.add_typer(result, name=command.name)
        else:
            app.command(command.name, epilog=EPILOG)(result)
    return app


def _named() -> None:
    """Stands for a command that was not asked for."""


def _show_version(asked: bool) -> None:  # noqa: FBT001 - typer's form of a callback
    if asked:
        from importlib.metadata import version

        sys.stdout.write(f"secondlook {version('secondlook')}\n")
        raise typer.Exit


def _code(ending: SystemExit) -> int:
    return ending.code if isinstance(ending.code, int) else int(ending.code is not None)


def _unexpected(session: Session, error: Exception) -> ExitCode:
    from connector.logs import mask

    details = mask(traceback.format_exc())
    if session.debug:
        _say(details)
        return ExitCode.FAILED
    file = session.error_file()
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "a", encoding="utf-8") as stream:
            stream.write(details)
        where = f"Details are in {file}."
    except OSError:
        where = "Run it again with --debug to see details."
    _say(f"secondlook: unexpected {type(error).__name__}. This is a fault of secondlook. {where}")
    return ExitCode.FAILED


def _say(text: str) -> None:
    """On stderr, with secrets masked; what that needs is imported for those few lines."""
    from connector.logs import mask
    from workers.cli.output import note

    note(mask(text))
