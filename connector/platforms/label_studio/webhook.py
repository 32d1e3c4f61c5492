"""Label Studio's webhooks: not signed, so our own secret travels in a header of each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from connector.errors import BadPayload
from connector.model import Hint
from connector.platforms.label_studio import mapping
from connector.platforms.results import written_by_us
from connector.platforms.webhooks import verify_secret

MOST_IDS = 100_000  # in one delivery; an import announces all its tasks at once


class LabelStudioWebhooks:
    """Implements WebhookDialect. Of a body only ids are kept: it holds the project's token, too."""

    def verify(self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime) -> None:  # noqa: ARG002 - the protocol's signature; there is no signature to check them by
        """Raise Unauthorised unless the secret header holds one of `secrets`."""
        verify_secret(headers, secrets)

    def hints(self, body: bytes) -> Sequence[Hint]:
        """What changed; nothing for actions that do not matter. BadPayload for anything else."""
        payload = _object(body)
        action = payload.get("action")
        if not isinstance(action, str):
            raise BadPayload("a delivery of Label Studio names an action")
        read = _READERS.get(action)
        return [] if read is None else [read(action, payload)]

    def event(self, body: bytes) -> str | None:  # noqa: ARG002 - the protocol's signature; a delivery has no name, and none is sent twice
        """Nothing: the server sends each event once."""
        return None


def _object(body: bytes) -> dict[str, Any]:
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadPayload("the delivery is not JSON") from error
    if not isinstance(payload, dict):
        raise BadPayload("the delivery is not a JSON object")
    return payload


def _annotation(action: str, payload: Mapping[str, Any]) -> Hint:
    given = payload.get("annotation")
    rows = _rows(given if isinstance(given, list) else [given], "annotation")
    own = bool(rows) and all(
        written_by_us(row.get("result"), mapping.user_id(row.get("updated_by"))) for row in rows
    )
    return Hint(
        action,
        item_ids=tuple(dict.fromkeys(_id(row.get("task"), "task") for row in rows)),
        annotation_ids=tuple(_id(row.get("id"), "annotation") for row in rows),
        own=own,
    )


def _annotations_deleted(action: str, payload: Mapping[str, Any]) -> Hint:
    rows = _rows(payload.get("annotations"), "annotations")
    return Hint(action, annotation_ids=tuple(_id(row.get("id"), "annotation") for row in rows), deleted=True)


def _tasks(action: str, payload: Mapping[str, Any]) -> Hint:
    rows = _rows(payload.get("tasks"), "tasks")
    ids = tuple(_id(row.get("id"), "task") for row in rows)
    return Hint(action, item_ids=ids, deleted=action == "TASKS_DELETED")


def _project(action: str, payload: Mapping[str, Any]) -> Hint:
    _rows([payload.get("project")], "project")
    return Hint(action, schema_changed=True)


_READERS = {
    "ANNOTATION_CREATED": _annotation,
    "ANNOTATIONS_CREATED": _annotation,
    "ANNOTATION_UPDATED": _annotation,
    "ANNOTATIONS_DELETED": _annotations_deleted,
    "TASKS_CREATED": _tasks,
    "TASKS_DELETED": _tasks,
    "PROJECT_UPDATED": _project,
}


def _rows(value: Any, what: str) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise BadPayload(f"the delivery has no readable {what}")
    if len(value) > MOST_IDS:
        raise BadPayload(f"the delivery names more than {MOST_IDS} {what}")
    return value


def _id(value: Any, what: str) -> str:
    # The annotation serializer gives the task as a number. Longer numbers are no ids of any database.
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63:
        raise BadPayload(f"the delivery names a {what} without a number")
    return str(value)
