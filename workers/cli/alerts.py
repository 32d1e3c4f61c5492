"""Alerts: what fires, what was sent, a test of a channel, and silence."""

from __future__ import annotations

from typing import Annotated

import typer

from connector.wording import moment_text
from workers.cli.exits import EPILOG, ExitCode
from workers.cli.output import note, print_json, table
from workers.cli.session import JsonFlag, actor, session_of

app = typer.Typer(no_args_is_help=True, help="List, test and silence alerts.", epilog=EPILOG)

RuleName = Annotated[str, typer.Argument(metavar="RULE", help="Name of the rule, as jobs_dead.")]
Everywhere = Annotated[
    str | None, typer.Option("--project", help="In this project alone. Default: everywhere.")
]
LATEST = 50  # messages that are listed


@app.command("list", epilog=EPILOG)
def list_alerts(context: typer.Context, *, json: JsonFlag = False) -> None:
    """List alerts, silences, and the latest messages."""
    from connector.store.views.alerts import alert_rows, message_rows

    with session_of(context).reading() as services, services.store.read() as unit:
        result, silences = alert_rows(unit), unit.alerts.silences()
        messages = message_rows(unit, LATEST)
    if json:
        print_json({"alerts": result, "silences": silences, "messages": messages})
        return
    table(
        ("rule", "project", "about", "state", "since", "says"),
        [(one.rule, one.project, one.subject, one.state, one.since, one.says) for one in result],
    )
    for one in silences:
        where = f"in {one.project}" if one.project else "everywhere"
        note(f"{one.rule} is silent {where} until {moment_text(one.until)}.")
    table(
        ("message", "channel", "project", "about", "made", "state", "error"),
        [
            (one.id, one.channel, one.project, one.topic, one.created_at, one.state, one.error)
            for one in messages
        ],
    )
    if not result:
        note("No alert fires or has fired within 30 days.")


@app.command(epilog=EPILOG)
def test(context: typer.Context, channel: Annotated[str, typer.Argument(metavar="CHANNEL")]) -> None:
    """Send a test message through a channel now; exit code 1 where it was not taken."""
    from connector.actions.alerts import ask_test
    from workers.service.outgoing import send_due

    session = session_of(context)
    with session.services() as services:
        with services.store.begin() as unit:
            message_id = ask_test(unit, services.settings.alerts, channel, actor())
        send_due(services, channel)
        with services.store.read() as unit:
            message = unit.alerts.message(message_id)
    if message is None or message.sent_at is None:
        reason = (message and message.error) or "other messages wait before it"
        note(f"Not sent: {reason}. It is tried again.")
        raise typer.Exit(ExitCode.FAILED)
    typer.echo(f"Sent as {message_id}.")
    if message.error:
        note(message.error)


@app.command(epilog=EPILOG)
def silence(
    context: typer.Context,
    rule: RuleName,
    *,
    project: Everywhere = None,
    hours: Annotated[float, typer.Option(help="For so many hours, at most 90 days.")] = 24.0,
) -> None:
    """Tell nobody of a rule for a while; what fires still is told when it ends."""
    from connector.actions.alerts import silence as silence_rule

    session = session_of(context)
    if project is not None:
        session.require_project(project)
    with session.services() as services, services.store.begin() as unit:
        until = silence_rule(unit, rule, project or "", hours, actor())
    typer.echo(f"{rule} is silent until {moment_text(until)}.")


@app.command(epilog=EPILOG)
def unsilence(context: typer.Context, rule: RuleName, *, project: Everywhere = None) -> None:
    """Let a rule be told of again."""
    from connector.actions.alerts import end_silence

    session = session_of(context)
    if project is not None:
        session.require_project(project)
    with session.services() as services, services.store.begin() as unit:
        end_silence(unit, rule, project or "", actor())
    typer.echo(f"{rule} is told of again.")
