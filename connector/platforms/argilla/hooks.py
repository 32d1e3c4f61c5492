"""Our webhook at an Argilla server: there, active, and only once.

Webhooks are the server's, not a dataset's, and only an owner may see them. Argilla makes the secret
that it signs with. So our own secret does not travel; a digest of it in the description shows
whether the webhook was made under the present one, and a new one means a new webhook.
"""

from __future__ import annotations

import hashlib
import logging
from typing import Any

from connector.errors import NotFound
from connector.model import Role
from connector.platforms.argilla.client import ArgillaClient
from connector.platforms.webhooks import same_receiver

OWNER = "owner"
EVENTS = {
    # Not record.updated: it repeats each response event, and a changed setting of a dataset sets off one
    # for each response in it. Edits of records are polled for, as are changed settings (dataset.*).
    Role.SOURCE: (
        "record.created",
        "record.deleted",
        "response.created",
        "response.updated",
        "response.deleted",
    ),
    Role.REVIEW: ("record.deleted", "response.created", "response.updated", "response.deleted"),
}
_PATH = "/api/v1/webhooks"
_OURS = "secondlook"
_log = logging.getLogger(__name__)

Hook = dict[str, Any]


def ensure(client: ArgillaClient, role: Role, url: str, secret: str) -> bool:
    """Register, or repair what is wrong and remove what is there twice. True if something was done.

    Without an owner's key there are no webhooks: False, and polling brings everything, later.
    """
    if client.me()["role"] != OWNER:
        _log.info("webhooks of Argilla need an owner's key: changes are polled for instead")
        return False
    wanted: Hook = {"url": url, "events": sorted(EVENTS[role]), "description": _description(role, secret)}
    ours = _ours(client, url)
    fit = next((hook for hook in ours if _fits(hook, wanted)), None)
    for hook in ours:
        if hook is not fit:
            _delete(client, hook)
    if fit is None:
        client.api.write("POST", _PATH, wanted)
    return fit is None or len(ours) > 1


def secrets(client: ArgillaClient, url: str) -> list[str]:
    """The secrets of our webhooks, as the server tells its owner; none for anybody else."""
    if client.me()["role"] != OWNER:
        return []
    return [str(hook["secret"]) for hook in _ours(client, url) if hook.get("secret")]


def listed(client: ArgillaClient) -> list[Hook]:
    """All webhooks of the server; none for anybody but an owner."""
    return client.listed(_PATH) if client.me()["role"] == OWNER else []


def _description(role: Role, secret: str) -> str:
    return f"{_OURS} {role.value} {hashlib.sha256(secret.encode()).hexdigest()[:16]}"


def _fits(hook: Hook, wanted: Hook) -> bool:
    same = all(hook.get(key) == wanted[key] for key in ("url", "description"))
    return same and bool(hook.get("enabled")) and sorted(hook.get("events") or []) == wanted["events"]


def _ours(client: ArgillaClient, url: str) -> list[Hook]:
    """Those that call this address, or that we made for it under an older secret path."""
    return [
        hook
        for hook in listed(client)
        if hook.get("url") == url
        or (str(hook.get("description") or "").startswith(_OURS) and same_receiver(str(hook["url"]), url))
    ]


def _delete(client: ArgillaClient, hook: Hook) -> None:
    try:
        client.api.write("DELETE", f"{_PATH}/{hook['id']}")
    except NotFound:
        return
