"""Argilla, as the registry knows it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING
from uuid import UUID

from connector.model import WriteMode
from connector.platforms.face import (
    DeskConfig,
    Platform,
    PlatformConfig,
    PlatformMarks,
    PlatformWords,
    SettingRules,
)
from connector.ports import Codecs, ReviewDesk, Source, Survey, WebhookDialect

if TYPE_CHECKING:
    from connector.platforms.argilla.client import ArgillaClient


def _source(config: PlatformConfig) -> Source:
    from connector.platforms.argilla.mapping import VECTORS
    from connector.platforms.argilla.source import ArgillaSource

    return ArgillaSource(
        _client(config.url.rstrip("/"), config.token),
        config.project_id,
        codecs=config.codecs,
        label_control=config.label_control,
        vectors=[name.removeprefix(VECTORS) for name in config.data_fields if name.startswith(VECTORS)],
    )


def _desk(config: DeskConfig) -> ReviewDesk:
    from connector.platforms.argilla.desk import ArgillaDesk

    client = _client(config.url.rstrip("/"), config.token, config.section)
    return ArgillaDesk(client, config.beside, codecs=config.codecs, workspace=config.workspace)


def _dialect() -> WebhookDialect:
    from connector.platforms.argilla.webhook import ArgillaWebhooks

    return ArgillaWebhooks()


def _survey(url: str, token: str, section: str, codecs: Codecs) -> Survey:
    from connector.platforms.argilla.survey import ArgillaSurvey

    return ArgillaSurvey(_client(url.rstrip("/"), token, section), codecs)


@lru_cache(maxsize=64)
def _client(url: str, token: str, section: str = "") -> ArgillaClient:
    from connector.platforms.argilla.client import ArgillaClient

    return ArgillaClient(url, token, section=section)


def _dataset_id(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        msg = "is no dataset id of Argilla, such as 5b3f0c1e-8d2a-4f6b-9c7d-0e1f2a3b4c5d"
        raise ValueError(msg) from None


PLATFORM = Platform(
    source=_source,
    desk=_desk,
    dialect=_dialect,
    survey=_survey,
    words=PlatformWords(
        "Argilla",
        "http://localhost:6900",
        "no question that can be judged, such as one of type label_selection",
        "make a dataset with such a question",
        "Add records, and answer some.",
        writeback=(
            "ground_truth: a response of the service user. Exports hold it beside the others' responses.",
            "update: a note in the record's metadata; responses stay as they are.",
            "prediction: the suggestion; dry_run: nothing.",
        ),
    ),
    marks=PlatformMarks(
        "/api/v1/version",
        "version",
        r"/dataset/([0-9a-fA-F-]{36})(?:/.*)?",
        "/dataset/{project}/annotation-mode",  # its pages have no address for one record
    ),
    rules=SettingRules(_dataset_id, workspaces=True, write_modes=frozenset(WriteMode) - {WriteMode.REPLACE}),
)
