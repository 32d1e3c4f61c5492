"""The in-memory platform, as the registry knows it."""

from __future__ import annotations

from connector.platforms.face import DeskConfig, Platform, PlatformConfig
from connector.platforms.memory.desk import MemoryDesk
from connector.platforms.memory.server import server
from connector.platforms.memory.source import MemorySource
from connector.platforms.memory.webhook import MemoryWebhooks
from connector.ports import ReviewDesk, Source


def _source(config: PlatformConfig) -> Source:
    return MemorySource(
        server(config.url), config.project_id, codecs=config.codecs, label_control=config.label_control
    )


def _desk(config: DeskConfig) -> ReviewDesk:
    return MemoryDesk(server(config.url), codecs=config.codecs)


PLATFORM = Platform(source=_source, desk=_desk, dialect=MemoryWebhooks)
