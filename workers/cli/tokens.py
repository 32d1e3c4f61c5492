"""Tokens for programs that read the API or the metrics."""

from __future__ import annotations

from typing import Annotated

import typer

from connector.model.access import EVERYWHERE, AccessRole
from connector.wording import day_text
from workers.cli.exits import EPILOG
from workers.cli.output import note, print_json, table
from workers.cli.session import JsonFlag, actor, session_of

app = typer.Typer(no_args_is_help=True, help="Add, list and revoke tokens for programs.", epilog=EPILOG)

TokenName = Annotated[str, typer.Argument(metavar="NAME", help="Name of the token.")]


@app.command(epilog=EPILOG)
def add(
    context: typer.Context,
    name: TokenName,
    *,
    role: Annotated[
        AccessRole, typer.Option(help="viewer, operator, admin, or metrics.")
    ] = AccessRole.VIEWER,
    project: Annotated[
        list[str] | None, typer.Option("--project", help="A project of the token; repeat it. Default: all.")
    ] = None,
    days: Annotated[
        int | None, typer.Option(min=1, help="Days until it expires. Default: it does not.")
    ] = None,
    json: JsonFlag = False,
) -> None:
    """Make a token and print it, this once: only its hash is kept."""
    from connector.actions import tokens

    with session_of(context).services() as services, services.store.begin() as unit:
        result = tokens.add(unit, name, role, project or [EVERYWHERE], actor(), days)
    if json:
        print_json({"name": name, "role": role.value, "token": result.token})
    else:
        typer.echo(result.token)
        note("It is shown this once; only its hash is kept.")


@app.command("list", epilog=EPILOG)
def list_tokens(context: typer.Context, *, json: JsonFlag = False) -> None:
    """List tokens; those that were revoked too."""
    with session_of(context).reading() as services, services.store.read() as unit:
        known = unit.access_tokens.listed()
    if json:
        print_json({"tokens": known})
        return
    table(
        ("token", "role", "projects", "by", "expires", "last used", "revoked"),
        [
            (
                one.name,
                one.role,
                ", ".join(one.projects),
                one.created_by,
                *(day_text(at) if at else "" for at in (one.expires_at, one.last_used_at, one.revoked_at)),
            )
            for one in known
        ],
    )
    if not known:
        note("There is no token yet.")


@app.command(epilog=EPILOG)
def revoke(context: typer.Context, name: TokenName) -> None:
    """Let a token open nothing any more; its name stays, for the audit log."""
    from connector.actions import tokens

    with session_of(context).services() as services, services.store.begin() as unit:
        tokens.revoke(unit, name, actor())
    note(f"The token {name} opens nothing any more.")
