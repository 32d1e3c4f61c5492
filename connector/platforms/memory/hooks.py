"""Webhooks registered at the in-memory platform."""

from __future__ import annotations

from connector.platforms.memory.server import Hook, MemoryServer


def ensure(server: MemoryServer, project_id: str, url: str, secret: str) -> bool:
    """One active hook with this address and secret; True if something was done."""
    board = server.board(project_id)
    wanted = Hook(url, secret)
    ours = [hook for hook in board.hooks if hook.url == url]
    if ours == [wanted]:
        return False
    board.hooks = [hook for hook in board.hooks if hook.url != url] + [wanted]
    return True
