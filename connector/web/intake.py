"""A verified delivery is stored once and becomes work."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from connector import logs
from connector.model import Hint, Role
from connector.model.jobs import JobKind, NewJob

if TYPE_CHECKING:
    from connector.wiring import Services

log = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What is kept of one webhook: ids, and the event's name where the platform gives it one."""

    project: str
    role: Role
    hints: tuple[Hint, ...]
    event: str | None = None
    traceparent: str | None = None  # of the request that brought it


def verified(
    services: Services, project: str, role: Role, headers: Mapping[str, str], body: bytes
) -> Delivery | None:
    """What a webhook hints at; None where that is nothing to do.

    Raises Unauthorised or BadPayload. The platform is asked only for secrets that it made itself.
    """
    dialect = services.dialect(project, role)
    dialect.verify(headers, body, services.webhook_secrets(project, role), services.clock.now())
    hints = tuple(hint for hint in dialect.hints(body) if not hint.own)
    return Delivery(project, role, hints, dialect.event(body)) if hints else None


def store(services: Services, deliveries: Sequence[Delivery]) -> int:
    """Store deliveries in one transaction, with the jobs that handle them; how many were new.

    Raises Retryable when the database does not answer. Nothing is fetched or computed here: an annotator's
    browser waits for this answer.
    """
    by_place: dict[tuple[str, Role], list[Delivery]] = defaultdict(list)
    for delivery in deliveries:
        by_place[delivery.project, delivery.role].append(delivery)
    stored = 0
    with services.store.begin() as unit:
        for (name, role), together in by_place.items():
            project = services.bound(unit, name)
            ours = project.remote_id if role is Role.SOURCE else project.review_remote_id
            rows = [(_of_place(delivery.hints, ours), delivery.event) for delivery in together]
            new = unit.deliveries.add(project.id, role, [row for row in rows if row[0]])
            if new:
                first = next((one.traceparent for one in together if one.traceparent), None)
                unit.enqueue(replace(ingest_job(project.id), traceparent=first))
                log.info("deliveries stored", project=name, role=role.value, deliveries=new)
            stored += new
    return stored


def ingest_job(project_id: int) -> NewJob:
    """One job handles all waiting deliveries of a project, so many deliveries become one."""
    return NewJob(JobKind.INGEST, project_id, key=f"ingest:{project_id}", lane=f"ingest:{project_id}")


def _of_place(hints: Sequence[Hint], ours: str | None) -> list[Hint]:
    """Without those that name another place of the same server."""
    return [hint for hint in hints if hint.place is None or hint.place == ours]
