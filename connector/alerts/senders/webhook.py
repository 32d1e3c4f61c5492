"""JSON for programs, signed as https://www.standardwebhooks.com describes."""

from __future__ import annotations

import json
from datetime import datetime

from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from connector.alerts.senders.posting import post
from connector.config.alerts import ChannelSettings
from connector.errors import Misconfigured
from connector.model.alerts import AlertMessage
from connector.wording.alerts import notice_line, notice_link


def send(
    channel: ChannelSettings, address: str, secret: str, message: AlertMessage, url: str, now: datetime
) -> None:
    """Send it; errors as those of `post`, and Misconfigured for a secret that signs nothing."""
    text = body(message, url)
    stamp = int(now.timestamp())
    headers = {
        "webhook-id": message.id,
        "webhook-timestamp": str(stamp),
        "webhook-signature": _signature(secret, message.id, now, text),
    }
    post(address, text.encode(), headers, private=channel.private, seconds=channel.timeout_seconds)


def body(message: AlertMessage, url: str) -> str:
    """The same at each try: type, moment, and the notices, each in words and with a link."""
    notices = [
        {**one.to_json(), "text": notice_line(one), "link": f"{url}{notice_link(one.name, one.project)}"}
        for one in message.notices
    ]
    content = {
        "type": message.topic,
        "timestamp": message.created_at.isoformat(),
        "data": {"project": message.project or None, "notices": notices},
    }
    return json.dumps(content, separators=(",", ":"), sort_keys=True)


def _signature(secret: str, message_id: str, now: datetime, text: str) -> str:
    try:
        return str(Webhook(secret).sign(message_id, now, text))
    except (EmptyWebhookSecretError, ValueError):
        raise Misconfigured(
            "this signs nothing",
            field="alerts.channels.NAME.secret",
            remedy="Use whsec_ and 24 to 64 random bytes in base64.",
        ) from None
