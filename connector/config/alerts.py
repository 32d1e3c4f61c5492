"""Who is told of alerts and events, how, and when not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_serializer, field_validator, model_validator

from connector.config.types import Frozen, Names, Seconds, SecretRef
from connector.model.alerts import AlertRule, EventKind, Severity

CHANNEL_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
CLOCK_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
ADDRESS = re.compile(r"[^\s@<>,;\"\\]+@[^\s@<>,;\"\\]+")


class ChannelKind(StrEnum):
    MAIL = "mail"
    SLACK = "slack"
    WEBHOOK = "webhook"


class MailSecurity(StrEnum):
    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


class ChannelSettings(Frozen):
    kind: ChannelKind = Field(
        strict=False,
        description="mail (SMTP), slack (an incoming webhook of Slack or Mattermost), or webhook (JSON, "
        "signed as Standard Webhooks describes).",
    )
    address: SecretRef | None = Field(
        default=None,
        description="Address that slack and webhook send to, by reference: who knows it can write there.",
    )
    secret: SecretRef | None = Field(
        default=None, description="Secret (`whsec_…`) that a webhook is signed with, by reference."
    )
    private: bool = Field(
        default=False,
        description="Whether the receiver is on a private network; only then may its address be a private "
        "one, or http.",
    )
    to: Names = Field(default=(), description="Addresses that mail goes to.")
    sender: str | None = Field(default=None, description="Address that mail comes from.")
    host: str | None = Field(default=None, description="Server that takes mail (SMTP).")
    port: int = Field(default=587, ge=1, le=65535, description="Its port.")
    security: MailSecurity = Field(
        default=MailSecurity.STARTTLS, strict=False, description="How the way to it is secured."
    )
    user: str | None = Field(default=None, description="User to sign in to it as. Default: nobody signs in.")
    password: SecretRef | None = Field(default=None, description="The user's password, by reference.")
    projects: Names = Field(
        default=(), description="Projects that it is told of. Default: all, and the service itself."
    )
    least: Severity = Field(
        default=Severity.INFO, strict=False, description="Alerts that matter less are not told."
    )
    only: Names = Field(
        default=(), description="Names of the alerts and events that are told (docs/alerts.md). Default: all."
    )
    digest_minutes: float = Field(
        default=60.0,
        ge=0,
        description="At most one message a project in so much time (a webhook: and a kind); what happens "
        "meanwhile is told in the next. 0: each at once (minutes).",
    )
    timeout_seconds: Seconds = Field(
        default=10.0, le=60.0, description="A receiver that is silent for so long is tried again (seconds)."
    )

    @field_validator("only")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        known = [*AlertRule, *EventKind]
        for name in names:
            if name not in known:
                msg = f"{name!r} is no alert or event: {', '.join(known)}"
                raise ValueError(msg)
        return names

    @field_validator("to", "sender")
    @classmethod
    def _addresses(cls, value: tuple[str, ...] | str | None) -> tuple[str, ...] | str | None:
        for each in (value,) if isinstance(value, str) else value or ():
            if not ADDRESS.fullmatch(each):
                msg = f"{each!r} is no mail address"
                raise ValueError(msg)
        return value

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.kind is ChannelKind.MAIL:
            needed: dict[str, object] = {"host": self.host, "to": self.to, "sender": self.sender}
        else:
            needed = {"address": self.address}
        if self.kind is ChannelKind.WEBHOOK:
            needed["secret"] = self.secret
        missing = [name for name, value in needed.items() if not value]
        if missing:
            msg = f"a channel of the kind {self.kind.value} needs {', '.join(missing)}"
            raise ValueError(msg)
        if self.password is not None and self.security is MailSecurity.NONE and not self.private:
            msg = "a password would be sent in clear: set security, or private = true"
            raise ValueError(msg)
        return self


class AlertSettings(Frozen):
    enabled: bool = Field(default=True, description="Whether alerts are looked for at all.")
    every_seconds: Seconds = Field(default=60.0, description="How often alerts are looked for (seconds).")
    repeat_hours: Seconds = Field(
        default=24.0, description="What still fires is told again after this (hours)."
    )
    calm_minutes: float = Field(
        default=5.0, ge=0, description="An alert ends when its cause has been gone for so long (minutes)."
    )
    quiet_from: str | None = Field(
        default=None, description="From this time of day on only what is urgent is told, as 22:00."
    )
    quiet_to: str | None = Field(default=None, description="Until this time of day, as 07:00.")
    time_zone: str = Field(default="UTC", description="Time zone of both, as Europe/Berlin.")
    channels: Mapping[str, ChannelSettings] = Field(default={}, description="Who is told, by name.")

    @field_validator("quiet_from", "quiet_to")
    @classmethod
    def _time_of_day(cls, value: str | None) -> str | None:
        if value is not None and not CLOCK_TIME.fullmatch(value):
            msg = f"{value!r} is no time of day as 22:00"
            raise ValueError(msg)
        return value

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            msg = f"{value!r} is no time zone as Europe/Berlin"
            raise ValueError(msg) from None
        return value

    @field_validator("channels")
    @classmethod
    def _named(cls, channels: Mapping[str, ChannelSettings]) -> Mapping[str, ChannelSettings]:
        for name in channels:
            if not CHANNEL_NAME.fullmatch(name):
                msg = f"{name!r} is no name of a channel: up to 40 of a-z, 0-9, _ and -"
                raise ValueError(msg)
        return MappingProxyType(dict(channels))

    @field_serializer("channels")
    def _plain(self, channels: Mapping[str, ChannelSettings]) -> dict[str, Any]:
        return {name: channel.model_dump() for name, channel in channels.items()}

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.quiet_from is None) != (self.quiet_to is None) or (
            self.quiet_from is not None and self.quiet_from == self.quiet_to
        ):
            msg = "quiet hours need quiet_from and quiet_to, and two different times"
            raise ValueError(msg)
        return self

    @property
    def quiet(self) -> tuple[time, time] | None:
        """From when to when only what is urgent is told, in `time_zone`."""
        if self.quiet_from is None or self.quiet_to is None:
            return None
        return time.fromisoformat(self.quiet_from), time.fromisoformat(self.quiet_to)
