"""Metrics for Prometheus: of the database, so that every replica tells the same."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from importlib.metadata import version

from fastapi import APIRouter, Request, Response

from connector.model.access import AccessRole
from connector.model.metrics import PREFIX, Accumulator, labels
from connector.model.moments import is_over
from connector.store.views.metrics import stored_metrics
from connector.web.access import Asking, Running, require
from connector.web.counting import store_counts
from connector.web.exposition import CONTENT_TYPE, exposition
from connector.wiring import Services

KEPT = timedelta(seconds=15)  # one read of the database serves all who ask within it

router = APIRouter(tags=["metrics"])


class Scrapes:
    """The last text, while it is fresh; whoever asks meanwhile waits for the one read."""

    def __init__(self, accumulator: Accumulator) -> None:
        self._accumulator = accumulator
        self._lock = threading.Lock()
        self._text = ""
        self._at: datetime | None = None

    def text(self, services: Services) -> str:
        with self._lock:
            now = services.clock.now()
            if is_over(self._at, KEPT, now):
                store_counts(services, self._accumulator)
                with services.store.read() as unit:
                    samples = stored_metrics(unit)
                samples[PREFIX + "build_info", labels(version=version("secondlook"))] = 1.0
                self._text, self._at = exposition(samples), now
            return self._text


TEXT = {"description": "The text format of Prometheus", "content": {CONTENT_TYPE.partition(";")[0]: {}}}


@router.get(
    "/metrics",
    response_class=Response,
    responses={
        200: TEXT,
        401: {"description": "No valid token"},
        403: {"description": "The role that is missing is named"},
        503: {"description": "The database does not answer"},
    },
)
def metrics(request: Request, services: Running, who: Asking) -> Response:
    """What `secondlook status` shows and more, as Prometheus reads it. Needs the role metrics or operator."""
    require(who, AccessRole.METRICS)
    scrapes: Scrapes = request.app.state.scrapes
    return Response(scrapes.text(services), media_type=CONTENT_TYPE)
