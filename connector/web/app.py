"""The web process: receives webhooks, answers reads, computes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from connector import logs, traces, wiring
from connector.config.file import load
from connector.config.keyring import broker_url
from connector.config.settings import MEMORY_BROKER, Settings
from connector.errors import SecondlookError
from connector.model.metrics import Accumulator
from connector.platforms.issuer import Issuer, IssuerClient
from connector.platforms.media import PictureProxy
from connector.ports import Documents
from connector.queue import BesideQueue, CeleryQueue, SilentQueue, confirm_what_is_sent, make_celery
from connector.web import forms
from connector.web.api import health, metrics, v1
from connector.web.api.answers import SafeHeaders, add_error_answers
from connector.web.api.examples import with_examples
from connector.web.api.hooks import Hooks, is_delivery
from connector.web.counting import Counting, store_counts
from connector.web.dashboard import (
    chosen,
    doing,
    entrance,
    home,
    issuer_entrance,
    items,
    lists,
    media,
    service,
    similarity,
)
from connector.web.dashboard.trouble import trouble_page
from connector.web.listeners import listening, metrics_apart, server_of
from connector.web.proxies import Proxies
from connector.web.room import Room
from connector.web.tracing import Tracing
from connector.wiring import PLATFORM_SECRETS_ASKED_SECONDS, Services

log = logs.get(__name__)

COUNTS_EVERY_SECONDS = 15.0
ROOMS = (entrance, issuer_entrance, home, lists, items, media, similarity, service, doing, chosen)
PAGES = tuple(room.router for room in ROOMS)
ROUTERS = (health.router, metrics.router, v1.router, *PAGES)


class Web(FastAPI):
    """Deliveries have a way in of their own: the application's layers would cost more than all the rest."""

    deliveries: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if is_delivery(scope):
            await self.deliveries(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def create_app(settings: Settings | None = None, services: Services | None = None) -> FastAPI:
    """The application over `services`, or over services of its own that it closes at its end.

    Without any argument the configuration is read: `uvicorn --factory connector.web:create_app`.
    """
    running = services or _services(settings or load())

    counts = Accumulator()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        # Secrets that platforms made are known before deliveries come: none of those makes us call anybody.
        beside = [
            asyncio.create_task(_again_and_again(seconds, work))
            for seconds, work in (
                (COUNTS_EVERY_SECONDS, partial(_store_quietly, running, counts)),
                (PLATFORM_SECRETS_ASKED_SECONDS, running.refresh_secrets),
            )
        ]
        yield
        for one in beside:
            one.cancel()
        await run_in_threadpool(_store_quietly, running, counts)
        if services is None:
            running.close()

    app = Web(
        title="Secondlook",
        version=version("secondlook"),
        description="What Secondlook found, asked and corrected. Send `Authorization: Bearer TOKEN`.",
        openapi_url="/api/openapi.json",
        docs_url=None,  # both viewers load scripts from a foreign host
        redoc_url=None,
        redirect_slashes=False,  # it would lead to wherever the Host header says
        lifespan=lifespan,
    )
    app.state.services = running
    app.state.issuer = _issuer(settings or running.settings)
    app.state.pictures = PictureProxy(running.settings.dashboard.media_hosts)
    app.state.room_for_forms = Room(forms.ROOM_BYTES)
    app.state.scrapes = metrics.Scrapes(counts)
    for router in ROUTERS:
        app.include_router(router)
    with_examples(app)
    add_error_answers(app, trouble_page)
    _surround(app, running, counts)
    return app


def _surround(app: Web, services: Services, counts: Accumulator) -> None:
    """Put the layers around the application; those that deliveries need too stand around these as well."""
    app.add_middleware(SafeHeaders)
    around: tuple[tuple[Any, dict[str, Any]], ...] = (
        (Counting, {"accumulator": counts, "services": services}),
        (Tracing, {}),
        (Proxies, {"trusted": services.settings.server.trusted_proxies}),
    )
    app.deliveries = Hooks(services)
    for layer, options in around:
        app.add_middleware(layer, **options)
        app.deliveries = layer(app.deliveries, **options)


async def _again_and_again(seconds: float, work: Callable[[], None]) -> None:
    """Do this at once and then every so many seconds; a fault ends one round, never the rounds."""
    while True:
        try:
            await run_in_threadpool(work)
        except Exception:
            log.exception("not done beside the requests; tried again")
        await asyncio.sleep(seconds)


def _issuer(settings: Settings) -> Issuer | None:
    chosen = settings.sign_in.oidc
    if chosen.url is None or chosen.client_id is None:
        return None
    ref = chosen.client_secret
    secret = None if ref is None else ref.read("sign_in.oidc.client_secret").get_secret_value()
    return Issuer(IssuerClient(chosen.url, chosen.client_id, secret))


def _store_quietly(services: Services, counts: Accumulator) -> None:
    with suppress(SecondlookError):  # the database is away: what was counted waits
        store_counts(services, counts)


def _services(settings: Settings, documents: Documents | None = None) -> Services:
    """With a broker of this process alone nobody would read messages: the sweep finds the jobs."""
    if settings.broker.url.startswith(MEMORY_BROKER):
        return wiring.build(settings, SilentQueue(), documents=documents)
    app = make_celery(broker_url(settings).get_secret_value())
    confirm_what_is_sent(app)
    return wiring.build(settings, BesideQueue(CeleryQueue(app)), documents=documents)


def serve(settings: Settings, documents: Documents, greet: Callable[[Services], None]) -> None:
    """Run the web process until it is told to stop. Misconfigured when its port cannot be had.

    `greet` is called when the port is had, before the first request.
    """
    with listening(settings.server.host, settings.server.port) as socket_:
        services = _services(settings, documents)
        traces.start("web")
        greet(services)
        app = create_app(settings, services)
        with metrics_apart(services, app):
            server_of(app).run(sockets=[socket_])
        services.close()
