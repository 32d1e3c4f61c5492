"""A platform in memory: product code for tests and trials, held to the same contract as the real ones."""

from connector.platforms.memory.desk import MemoryDesk
from connector.platforms.memory.server import MemoryServer, server
from connector.platforms.memory.source import MemorySource
from connector.platforms.memory.webhook import MemoryWebhooks

__all__ = ["MemoryDesk", "MemoryServer", "MemorySource", "MemoryWebhooks", "server"]
