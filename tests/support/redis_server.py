"""A real Redis on a port of its own, the one that the demo starts for its Argilla."""

from __future__ import annotations

from workers.demo.redis_server import RedisServer

__all__ = ["RedisServer"]
