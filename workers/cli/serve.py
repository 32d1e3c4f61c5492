"""The long-running processes."""

from __future__ import annotations

import typer

from workers.cli.output import note
from workers.cli.session import session_of


def up(context: typer.Context) -> None:
    """Run web, worker and scheduler in one process.

    No broker is needed: the database holds what is to be done.
    """
    session = session_of(context)
    settings = session.settings
    session.service_logs()
    from workers.service.embedded import run_up

    note(f"Status page: {settings.server.url}/   (stop with Ctrl+C)")
    run_up(settings)


def web(context: typer.Context) -> None:
    """Run the web process alone.

    Workers and scheduler run beside it: `celery -A workers.app worker` and `celery -A workers.app beat`.
    """
    session = session_of(context)
    settings = session.settings
    session.service_logs()
    from connector.web.app import serve

    note(f"Status page: {settings.server.url}/   (stop with Ctrl+C)")
    serve(settings)
