"""A verified delivery is stored once and becomes work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from connector.model import Role
from connector.model.jobs import JobKind, NewJob

if TYPE_CHECKING:
    from connector.wiring import Services

NOTHING = ""  # the id given to a delivery that holds nothing to do, or nothing new


def accept(services: Services, project_name: str, role: Role, headers: Mapping[str, str], body: bytes) -> str:
    """Verify a webhook and store what it hints at, in one transaction; the delivery's id.

    Raises Unauthorised, BadPayload, or Retryable when the database does not answer. Nothing is fetched or
    computed here: an annotator's browser waits for this answer.
    """
    dialect = services.dialect(project_name, role)
    dialect.verify(headers, body, services.webhook_secrets(project_name, role), services.clock.now())
    hints = [hint for hint in dialect.hints(body) if not hint.own]
    if not hints:
        return NOTHING
    with services.store.begin() as unit:
        project = services.bound(unit, project_name)
        ours = project.remote_id if role is Role.SOURCE else project.review_remote_id
        hints = [hint for hint in hints if hint.place is None or hint.place == ours]
        if not hints:
            return NOTHING
        delivery_id = unit.deliveries.add(project.id, role, hints, dialect.event(body))
        if delivery_id is None:
            return NOTHING
        unit.enqueue(ingest_job(project.id))
    return delivery_id


def ingest_job(project_id: int) -> NewJob:
    """One job handles all waiting deliveries of a project, so many deliveries become one."""
    return NewJob(JobKind.INGEST, project_id, key=f"ingest:{project_id}", lane=f"ingest:{project_id}")
