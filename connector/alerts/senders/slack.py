"""An incoming webhook of Slack or Mattermost: one text, in which nothing from outside is markup."""

from __future__ import annotations

import json

from connector.alerts.senders.posting import post
from connector.config.alerts import ChannelSettings
from connector.model.alerts import AlertMessage
from connector.wording.alerts import message_lines, message_title

ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}  # the three that Slack asks for
MARKUP = "*_~`|@#[]"  # of Slack and Mattermost; followed by nothing visible they mean themselves
INVISIBLE = "\u2060"


def send(channel: ChannelSettings, address: str, message: AlertMessage, url: str) -> None:
    """Send it; errors as those of `post`. The id travels too: Slack ignores it, a proxy can tell repeats."""
    body = json.dumps({"text": text(message, url)}).encode()
    headers = {"Webhook-Id": message.id}
    post(address, body, headers, private=channel.private, seconds=channel.timeout_seconds)


def text(message: AlertMessage, url: str) -> str:
    lines = [f"• {escaped(sentence)} <{link}|more>" for sentence, link in message_lines(message, url)]
    return "\n".join([f"*{escaped(message_title(message))}*", *lines])


def escaped(sentence: str) -> str:
    """The sentence as it reads, whatever is in it: no link, no mention, no bold."""
    safe = "".join(ENTITIES.get(letter, letter) for letter in sentence)
    return "".join(f"{letter}{INVISIBLE}" if letter in MARKUP else letter for letter in safe)
