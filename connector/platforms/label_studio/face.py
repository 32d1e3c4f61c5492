"""Label Studio, as the registry knows it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

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
    from connector.platforms.label_studio.client import LabelStudioClient


def _source(config: PlatformConfig) -> Source:
    from connector.platforms.label_studio.source import LabelStudioSource

    client = _client(config.url.rstrip("/"), config.token)
    return LabelStudioSource(
        client, config.project_id, codecs=config.codecs, label_control=config.label_control
    )


def _desk(config: DeskConfig) -> ReviewDesk:
    from connector.platforms.label_studio.desk import LabelStudioDesk

    client = _client(config.url.rstrip("/"), config.token, config.section)
    return LabelStudioDesk(client, codecs=config.codecs)


def _dialect() -> WebhookDialect:
    from connector.platforms.label_studio.webhook import LabelStudioWebhooks

    return LabelStudioWebhooks()


def _survey(url: str, token: str, section: str, codecs: Codecs) -> Survey:
    from connector.platforms.label_studio.survey import LabelStudioSurvey

    return LabelStudioSurvey(_client(url.rstrip("/"), token, section), token, codecs)


@lru_cache(maxsize=64)
def _client(url: str, token: str, section: str = "") -> LabelStudioClient:
    # Shared, so that a short-lived access token and the connections serve source and desk.
    from connector.platforms.label_studio.client import LabelStudioClient

    return LabelStudioClient(url, token, section=section)


_WRITEBACK = (
    "ground_truth: a new annotation beside the original. For JSON exports, where code takes the one",
    "  with ground_truth; CSV, COCO and CoNLL exports then hold both, YOLO and VOC the old one alone.",
    "update: the label in the original annotation. Every export holds the corrected label alone.",
    "replace: as ground_truth, and the original is cancelled. All exports but raw JSON hold the new one",
    "  alone.",
    "prediction or dry_run: no annotation is touched.",
)


def _project_number(text: str) -> str:
    if not (text.isascii() and text.isdecimal() and int(text) >= 1):
        msg = "is no project number of Label Studio: a whole number from 1 on"
        raise ValueError(msg)
    return str(int(text))


PLATFORM = Platform(
    source=_source,
    desk=_desk,
    dialect=_dialect,
    survey=_survey,
    words=PlatformWords(
        "Label Studio",
        "http://localhost:8080",
        "no control that can be judged, such as a single-choice Choices with two or more classes",
        "add such a control to its labelling interface",
        "Import tasks, and label some.",
        "Label Studio calls private addresses only with SSRF_PROTECTION_ENABLED=false; "
        "else set server.public_url to a public address. Polling closes the gap meanwhile.",
        _WRITEBACK,
    ),
    marks=PlatformMarks(
        "/api/version", "release", r"/projects/(\d+)(?:/.*)?", "/projects/{project}/data?task={item}"
    ),
    # The users of two servers carry the same small numbers, and would be taken for one another.
    rules=SettingRules(_project_number, one_server=True),
)
