"""One frozen settings object: what can be set, what it means, and what is impossible.

`connector.config.file.load` builds it from secondlook.toml and the environment.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from enum import StrEnum
from itertools import combinations
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self
from urllib.parse import urlsplit

from pydantic import Field, field_serializer, field_validator, model_validator

from connector.config.alerts import AlertSettings
from connector.config.entrance import SignInSettings
from connector.config.project import (
    Backend,
    PolicySettings,
    PredictionSettings,
    ProjectSettings,
    ReviewSettings,
    SyncSettings,
    WriteBackSettings,
)
from connector.config.types import Frozen, HttpUrl, LaxPath, Names, Seconds, SecretRef, refuse_password
from connector.errors import Misconfigured, UnknownProject

__all__ = [
    "MEMORY_BROKER",
    "PROJECT_NAME",
    "Backend",
    "BrokerSettings",
    "DashboardSettings",
    "DatabaseSettings",
    "LogFormat",
    "LogLevel",
    "LogSettings",
    "PolicySettings",
    "PredictionSettings",
    "ProjectSettings",
    "ReviewSettings",
    "SecretRef",
    "ServerSettings",
    "Settings",
    "SyncSettings",
    "WorkerSettings",
    "WriteBackSettings",
]

MEMORY_BROKER = "memory://"
PROJECT_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


class ServerSettings(Frozen):
    host: str = Field(default="127.0.0.1", description="Address that the web process listens on.")
    port: int = Field(default=8400, ge=1, le=65535, description="Port that the web process listens on.")
    public_url: HttpUrl | None = Field(
        default=None,
        description="Address under which the platform reaches the web process; webhooks need it. "
        "Default: http://HOST:PORT.",
    )
    api_token: SecretRef | None = Field(
        default=None,
        description="Token that reads the API as an operator does. Default: one is made and kept in "
        "`data_dir`/api-token.",
    )
    secret_key: SecretRef | None = Field(
        default=None,
        description="Key that the webhooks' secrets are derived from; set the same one on every host when "
        "there are several. Default: one is made and kept in `data_dir`/secret-key.",
    )
    metrics_bind: str | None = Field(
        default=None,
        description="HOST:PORT at which /metrics is read without a token, besides: for a network that only "
        "Prometheus reaches.",
    )
    trusted_proxies: Names = Field(
        default=("127.0.0.1", "::1"),
        description="Addresses and networks (`10.0.0.0/8`) of proxies that are believed: what they say of "
        "the browser's address and scheme, and, with `sign_in.user_header`, who the person is.",
    )
    max_body_bytes: int = Field(
        default=10_000_000, ge=1_000, description="Larger deliveries are answered with 413 (bytes)."
    )

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, proxies: tuple[str, ...]) -> tuple[str, ...]:
        for proxy in proxies:
            ipaddress.ip_network(proxy)  # its ValueError says what is wrong
        return proxies

    @field_validator("metrics_bind")
    @classmethod
    def _place(cls, value: str | None) -> str | None:
        if value is not None:
            parts = urlsplit(f"//{value}")
            if not parts.hostname or not parts.port or parts.netloc != value or "@" in value:
                msg = f"{value!r} is no HOST:PORT as 127.0.0.1:9400"
                raise ValueError(msg)
        return value

    @property
    def metrics_place(self) -> tuple[str, int] | None:
        """Host and port of `metrics_bind`."""
        parts = urlsplit(f"//{self.metrics_bind or ''}")
        return (parts.hostname, parts.port) if parts.hostname and parts.port else None

    @property
    def url(self) -> str:
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")


class DashboardSettings(Frozen):
    media_hosts: tuple[str, ...] = Field(
        default=(),
        strict=False,
        description="Hosts besides the platform from which pictures of items are fetched, for the pages "
        "and for crops in review tasks: names "
        "(`images.example.org`, `minio:9000`), and networks of private addresses that they may have "
        "(`10.0.0.0/8`).",
    )

    @field_validator("media_hosts")
    @classmethod
    def _hosts_alone(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        for host in hosts:
            network = "/" in host
            if network:
                ipaddress.ip_network(host)  # its ValueError says what is wrong
            elif host != urlsplit(f"//{host}").netloc.lower() or not urlsplit(f"//{host}").hostname:
                msg = f"{host!r} is no host: a name, or name:port, in small letters and without http://"
                raise ValueError(msg)
        return hosts


class DatabaseSettings(Frozen):
    url: str | None = Field(
        default=None,
        description="SQLAlchemy URL without a password. Default: SQLite in `data_dir`. Use "
        "postgresql+psycopg://USER@HOST/NAME when there is more than one worker host.",
    )
    password: SecretRef | None = Field(default=None, description="Password for `url`, by reference.")
    pooler: bool = Field(
        default=False,
        description="Whether `url` is that of a pooler such as PgBouncer in transaction mode.",
    )

    @field_validator("url")
    @classmethod
    def _known_dialect(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in {"sqlite", "postgresql+psycopg"}:
            msg = "use sqlite:///FILE or postgresql+psycopg://USER@HOST/NAME"
            raise ValueError(msg)
        if parts.scheme == "sqlite" and len(parts.path) < 2:
            msg = "name a file: sqlite:///FILE; a database in memory would be lost with the process"
            raise ValueError(msg)
        refuse_password(value, "database.password")
        return value

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.password is not None and not (self.url or "").startswith("postgresql"):
            msg = "password is for a postgresql+psycopg:// url; SQLite has none"
            raise ValueError(msg)
        if self.pooler and not (self.url or "").startswith("postgresql"):
            msg = "pooler is for a postgresql+psycopg:// url; SQLite has none"
            raise ValueError(msg)
        return self


class BrokerSettings(Frozen):
    url: str = Field(
        default=MEMORY_BROKER,
        description="Celery broker without a password: redis://, rediss://, amqp:// or amqps://. "
        "memory:// serves `secondlook up` alone.",
    )
    password: SecretRef | None = Field(default=None, description="Password for `url`, by reference.")

    @field_validator("url")
    @classmethod
    def _known_transport(cls, value: str) -> str:
        if urlsplit(value).scheme not in {"memory", "redis", "rediss", "amqp", "amqps"}:
            msg = "use memory://, redis://HOST:PORT/N or amqp://USER@HOST/VHOST"
            raise ValueError(msg)
        refuse_password(value, "broker.password")
        return value

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.password is not None and self.url.startswith("memory:"):
            msg = "password is for a broker on a network; memory:// has none"
            raise ValueError(msg)
        return self


class WorkerSettings(Frozen):
    concurrency: int = Field(default=2, ge=1, le=64, description="Jobs at once in `secondlook up`.")
    lease_seconds: Seconds = Field(
        default=60.0,
        description="A job whose worker shows no life for so long is given to another (seconds).",
    )
    max_attempts: int = Field(default=8, ge=1, description="After so many tries a job is given up as dead.")
    retry_base_seconds: Seconds = Field(default=2.0, description="Wait before the first retry (seconds).")
    retry_max_seconds: Seconds = Field(default=600.0, description="Longest wait between retries (seconds).")
    tick_seconds: Seconds = Field(default=5.0, description="How often due work is looked for (seconds).")
    resend_seconds: Seconds = Field(
        default=30.0, description="A due job that nobody took is announced again after this (seconds)."
    )
    silence_seconds: Seconds = Field(
        default=300.0,
        description="An idle worker that hears nothing for so long, while messages wait at the broker, ends "
        "to be started again (seconds).",
    )

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.retry_max_seconds < self.retry_base_seconds:
            msg = f"retry_max_seconds = {self.retry_max_seconds:g} is less than retry_base_seconds"
            raise ValueError(msg)
        return self


class LogFormat(StrEnum):
    AUTO = "auto"
    CONSOLE = "console"
    JSON = "json"


class LogLevel(StrEnum):
    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogSettings(Frozen):
    format: LogFormat = Field(
        default=LogFormat.AUTO,
        strict=False,
        description="console (for people), json (one object a line), or auto: console on a terminal.",
    )
    level: LogLevel = Field(
        default=LogLevel.INFO, strict=False, description="Least serious level that is written."
    )


class Settings(Frozen):
    """Everything that can be set; no secret is inside, only where each one is found."""

    data_dir: LaxPath = Field(default=Path(".secondlook"), description="Folder for the database and secrets.")
    server: ServerSettings = ServerSettings()
    dashboard: DashboardSettings = DashboardSettings()
    sign_in: SignInSettings = SignInSettings()
    database: DatabaseSettings = DatabaseSettings()
    broker: BrokerSettings = BrokerSettings()
    worker: WorkerSettings = WorkerSettings()
    log: LogSettings = LogSettings()
    alerts: AlertSettings = AlertSettings()
    projects: Mapping[str, ProjectSettings] = Field(default={}, description="Projects by name.")

    @field_validator("projects")
    @classmethod
    def _distinct(cls, projects: Mapping[str, ProjectSettings]) -> Mapping[str, ProjectSettings]:
        for name in projects:
            if not PROJECT_NAME.fullmatch(name):
                msg = (
                    f"{name!r} is no project name: up to 40 of a-z, 0-9, _ and -, "
                    "beginning with a letter or digit"
                )
                raise ValueError(msg)
        for (first, one), (second, other) in combinations(projects.items(), 2):
            problem = _clash(one, other) if one.identity == other.identity else None
            if problem is not None:
                msg = (
                    f"{first!r} and {second!r} point to the same project {one.project} of {one.url}{problem}"
                )
                raise ValueError(msg)
        return MappingProxyType(dict(projects))

    @field_serializer("projects")
    def _plain(self, projects: Mapping[str, ProjectSettings]) -> dict[str, Any]:
        return {name: project.model_dump() for name, project in projects.items()}

    def judged_beside(self, name: str) -> frozenset[str]:
        """The controls of a section's project that other sections judge."""
        here = self.project(name)
        return frozenset(
            one.label_control
            for other, one in self.projects.items()
            if other != name and one.identity == here.identity and one.label_control is not None
        )

    def project(self, name: str) -> ProjectSettings:
        """The project of that name; UnknownProject, saying which there are, when there is none."""
        if not self.projects:
            raise Misconfigured(
                "no project is configured", field="projects", remedy="Add one: `secondlook init`."
            )
        if name not in self.projects:
            raise UnknownProject(
                f"there is no project {name!r}",
                field="projects",
                remedy=f"Projects in the configuration: {', '.join(sorted(self.projects))}.",
            )
        return self.projects[name]


def _clash(one: ProjectSettings, other: ProjectSettings) -> str | None:
    """What keeps two sections from judging one project, each a control of its own."""
    if one.label_control is None or other.label_control is None:
        return ": name the control that each judges in its label_control"
    if one.label_control == other.label_control:
        return f" and control {one.label_control!r}"
    named = all("mode" in each.writeback.model_fields_set for each in (one, other))
    if not named or one.writeback.mode is not other.writeback.mode:  # what is usual depends on the label type
        return ": name the same writeback.mode in both, so that one correction does not hide the other"
    if one.writeback.guidelines and other.writeback.guidelines:
        return ", whose instructions hold the notes of one: set writeback.guidelines = false in all but one"
    return None
