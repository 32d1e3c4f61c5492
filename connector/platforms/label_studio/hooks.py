"""Our webhook at a Label Studio project: there, active, with the right secret, and only once."""

from __future__ import annotations

from typing import Any

from connector.errors import InvalidToken, Misconfigured, NotFound, Rejected
from connector.model import Role
from connector.platforms.label_studio.client import LabelStudioClient, whole
from connector.platforms.webhooks import SECRET_HEADER, same_receiver

ANNOTATION_ACTIONS = (
    "ANNOTATION_CREATED",
    "ANNOTATIONS_CREATED",
    "ANNOTATION_UPDATED",
    "ANNOTATIONS_DELETED",
)
ACTIONS = {
    Role.SOURCE: (*ANNOTATION_ACTIONS, "TASKS_CREATED", "TASKS_DELETED", "PROJECT_UPDATED"),
    Role.REVIEW: (*ANNOTATION_ACTIONS, "TASKS_DELETED"),
}

Hook = dict[str, Any]


def ensure(client: LabelStudioClient, role: Role, project_id: str, url: str, secret: str) -> bool:
    """Register, or repair what is wrong and remove what is there twice. True if something was done."""
    wanted: Hook = {
        "url": url,
        "send_payload": True,
        "send_for_all_actions": False,
        "is_active": True,
        "headers": {SECRET_HEADER: secret},
        "actions": sorted(ACTIONS[role]),
    }
    ours = _ours(client, project_id, url)
    # Keep the one that needs the least repair.
    ours.sort(key=lambda hook: (_differences(hook, wanted), hook["id"]))
    for surplus in ours[1:]:
        _delete(client, surplus)
    if not ours:
        _write(client, "POST", "/api/webhooks/", {"project": whole(project_id), **wanted})
        return True
    if _differences(ours[0], wanted):
        _write(client, "PATCH", f"/api/webhooks/{ours[0]['id']}/", wanted)
        return True
    return len(ours) > 1


def _ours(client: LabelStudioClient, project_id: str, url: str) -> list[Hook]:
    hooks = client.all_pages("/api/webhooks/", {"project": whole(project_id)})
    return [
        hook
        for hook in hooks
        if "id" in hook
        and hook.get("project") == whole(project_id)
        and (hook.get("url") == url or _of_older_secret(hook, url))
    ]


def _of_older_secret(hook: Hook, url: str) -> bool:
    """Whether a hook calls us under an older secret path: same address up to the last part, our header."""
    headers = hook.get("headers")
    ours = isinstance(headers, dict) and SECRET_HEADER in headers
    return ours and same_receiver(str(hook.get("url")), url)


def _differences(hook: Hook, wanted: Hook) -> int:
    now = {**hook, "actions": sorted(hook.get("actions") or ())}
    return sum(now.get(key) != value for key, value in wanted.items())


def _delete(client: LabelStudioClient, hook: Hook) -> None:
    try:
        client.api.write("DELETE", f"/api/webhooks/{hook['id']}/")
    except NotFound:
        return


def _write(client: LabelStudioClient, method: str, path: str, body: Hook) -> None:
    try:
        client.api.write(method, path, body)
    except InvalidToken:
        raise
    except (Misconfigured, Rejected) as error:
        raise Misconfigured(
            f"Label Studio refuses to call this address ({error})",
            field="server.public_url",
            remedy="Use an address with a dotted host name that it may reach, or start it with"
            " SSRF_PROTECTION_ENABLED=false when both run on one private network.",
        ) from error
