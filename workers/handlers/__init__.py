"""One use case a file. A handler gets a context and enqueues what follows; none calls another."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from connector.jobs import JobKind
from workers.context import Context, Summary

Handler = Callable[[Context], Summary]


def handler_for(kind: JobKind) -> Handler:
    """The handler of a job kind; its module is loaded on first use, so a light job stays light."""
    handle: Handler = import_module(f"workers.handlers.{kind.value}").handle
    return handle
