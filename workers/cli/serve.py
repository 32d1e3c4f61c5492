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
    from workers.service.embedded import run_up

    run_up(settings, greet)


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
    """Where the pages are; and, as long as nobody can sign in, how the first user is made."""
    from connector.actions.sign_in import first_link

    url = services.settings.server.url
    note(f"Pages: {url}/   (stop with Ctrl+C)")
    with services.store.begin() as unit:
        key = first_link(unit)
    if key is not None:
        note(f"Nobody can sign in yet. Make the first user, within a day: {url}/first/{key}")
