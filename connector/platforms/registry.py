"""The only module that names concrete platforms. Building one imports no more than it needs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib import import_module
from urllib.parse import quote, urlsplit, urlunsplit

from connector.errors import Misconfigured, Rejected, SecondlookError
from connector.platforms.face import (
    DeskConfig,
    Platform,
    PlatformConfig,
    PlatformMarks,
    PlatformWords,
    SettingRules,
)
from connector.ports import Codecs, ModelBackend, ReviewDesk, Source, Survey, WebhookDialect

# Kind → its folder, where `face.py` holds its `PLATFORM`. The first is meant where none is named.
_FOLDERS: Mapping[str, str] = {
    "label_studio": "connector.platforms.label_studio",
    "argilla": "connector.platforms.argilla",
    "memory": "connector.platforms.memory",
}
KINDS = tuple(_FOLDERS)
DEFAULT = KINDS[0]


def servers() -> Sequence[str]:
    """The kinds that a project can be configured on."""
    return [kind for kind in _FOLDERS if _platform(kind).words is not None]


def rules(kind: str) -> SettingRules:
    """What the settings of a project on it must be."""
    return _platform(kind).rules


def source(config: PlatformConfig) -> Source:
    """The project whose labels are judged. Nothing connects until it is used."""
    return _platform(config.kind).source(config)


def desk(config: DeskConfig) -> ReviewDesk:
    """Where the project's reviewers answer: on the source's platform or on another one."""
    return _platform(config.kind).desk(config)


@cache  # asked for each delivery; it holds nothing
def dialect(kind: str) -> WebhookDialect:
    """How a platform's webhooks are checked and read."""
    return _platform(kind).dialect()


def survey(kind: str, url: str, token: str, section: str = "", *, codecs: Codecs) -> Survey:
    """Looking around on a platform, before a project is configured."""
    make = _platform(kind).survey
    if make is None:
        raise Misconfigured(f"{kind} has nothing to look around on", field="platform", remedy="Use a server.")
    return make(url, token, section, codecs)


def words(kind: str) -> PlatformWords:
    """How a platform is called in questions. Misconfigured, naming those there are, for what is no server."""
    called = _platform(kind).words if kind in _FOLDERS else None
    if called is None:
        raise Misconfigured(
            f"{kind!r} is not a platform", field="--platform", remedy=f"Use one of {', '.join(servers())}."
        )
    return called


def recognised(url: str) -> str | None:
    """The kind of platform that answers at an address, by what it says without a token; None for another.

    Retryable where nothing answers; Misconfigured where the answer says what is wrong with the address.
    """
    from connector.platforms.http import Anonymous, Api

    refusal: Misconfigured | None = None
    for kind, marks in _marks():
        api = Api(url, Anonymous())
        try:
            answer = api.get(marks.version_path)
        except Rejected:
            continue
        except Misconfigured as error:
            refusal = refusal or error
            continue
        finally:
            api.close()
        if isinstance(answer, dict) and marks.version_key in answer:
            return kind
    if refusal is not None:
        raise refusal
    return None


def answers(url: str) -> bool:
    """Whether a platform answers at an address."""
    try:
        return recognised(url) is not None
    except SecondlookError:
        return False


def project_link(link: str) -> tuple[str, str | None]:
    """Address of the platform and id of the project, from what the browser shows; None without a project.

    >>> project_link("https://labels.example.org/projects/12/data?tab=3")
    ('https://labels.example.org', '12')
    """
    try:
        parts = urlsplit(link.strip())
    except ValueError:  # no address, which the setting that it is meant for says
        return link.strip(), None
    for _, marks in _marks():
        place = re.search(f"{marks.project_link}$", parts.path)
        if place is not None:
            path = parts.path[: place.start()]
            return urlunsplit((parts.scheme, parts.netloc, path, "", "")), place.group(1)
    return link.strip(), None


def item_link(kind: str, url: str, project: str, item: str) -> str:
    """Where a person sees an item; empty where a platform has no pages."""
    marks = _platform(kind).marks
    if marks is None:
        return ""
    return url.rstrip("/") + marks.item_page.format(project=quote(project), item=quote(item))


def _marks() -> Iterator[tuple[str, PlatformMarks]]:
    for kind in _FOLDERS:
        marks = _platform(kind).marks
        if marks is not None:
            yield kind, marks


def model_backend(url: str, codecs: Mapping[str, Codecs]) -> ModelBackend:
    """A model server, whatever the platform of the project: it speaks Label Studio's ML backend protocol."""
    from connector.platforms.label_studio.backend import backend

    return backend(url, codecs.get("label_studio", {}))


def _platform(kind: str) -> Platform:
    if kind not in _FOLDERS:
        raise Misconfigured(
            f"{kind!r} is not a platform", field="platform", remedy=f"Use one of {', '.join(_FOLDERS)}."
        )
    platform: Platform = import_module(f"{_FOLDERS[kind]}.face").PLATFORM
    return platform
