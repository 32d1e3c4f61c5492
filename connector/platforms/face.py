"""What a platform shows: its folder has a `face.py` with a `PLATFORM`, and the registry its line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from connector.model import WriteMode
from connector.ports import Codecs, ReviewDesk, Source, Survey, WebhookDialect


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
    workspace: str | None = None  # where a platform has such; else that of the project `beside`
    beside: str | None = None  # the source project, where it is on the same server
    section: str = ""  # of the settings that url and token come from, where it is not the source's
    codecs: Codecs = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class PlatformWords:
    """How a platform and its things are called in questions."""

    name: str
    address: str
    no_control: str
    add_control: str
    add_items: str
    private_hooks: str = ""  # what to do where it does not call private addresses; empty where it does
    writeback: tuple[str, ...] = ()  # lines: what each mode of writing means for who exports the labels


def _any_id(text: str) -> str:
    return text


@dataclass(frozen=True, slots=True)
class SettingRules:
    """What the settings of a project on this platform must be."""

    project_id: Callable[[str], str] = _any_id  # as it is stored; ValueError, saying why, for what is none
    workspaces: bool = False  # reviews that lie elsewhere need the name of a workspace
    write_modes: frozenset[WriteMode] = frozenset(WriteMode)
    one_server: bool = False  # reviews of one server are not answered on another of this kind


@dataclass(frozen=True, slots=True)
class PlatformMarks:
    """What tells a platform's server and its links from others', without a token."""

    version_path: str  # answers anybody, with a JSON object that holds
    version_key: str
    project_link: str  # regular expression of a project's path on its pages; its group is the project's id
    item_page: str  # where an item is seen, under the address; with {project} and {item}


class SurveyMaker(Protocol):
    def __call__(self, url: str, token: str, section: str, codecs: Codecs) -> Survey: ...


@dataclass(frozen=True, slots=True)
class Platform:
    """How the parts of a platform are built. Each imports what it needs when it is called.

    `survey`, `words` and `marks` are None where there is nothing to look around on: it can not be configured.
    """

    source: Callable[[PlatformConfig], Source]
    desk: Callable[[DeskConfig], ReviewDesk]
    dialect: Callable[[], WebhookDialect]
    survey: SurveyMaker | None = None
    words: PlatformWords | None = None
    marks: PlatformMarks | None = None
    rules: SettingRules = SettingRules()
