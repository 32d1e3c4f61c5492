"""Lists about the service itself: jobs, the audit log, users and tokens."""

from __future__ import annotations

from connector.actions.sign_in import IDLE
from connector.model.access import LADDER, AccessRole
from connector.model.jobs import JobState
from connector.store.views import loop
from connector.store.views.trail import audit_rows
from connector.web.dashboard.listing import Button, Column, Filter, Listing, ListPart, ListQuery, Row, row_of
from connector.web.forms import stamp


def _jobs(asked: ListQuery) -> ListPart:
    state = asked.of("state")
    result = loop.job_views(
        asked.unit,
        project=asked.of("project"),
        state=JobState(state) if state else None,
        limit=asked.limit,
        after=asked.after,
        sight=asked.sight,
    )
    return ListPart([row_of(one) for one in result.items], result.next)


def _job_buttons(asked: ListQuery, row: Row) -> list[Button]:
    if row["state"] != JobState.DEAD or not asked.may(AccessRole.OPERATOR):
        return []
    return [Button("Try again", "/ops/jobs/replay", {"job": str(row["id"])})]


JOBS = Listing(
    slug="jobs",
    title="Jobs",
    lead="Work by state, the oldest first. What was given up can be tried again.",
    columns=(
        Column("id", "Job", "code"),
        Column("project", "Project"),
        Column("kind", "Kind", "state"),
        Column("state", "State", "state"),
        Column("attempts", "Tries", "number"),
        Column("error", "Reason"),
        Column("created_at", "Made", "time"),
        Column("due_at", "Due", "time"),
    ),
    read=_jobs,
    empty=lambda asked: f"No job is {asked.of('state') or 'stored'}.",
    filters=(Filter("state", "State", tuple(JobState), JobState.DEAD.value), Filter("project", "Project")),
    least=AccessRole.OPERATOR,
    buttons=_job_buttons,
    head=lambda _asked: [Button("Try all again", "/ops/jobs/replay-all")],
)


def _audit(asked: ListQuery) -> ListPart:
    filters = {name: asked.of(name) for name in ("project", "actor", "action", "subject")}
    result = audit_rows(asked.unit, asked.sight, asked.limit, asked.after, **filters)
    rows = [
        {
            "seq": one.seq,
            "at": one.at,
            "actor": one.actor,
            "action": one.action,
            "project": one.project,
            "subject": one.subject,
            "detail": ", ".join(f"{name}: {value}" for name, value in one.detail.items())[:300],
            "hash": one.hash,
        }
        for one in result.items
    ]
    return ListPart(rows, result.next)


AUDIT = Listing(
    slug="audit",
    title="Audit log",
    lead="Every change and who made it, the latest first. `secondlook audit verify` checks the chain.",
    columns=(
        Column("seq", "Row", "number"),
        Column("at", "Time", "time"),
        Column("actor", "Who"),
        Column("action", "What"),
        Column("project", "Project"),
        Column("subject", "About", "code"),
        Column("detail", "Detail"),
        Column("hash", "Hash", "code"),
    ),
    read=_audit,
    empty=lambda asked: "No row matches." if asked.filters else "Nothing has happened yet.",
    filters=tuple(
        Filter(name, title)
        for name, title in (
            ("project", "Project"),
            ("actor", "Who"),
            ("action", "What"),
            ("subject", "About"),
        )
    ),
    least=AccessRole.OPERATOR,
)


def _users(asked: ListQuery) -> ListPart:
    sessions = asked.unit.sessions.counts(IDLE)
    rows = [
        {
            "name": user.name,
            "roles": ", ".join(f"{project}: {role}" for project, role in user.grants.items()),
            "sessions": sessions.get(user.id, 0),
            "created_at": user.created_at,
            "revoked_at": user.disabled_at,
        }
        for user in asked.unit.users.listed()
    ]
    return ListPart(rows)


def _user_buttons(asked: ListQuery, row: Row) -> list[Button]:
    del asked
    fields = {"name": str(row["name"]), "was": stamp(row["roles"], row["revoked_at"])}
    ask = (("role", f"Role ({', '.join(LADDER)})", ""), ("project", "Project (* for all)", "*"))
    result = [Button("Change role", "/admin/users/role", fields, ask)]
    return result if row["revoked_at"] else [*result, Button("Revoke", "/admin/users/revoke", fields)]


def _user_head(asked: ListQuery) -> list[Button]:
    del asked
    ask = (
        ("name", "Name", ""),
        ("password", "Password", ""),
        ("role", f"Role ({', '.join(LADDER)})", AccessRole.VIEWER.value),
        ("project", "Project (* for all)", "*"),
    )
    return [Button("Add user", "/admin/users/add", {}, ask)]


USERS = Listing(
    slug="users",
    title="Users",
    lead="Who may sign in, and what they may do.",
    columns=(
        Column("name", "User"),
        Column("roles", "Roles"),
        Column("sessions", "Sessions", "number"),
        Column("created_at", "Since", "time"),
        Column("revoked_at", "Revoked", "time"),
    ),
    read=_users,
    empty=lambda _asked: "There is no user yet.",
    least=AccessRole.ADMIN,
    buttons=_user_buttons,
    head=_user_head,
)


def _tokens(asked: ListQuery) -> ListPart:
    rows = [
        {
            "name": one.name,
            "role": one.role.value,
            "projects": ", ".join(one.projects),
            "created_by": one.created_by,
            "expires_at": one.expires_at,
            "last_used_at": one.last_used_at,
            "revoked_at": one.revoked_at,
        }
        for one in asked.unit.access_tokens.listed()
    ]
    return ListPart(rows)


def _token_buttons(asked: ListQuery, row: Row) -> list[Button]:
    del asked
    return [] if row["revoked_at"] else [Button("Revoke", "/admin/tokens/revoke", {"name": str(row["name"])})]


TOKENS = Listing(
    slug="tokens",
    title="Tokens",
    lead="Tokens of programs. New ones are made by `secondlook tokens add`, which prints them once.",
    columns=(
        Column("name", "Token"),
        Column("role", "Role", "state"),
        Column("projects", "Projects"),
        Column("created_by", "Made by"),
        Column("expires_at", "Ends", "time"),
        Column("last_used_at", "Last used", "time"),
        Column("revoked_at", "Revoked", "time"),
    ),
    read=_tokens,
    empty=lambda _asked: "There is no token yet.",
    least=AccessRole.ADMIN,
    buttons=_token_buttons,
)

OPS = (JOBS, AUDIT)
ADMIN = (USERS, TOKENS)
