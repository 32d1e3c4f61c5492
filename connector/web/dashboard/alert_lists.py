"""Lists of alerts and of the messages about them."""

from __future__ import annotations

from connector.model.access import AccessRole
from connector.model.alerts import AlertPhase
from connector.store.views.alerts import PHASES, alert_rows, message_rows
from connector.web.dashboard.listing import Button, Column, Filter, Listing, ListPart, ListQuery, Row, row_of

LATEST = 500  # messages that are listed
USUAL_HOURS = "24"


def _alerts(asked: ListQuery) -> ListPart:
    state, project = asked.of("state"), asked.of("project")
    rows = [row_of(one) for one in alert_rows(asked.unit)]
    return ListPart(
        [row for row in rows if state in (None, row["state"]) and project in (None, row["project"])]
    )


def _alert_buttons(asked: ListQuery, row: Row) -> list[Button]:
    del asked
    fields = {"rule": str(row["rule"]), "project": str(row["project"])}
    result = []
    if row["state"] == AlertPhase.FIRING and row["acknowledged_by"] is None:
        subject = {"subject": str(row["subject"])}
        result.append(Button("I see to it", "/ops/alerts/acknowledge", fields | subject))
    if row["silent_until"]:
        return [*result, Button("Hear again", "/ops/alerts/hear", fields)]
    return [*result, Button("Silence", "/ops/alerts/silence", fields, (("hours", "Hours", USUAL_HOURS),))]


def _alert_head(asked: ListQuery) -> list[Button]:
    if not asked.may(AccessRole.ADMIN):
        return []
    channels = asked.services.settings.alerts.channels
    return [Button(f"Test {name}", "/ops/alerts/test", {"channel": name}) for name in channels]


def _nothing(asked: ListQuery) -> str:
    if not asked.services.settings.alerts.enabled:
        return "Alerts are not looked for: alerts.enabled is false."
    if asked.of("state") or asked.of("project"):
        return "No alert matches."
    return "Nothing fires, and nothing has within 30 days."


ALERTS = Listing(
    slug="alerts",
    title="Alerts",
    lead="What fires, what is about to, and what is over. A silence of a rule holds for all that it watches.",
    columns=(
        Column("title", "Alert", link=lambda row: str(row["link"])),
        Column("project", "Project"),
        Column("says", "Says"),
        Column("state", "State", "state"),
        Column("since", "Since", "time"),
        Column("resolved_at", "Over", "time"),
        Column("notified_at", "Last told", "time"),
        Column("acknowledged_by", "Seen to by"),
        Column("silent_until", "Silent until", "time"),
        Column("rule", "Rule", "code"),
    ),
    read=_alerts,
    empty=_nothing,
    filters=(
        Filter("state", "State", tuple(PHASES), AlertPhase.FIRING.value),
        Filter("project", "Project"),
    ),
    least=AccessRole.OPERATOR,
    buttons=_alert_buttons,
    head=_alert_head,
)


def _messages(asked: ListQuery) -> ListPart:
    return ListPart([row_of(one) for one in message_rows(asked.unit, LATEST)])


MESSAGES = Listing(
    slug="messages",
    title="Messages",
    lead="What was sent of alerts and events, and what waits: the latest first. Each is sent at least once.",
    columns=(
        Column("created_at", "Made", "time"),
        Column("channel", "Channel"),
        Column("title", "Says"),
        Column("state", "State", "state"),
        Column("attempts", "Tries", "number"),
        Column("due_at", "Due", "time"),
        Column("sent_at", "Sent", "time"),
        Column("error", "Reason"),
        Column("id", "Message", "code"),
    ),
    read=_messages,
    empty=lambda asked: (
        "No message yet."
        if asked.services.settings.alerts.channels
        else "No channel is configured: set alerts.channels, as docs/alerts.md shows."
    ),
    least=AccessRole.OPERATOR,
)

LISTS = (ALERTS, MESSAGES)
