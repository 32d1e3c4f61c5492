"""The only module that names concrete platforms. Building one imports no more than it needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from connector.errors import Misconfigured
from connector.ports import Codecs, ModelBackend, ReviewDesk, Source, Survey, WebhookDialect

if TYPE_CHECKING:
    from connector.platforms.argilla.client import ArgillaClient
    from connector.platforms.label_studio.client import LabelStudioClient

KINDS = ("label_studio", "argilla", "memory")


@dataclass(frozen=True, slots=True)
class PlatformConfig:
    """Where one project lives, and how we get in."""

    kind: str
    url: str
    project_id: str
    token: str = field(default="", repr=False)
    label_control: str | None = None
    data_fields: tuple[str, ...] = ()  # that are to be read, where a platform gives some only when asked
    codecs: Codecs = field(default_factory=dict, repr=False)  # of the label types; none where nothing is read


@dataclass(frozen=True, slots=True)
class DeskConfig:
    """Where one project's reviewers answer, and how we get in."""

    kind: str
    url: str
    token: str = field(default="", repr=False)
    workspace: str | None = None  # of an Argilla; else that of the dataset `beside`
    beside: str | None = None  # the source project, where it is on the same server
    section: str = ""  # of the settings that url and token come from, where it is not the source's
    codecs: Codecs = field(default_factory=dict, repr=False)


def source(config: PlatformConfig) -> Source:
    """The project whose labels are judged. Nothing connects until it is used."""
    if _kind(config.kind) == "memory":
        from connector.platforms import memory

        return memory.MemorySource(
            memory.server(config.url),
            config.project_id,
            codecs=config.codecs,
            label_control=config.label_control,
        )
    if config.kind == "argilla":
        from connector.platforms.argilla.mapping import VECTORS
        from connector.platforms.argilla.source import ArgillaSource

        return ArgillaSource(
            _argilla(config.url.rstrip("/"), config.token),
            config.project_id,
            codecs=config.codecs,
            label_control=config.label_control,
            vectors=[name.removeprefix(VECTORS) for name in config.data_fields if name.startswith(VECTORS)],
        )
    from connector.platforms.label_studio.source import LabelStudioSource

    client = _label_studio(config.url.rstrip("/"), config.token)
    return LabelStudioSource(
        client, config.project_id, codecs=config.codecs, label_control=config.label_control
    )


def desk(config: DeskConfig) -> ReviewDesk:
    """Where the project's reviewers answer: on the source's platform or on another one."""
    if _kind(config.kind) == "memory":
        from connector.platforms import memory

        return memory.MemoryDesk(memory.server(config.url), codecs=config.codecs)
    if config.kind == "argilla":
        from connector.platforms.argilla.desk import ArgillaDesk

        client = _argilla(config.url.rstrip("/"), config.token, config.section)
        return ArgillaDesk(client, config.beside, codecs=config.codecs, workspace=config.workspace)
    from connector.platforms.label_studio.desk import LabelStudioDesk

    server = _label_studio(config.url.rstrip("/"), config.token, config.section)
    return LabelStudioDesk(server, codecs=config.codecs)


def dialect(kind: str) -> WebhookDialect:
    """How a platform's webhooks are checked and read."""
    if _kind(kind) == "memory":
        from connector.platforms.memory import MemoryWebhooks

        return MemoryWebhooks()
    if kind == "argilla":
        from connector.platforms.argilla.webhook import ArgillaWebhooks

        return ArgillaWebhooks()
    from connector.platforms.label_studio.webhook import LabelStudioWebhooks

    return LabelStudioWebhooks()


def survey(kind: str, url: str, token: str, section: str = "", *, codecs: Codecs) -> Survey:
    """Looking around on a platform, before a project is configured."""
    if _kind(kind) == "memory":
        raise Misconfigured("memory has nothing to look around on", field="platform", remedy="Use a server.")
    if kind == "argilla":
        from connector.platforms.argilla.survey import ArgillaSurvey

        return ArgillaSurvey(_argilla(url.rstrip("/"), token, section), codecs)
    from connector.platforms.label_studio.survey import LabelStudioSurvey

    return LabelStudioSurvey(_label_studio(url.rstrip("/"), token, section), token, codecs)


def model_backend(url: str, codecs: Codecs) -> ModelBackend:
    """A model server that speaks Label Studio's ML backend protocol."""
    from connector.platforms.label_studio.backend import backend

    return backend(url, codecs)


@lru_cache(maxsize=64)
def _label_studio(url: str, token: str, section: str = "") -> LabelStudioClient:
    # Shared, so that a short-lived access token and the connections serve source and desk.
    from connector.platforms.label_studio.client import LabelStudioClient

    return LabelStudioClient(url, token, section=section)


@lru_cache(maxsize=64)
def _argilla(url: str, token: str, section: str = "") -> ArgillaClient:
    from connector.platforms.argilla.client import ArgillaClient

    return ArgillaClient(url, token, section=section)


def _kind(kind: str) -> str:
    if kind not in KINDS:
        raise Misconfigured(
            f"{kind!r} is not a platform", field="platform", remedy=f"Use one of {', '.join(KINDS)}."
        )
    return kind
