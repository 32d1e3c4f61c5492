"""The toy, as the registry knows it. It borrows the server of the platform in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connector.platforms.face import (
    DeskConfig,
    Platform,
    PlatformConfig,
    PlatformMarks,
    PlatformWords,
    SettingRules,
)
from connector.platforms.memory import MemoryDesk, MemorySource, MemoryWebhooks, server
from connector.ports import (
    AccountFound,
    Codecs,
    HookFound,
    ProjectFound,
    ReviewDesk,
    ServerFound,
    Source,
    Survey,
)


class ToySurvey:
    """Implements Survey."""

    def __init__(self, url: str) -> None:
        self._server = server(url)

    def server(self) -> ServerFound:
        return ServerFound("7.1", None)

    def account(self) -> AccountFound:
        return AccountFound("service", "Secondlook", "key", None)

    def require_rights(self, remote_id: str) -> None:
        """Everybody may."""

    def projects(self) -> Sequence[ProjectFound]:
        boards = self._server.boards.values()
        return [ProjectFound(board.id, board.title, len(board.held)) for board in boards]

    def label_controls(self, remote_id: str) -> Mapping[str, str]:
        schema = self._server.board(remote_id).schema
        return {} if schema is None else {schema.control: schema.kind}

    def hooks(self, remote_id: str) -> Sequence[HookFound]:
        return []


def _source(config: PlatformConfig) -> Source:
    return MemorySource(
        server(config.url), config.project_id, codecs=config.codecs, label_control=config.label_control
    )


def _desk(config: DeskConfig) -> ReviewDesk:
    return MemoryDesk(server(config.url), codecs=config.codecs)


def _survey(url: str, token: str, section: str, codecs: Codecs) -> Survey:
    return ToySurvey(url)


def _toy_id(text: str) -> str:
    if not text.startswith("box-"):
        msg = "is no box of the toy, such as box-1"
        raise ValueError(msg)
    return text.removeprefix("box-")


PLATFORM = Platform(
    source=_source,
    desk=_desk,
    dialect=MemoryWebhooks,
    survey=_survey,
    words=PlatformWords("Toy", "http://localhost:1", "no label", "add a label", "Add items."),
    marks=PlatformMarks("/toy", "toy", r"/boxes/(\d+)", "/boxes/{project}/{item}"),
    rules=SettingRules(_toy_id, one_server=True),
)
