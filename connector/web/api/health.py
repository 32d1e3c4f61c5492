"""Whether this process lives, and whether it can do its work."""

from __future__ import annotations

from fastapi import APIRouter, Response

from connector.web.access import Running
from connector.web.readiness import Readiness, look

router = APIRouter(tags=["health"])


@router.get("/health")
def health() -> dict[str, str]:
    """The process answers; nothing else is looked at."""
    return {"status": "ok"}


@router.get("/ready", responses={503: {"model": Readiness}})
def ready(services: Running, response: Response) -> Readiness:
    """Deliveries can be stored. A broker or scheduler that is down is named, and costs time, not data."""
    result = look(services)
    response.status_code = 200 if result.ready else 503
    return result
