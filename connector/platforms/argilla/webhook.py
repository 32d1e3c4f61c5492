"""Argilla's webhooks: signed as https://www.standardwebhooks.com describes.

Checked here rather than by the package of that name: its verifier reads the machine's clock instead
of the one that it is given, knows one secret at a time, and raises errors of many kinds on hostile
input.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NoReturn
from uuid import UUID

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
        signed = f"{message_id}.{stamp}.".encode("utf-8", "surrogatepass") + body
        given = [_decoded(one[3:]) for one in signatures.split(" ")[:_MOST_SIGNATURES] if one[:3] == "v1,"]
        # All are compared, each in constant time, so that the time says nothing.
        matches = [
            hmac.compare_digest(hmac.digest(key, signed, hashlib.sha256), one)
            for key in map(_key, secrets)
            for one in given
            if key and one
        ]
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
        subject, _, happened = kind.partition(".")
        data = payload.get("data")
        if subject == "record":
            return [Hint(kind, item_ids=(_id(data, "record"),), deleted=happened == "deleted")]
        if subject == "response":
            record = data.get("record") if isinstance(data, dict) else None
            return [Hint(kind, item_ids=(_id(record, "record"),), annotation_ids=(_id(data, "response"),))]
        return []


def _key(secret: str) -> bytes:
    """A secret's bytes; none for what is no secret of this kind."""
    return _decoded(secret.removeprefix("whsec_"))


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _id(thing: Any, what: str) -> str:
    given = thing.get("id") if isinstance(thing, dict) else None
    if not isinstance(given, str):
        _refuse(what)
    try:
        return str(UUID(given))
    except ValueError:
        _refuse(what)


def _refuse(what: str) -> NoReturn:
    raise BadPayload(f"the delivery names a {what} without an id")
