"""Sockets that are taken before anything else is started; the metrics on one of their own."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import uvicorn
from fastapi import FastAPI, Response
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from connector.errors import Misconfigured
from connector.web.api.metrics import Scrapes
from connector.web.exposition import CONTENT_TYPE
from connector.wiring import Services

ENDS_SECONDS = 5.0
HTTP: Any = AutoHTTPProtocol  # of the installed parser
READ_BYTES = 16_384
MOST_CONNECTIONS = 500  # each may hold some of our memory before a line of ours has seen it


def listening(host: str, port: int, field: str = "server.port") -> socket.socket:
    """The socket to serve on; Misconfigured, naming the setting, where it cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except (OSError, OverflowError) as error:
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
        raise Misconfigured(
            f"{host}:{port} cannot be listened on ({reason})",
            field=field,
            remedy="Stop what uses it, or set another host and port.",
        ) from error


class SmallReads(HTTP):  # type: ignore[misc]  # chosen when it runs
    """Takes little from a connection at a time: all of them may have sent before anybody looks at one."""

    def connection_made(self, transport: Any) -> None:
        with suppress(AttributeError):  # of another loop than asyncio's, which has a size of its own
            transport.max_size = READ_BYTES
        super().connection_made(transport)


def server_of(app: FastAPI) -> uvicorn.Server:
    """What serves an application of ours, in whichever process."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,  # ours has a line for what is worth one; paths of webhooks hold their key
            server_header=False,
            ws="none",
            limit_concurrency=MOST_CONNECTIONS,
            http=SmallReads,
            proxy_headers=False,  # ours believes those that are named
        )
    )


@contextmanager
def metrics_apart(services: Services, app: FastAPI) -> Iterator[None]:
    """Serve `/metrics`, and nothing else, at `server.metrics_bind` meanwhile: who reaches it may read it."""
    where = services.settings.server.metrics_place
    if where is None:
        yield
        return
    with listening(*where, field="server.metrics_bind") as socket_:
        server = server_of(_metrics_alone(services, app.state.scrapes))
        thread = threading.Thread(target=server.run, args=([socket_],), name="metrics", daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.should_exit = True
            thread.join(ENDS_SECONDS)


def _metrics_alone(services: Services, scrapes: Scrapes) -> FastAPI:
    alone = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)

    @alone.get("/metrics")
    def metrics() -> Response:
        return Response(scrapes.text(services), media_type=CONTENT_TYPE)

    return alone
