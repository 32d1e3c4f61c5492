"""Write secondlook.toml, checking each answer against the real server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from connector.config.file import DEFAULT_FILE, load
from connector.errors import Misconfigured
from connector.model.kinds import WriteMode
from connector.platforms import registry
from workers.cli.output import note
from workers.cli.session import session_of
from workers.cli.wizard import GivenOptions, Wizard, written


def init(
    context: typer.Context,
    *,
    platform: Annotated[
        str | None,
        typer.Option(help=f"Kind of platform, {' or '.join(registry.servers())}; else as the address says."),
    ] = None,
    url: Annotated[str | None, typer.Option(help="Address of the platform, or a project's link.")] = None,
    token_env: Annotated[
        str | None, typer.Option(help="Environment variable that holds the access token.")
    ] = None,
    token_file: Annotated[Path | None, typer.Option(help="File that holds the access token.")] = None,
    project: Annotated[
        str | None, typer.Option(help="The project's number or id, as its address shows it.")
    ] = None,
    label_control: Annotated[str | None, typer.Option(help="Control that holds the label.")] = None,
    name: Annotated[str | None, typer.Option(help="Name for the project here.")] = None,
    writeback: Annotated[
        str | None,
        typer.Option(help=f"How corrections are written: {', '.join(WriteMode)}."),
    ] = None,
    public_url: Annotated[
        str | None, typer.Option(help="Address under which the platform reaches this service.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing; take defaults.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
) -> None:
    """Set up a project, checking each answer on the server."""
    session = session_of(context)
    session.quiet_logs()
    file = session.config or DEFAULT_FILE
    if file.exists() and not force:
        raise Misconfigured(
            f"{file} exists",
            field="--force",
            remedy="Add a [projects.NAME] section by hand, or overwrite the file with --force.",
        )
    if token_env and token_file:
        msg = "give --token-env or --token-file, not both"
        raise typer.BadParameter(msg)
    answers = GivenOptions(
        platform, url, token_env, token_file, project, label_control, name, writeback, public_url
    )
    choice = Wizard(answers, asks=not yes, data_dir=file.parent / ".secondlook").run()
    written(file, choice)
    load(file)
    note(f"\nWrote {file}. Next: `secondlook doctor`, then `secondlook up`.")
    if choice.variable_to_set:
        note(f"Set the environment variable {choice.variable_to_set} to the token first.")
