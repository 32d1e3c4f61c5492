"""Who may sign in to the pages, and what they may do there."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from connector.model.access import EVERYWHERE, AccessRole
from connector.wording import day_text
from workers.cli.exits import EPILOG
from workers.cli.output import note, print_json, table
from workers.cli.session import JsonFlag, actor, session_of

app = typer.Typer(
    no_args_is_help=True, help="Add, list and revoke people who sign in to the pages.", epilog=EPILOG
)

UserName = Annotated[str, typer.Argument(metavar="NAME", help="Name of the user.")]
RoleOption = Annotated[AccessRole, typer.Option(help="viewer, operator or admin.")]
Projects = Annotated[
    list[str] | None, typer.Option("--project", help="A project of the role; repeat it. Default: all.")
]
FromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from the first line of stdin.")
]


@app.command(epilog=EPILOG)
def add(
    context: typer.Context,
    name: UserName,
    *,
    role: RoleOption = AccessRole.VIEWER,
    project: Projects = None,
    password_stdin: FromStdin = False,
) -> None:
    """Add a user; the password is asked for."""
    from connector.actions import users

    users.require_name(name)
    password = _password(from_stdin=password_stdin)
    with session_of(context).services() as services, services.store.begin() as unit:
        users.add(unit, name, password, _grants(role, project), actor())
    note(f"{name} may sign in at {services.settings.server.url}/sign-in")


@app.command("list", epilog=EPILOG)
def list_users(context: typer.Context, *, json: JsonFlag = False) -> None:
    """List users with their roles; those that were revoked too."""
    from connector.actions.sign_in import IDLE

    with session_of(context).reading() as services, services.store.read() as unit:
        known = unit.users.listed()
        sessions = unit.sessions.counts(IDLE)
    rows = [
        {
            "name": user.name,
            "roles": {project: role.value for project, role in user.grants.items()},
            "sessions": sessions.get(user.id, 0),
            "created_at": user.created_at,
            "revoked_at": user.disabled_at,
        }
        for user in known
    ]
    if json:
        print_json({"users": rows})
        return
    table(
        ("user", "roles", "sessions", "since", "revoked"),
        [
            (
                user.name,
                ", ".join(f"{project}: {role}" for project, role in user.grants.items()),
                sessions.get(user.id, 0),
                day_text(user.created_at),
                day_text(user.disabled_at) if user.disabled_at else "",
            )
            for user in known
        ],
    )
    if not known:
        note("There is no user yet.")


@app.command(epilog=EPILOG)
def role(context: typer.Context, name: UserName, *, role: RoleOption, project: Projects = None) -> None:
    """Give a user another role in place of those held; one that was revoked may sign in again."""
    from connector.actions import users

    with session_of(context).services() as services, services.store.begin() as unit:
        users.grant(unit, name, _grants(role, project), actor())
    note(f"{name} is {role} now.")


@app.command(epilog=EPILOG)
def password(context: typer.Context, name: UserName, *, password_stdin: FromStdin = False) -> None:
    """Give a user another password; open sessions end."""
    from connector.actions import users

    chosen = _password(from_stdin=password_stdin)
    with session_of(context).services() as services, services.store.begin() as unit:
        users.set_password(unit, name, chosen, actor())
    note(f"The password of {name} was changed; open sessions ended.")


@app.command(epilog=EPILOG)
def revoke(context: typer.Context, name: UserName) -> None:
    """Let a user sign in no more, and end all sessions; the name stays, for the audit log."""
    from connector.actions import users

    with session_of(context).services() as services, services.store.begin() as unit:
        users.revoke(unit, name, actor())
    note(f"{name} cannot sign in any more.")


def _grants(role: AccessRole, projects: list[str] | None) -> dict[str, AccessRole]:
    return dict.fromkeys(projects or [EVERYWHERE], role)


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    text: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return text
