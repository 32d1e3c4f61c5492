"""The peer of webhook intake: the same server set-up, and an endpoint that reads and does nothing."""

from __future__ import annotations

import sys

import uvicorn
from fastapi import FastAPI, Request, Response

from connector.web.app import listening


def app() -> FastAPI:
    """One route like ours."""
    bare = FastAPI(openapi_url=None)

    @bare.post("/hooks/{project}/{role}/{path_key}", status_code=202)
    async def receive(project: str, role: str, path_key: str, request: Request) -> Response:
        del project, role, path_key
        await request.body()
        return Response(status_code=202)

    return bare


if __name__ == "__main__":
    with listening("127.0.0.1", int(sys.argv[1])) as socket:
        config = uvicorn.Config(app(), log_config=None, server_header=False, ws="none")
        uvicorn.Server(config).run(sockets=[socket])
