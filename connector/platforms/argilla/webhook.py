"""Argilla's webhooks: signed as https://www.standardwebhooks.com describes.

The package of that name reads secrets and signs. Its own verifier is not called: it reads the machine's
clock instead of the one that it is given, and gives up at the first signature that it cannot read,
with errors of many kinds.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NoReturn
from uuid import UUID

from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from connector.errors import BadPayload, Unauthorised
from connector.model import Hint

TOLERANCE_S = 300  # of the standard: an older delivery may be a recorded one
_MOST_SIGNATURES = 10
_TIMESTAMP = re.compile(r"[0-9]{1,12}", re.ASCII)


class ArgillaWebhooks:
    """Implements WebhookDialect. Of a body only ids are kept: it holds names of people, too."""

    def verify(self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime) -> None:
        """Raise Unauthorised unless the delivery was signed with one of `secrets`, a short time ago."""
        held = {name.lower(): value for name, value in headers.items()}
        names = ("webhook-id", "webhook-timestamp", "webhook-signature")
        message_id, stamp, signatures = (held.get(name, "") for name in names)
        if not (message_id and signatures and _TIMESTAMP.fullmatch(stamp)):
            raise Unauthorised("the delivery is not signed")
        if abs(now.timestamp() - int(stamp)) > TOLERANCE_S:
            raise Unauthorised("the delivery was signed at another time")
        right = _signatures(message_id, datetime.fromtimestamp(int(stamp), UTC), body, secrets)
        given = [one.encode("utf-8", "replace") for one in signatures.split(" ")[:_MOST_SIGNATURES]]
        # All are compared, each in constant time, so that the time says nothing.
        matches = [hmac.compare_digest(one, ours) for one in given for ours in right]
        if not any(matches):
            raise Unauthorised("the delivery is not signed with our secret")

    def hints(self, body: bytes) -> Sequence[Hint]:
        """What changed; nothing for events that do not matter. BadPayload for anything else."""
        try:
            payload = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise BadPayload("the delivery is not JSON") from error
        kind = payload.get("type") if isinstance(payload, dict) else None
        if not isinstance(kind, str):
            raise BadPayload("a delivery of Argilla names its type")
        subject = kind.partition(".")[0]
        data = payload.get("data")
        answers: tuple[str, ...] = ()
        if subject == "record":
            record = data
        elif subject == "response":
            record = data.get("record") if isinstance(data, dict) else None
            answers = (_id(data, "response"),)
        else:
            return []
        deleted = kind == "record.deleted"
        return [Hint(kind, (_id(record, "record"),), answers, deleted=deleted, place=_dataset(record))]

    def event(self, body: bytes) -> str | None:
        """A digest of kind, subject and moment: each attempt to deliver has an id of its own.

        None without a moment: two events of one kind about one record would be taken for one.
        """
        payload = json.loads(body)
        data, moment = payload.get("data"), payload.get("timestamp")
        if not (isinstance(moment, str) and moment and isinstance(data, dict)):
            return None
        parts = json.dumps([payload.get("type"), data.get("id"), moment])
        return hashlib.blake2b(parts.encode(), digest_size=16).hexdigest()


def _signatures(message_id: str, stamp: datetime, body: bytes, secrets: Sequence[str]) -> list[bytes]:
    """What a delivery must be signed with: one signature for each secret that can be read."""
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        raise Unauthorised("the delivery is not text, so it is not signed") from error
    result = []
    for secret in secrets:
        try:
            result.append(Webhook(secret).sign(message_id, stamp, text).encode())
        except (EmptyWebhookSecretError, ValueError):  # no secret of this kind, or an id that is not text
            continue
    return result


def _id(thing: Any, what: str) -> str:
    given = thing.get("id") if isinstance(thing, dict) else None
    if not isinstance(given, str):
        _refuse(what)
    try:
        return str(UUID(given))
    except ValueError:
        _refuse(what)


def _dataset(record: Any) -> str | None:
    """Webhooks are the server's: this tells the events of other datasets, which are none of ours."""
    return _id(record["dataset"], "dataset") if record.get("dataset") is not None else None


def _refuse(what: str) -> NoReturn:
    raise BadPayload(f"the delivery names a {what} without an id")
