"""The web process: receives webhooks, answers reads, computes nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI

from connector import wiring
from connector.api import health, hooks, v1
from connector.api.answers import SafeHeaders, add_error_answers
from connector.config_file import load
from connector.dashboard import page
from connector.settings import Settings
from connector.wiring import Services


def create_app(settings: Settings | None = None, services: Services | None = None) -> FastAPI:
    """The application over `services`, or over services of its own that it closes at its end.

    Without any argument the configuration is read: `uvicorn --factory connector.web:create_app`.
    """
    running = services or wiring.build(settings or load())

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        if services is None:
            running.close()

    app = FastAPI(
        title="Secondlook",
        version=version("secondlook"),
        description="What Secondlook found, asked and corrected. Send `Authorization: Bearer TOKEN`.",
        openapi_url="/api/openapi.json",
        docs_url=None,  # both viewers load scripts from a foreign host
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.services = running
    for router in (hooks.router, health.router, v1.router, page.router):
        app.include_router(router)
    add_error_answers(app)
    app.add_middleware(SafeHeaders)
    return app
