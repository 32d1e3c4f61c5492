"""A webhook as the web process takes it in, without the server around it."""

from __future__ import annotations

from collections.abc import Mapping

from connector.model import Role
from connector.web import intake
from connector.wiring import Services


def accept(services: Services, project: str, role: Role, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether it held something new, which is stored then."""
    delivery = intake.verified(services, project, role, headers, body)
    return delivery is not None and bool(intake.store(services, [delivery]))
