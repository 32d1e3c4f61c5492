"""A message goes the way of its channel; secrets are read for that alone."""

from __future__ import annotations

from datetime import datetime

from connector.alerts.senders import mail, slack, webhook
from connector.config.alerts import ChannelKind, ChannelSettings
from connector.config.types import SecretRef
from connector.model.alerts import AlertMessage


def dispatch(channel: ChannelSettings, message: AlertMessage, url: str, now: datetime) -> str | None:
    """Send it once; a remark where not all of it went well.

    `url` is the address of our pages.

    Raises
    ------
    SecondlookError
        It was not sent, or nobody knows; no secret is in what the error says.
    """
    section = f"alerts.channels.{message.channel}"
    if channel.kind is ChannelKind.MAIL:
        password = None if channel.password is None else _read(channel.password, f"{section}.password")
        return mail.send(channel, password, message, url)
    address = _read(channel.address, f"{section}.address")
    if channel.kind is ChannelKind.SLACK:
        slack.send(channel, address, message, url)
    else:
        webhook.send(channel, address, _read(channel.secret, f"{section}.secret"), message, url, now)
    return None


def _read(ref: SecretRef | None, field: str) -> str:
    if ref is None:  # the settings refuse a channel without what its kind needs
        raise LookupError(field)
    return ref.read(field).get_secret_value()
