"""The long-running processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from workers.cli.output import note
from workers.cli.session import session_of

if TYPE_CHECKING:
    from connector.wiring import Services


def up(context: typer.Context) -> None:
    """Run web, worker and scheduler in one process.

    No broker is needed: the database holds what is to be done.
    """
    session = session_of(context)
    settings = session.settings
    session.service_logs()
    from connector.config.file import find_file
    from workers.service.embedded import run_up

    run_up(settings, greet, find_file(session.config))


def web(context: typer.Context) -> None:
    """Run the web process alone.

    Workers and scheduler run beside it: `celery -A workers.app worker` and `celery -A workers.app beat`.
    """
    session = session_of(context)
    settings = session.settings
    session.service_logs()
    from connector.web.app import serve
    from workers.report.documents import Files

    serve(settings, Files(), greet)


def greet(services: Services) -> None:
    """Where the pages are, how people sign in or the first of them is made, and where programs' token is."""
    from connector.actions.sign_in import first_link
    from connector.config.keyring import TOKEN_FILE

    server = services.settings.server
    note(f"Pages: {server.url}/   (stop with Ctrl+C)")
    with services.store.begin() as unit:
        key = first_link(unit)
        names = [user.name for user in unit.users.listed() if user.disabled_at is None]
    if key is not None:
        note(f"Nobody can sign in yet. Make the first user, within a day: {server.url}/first/{key}")
    else:
        note(
            f"Sign in at {server.url}/sign-in as {', '.join(names)}; "
            "`secondlook users password NAME` sets another password."
        )
    _ = services.keyring.api_token  # made now, so that it is where it is said to be
    where = "server.api_token" if server.api_token else services.settings.data_dir / TOKEN_FILE
    note(f"Programs read with the token in {where}.")
