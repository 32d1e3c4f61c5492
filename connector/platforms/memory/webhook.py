"""Webhooks of the in-memory platform: JSON of a Hint, with the secret in a header."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from connector.errors import BadPayload
from connector.model import Hint
from connector.platforms.webhooks import verify_secret


class MemoryWebhooks:
    """Implements WebhookDialect."""

    def verify(self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime) -> None:  # noqa: ARG002 - the protocol's signature
        """Raise Unauthorised unless the secret header holds one of `secrets`."""
        verify_secret(headers, secrets)

    def hints(self, body: bytes) -> Sequence[Hint]:
        """The one hint of a delivery."""
        try:
            payload = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise BadPayload("the delivery is not JSON") from error
        if not isinstance(payload, dict) or not isinstance(payload.get("action"), str):
            raise BadPayload("the delivery names no action")
        return [
            Hint(
                payload["action"],
                item_ids=_ids(payload.get("item_ids", [])),
                annotation_ids=_ids(payload.get("annotation_ids", [])),
                schema_changed=payload.get("schema_changed") is True,
                deleted=payload.get("deleted") is True,
                own=payload.get("own") is True,
            )
        ]

    def event(self, body: bytes) -> str | None:
        """The event's name, where the delivery carries one."""
        name = json.loads(body).get("event")
        return name if isinstance(name, str) else None


def _ids(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        raise BadPayload("the delivery's ids are not text")
    return tuple(value)
