"""Traces: from the webhook over the stored job to the call of the platform; nothing of it where it is off."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from connector import traces
from connector.logs import _of_trace
from connector.model import Role
from connector.model.jobs import JobKind, NewJob
from connector.platforms.http import Anonymous, Api
from connector.platforms.prefetch import one_ahead
from connector.traces import SpanRole
from connector.wiring import Services
from tests.unit.web.conftest import client, services
from workers.service.runner import run

__all__ = ["client", "services"]


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with traces.using(provider):
        yield exporter


def named(exporter: InMemorySpanExporter, name: str) -> ReadableSpan:
    (found,) = [one for one in exporter.get_finished_spans() if one.name == name]
    return found


def answering(status: int) -> Api:
    transport = httpx.MockTransport(lambda _request: httpx.Response(status, json={}))
    return Api("http://labels.example.org", Anonymous(), transport=transport)


def test_a_delivery_its_job_and_the_platforms_call_hang_together(
    client: httpx.Client, services: Services, spans: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.project("cats")
    url = services.keyring.webhook_url("cats", Role.SOURCE)
    secret = services.keyring.webhook_secret("cats", Role.SOURCE).get_secret_value()
    body = {"action": "ANNOTATION_CREATED", "annotation": {"id": 3, "task": 5}}
    sent = client.post(httpx.URL(url).path, json=body, headers={"X-Secondlook-Secret": secret})
    assert sent.status_code == 202
    with services.store.read() as unit:
        (job_id,) = [one for one in [unit.jobs.queued(f"ingest:{services.project('cats').id}")] if one]
    monkeypatch.setattr(
        "workers.service.runner.handler_for",
        lambda _kind: lambda _context: answering(200).get("/api/tasks/5"),
    )
    assert run(services, job_id)
    request = named(spans, "POST /hooks/{project}/{role}/{path_key}")
    job, call = named(spans, "job ingest"), named(spans, "GET /api/tasks/:id")
    assert request.context is not None
    assert [link.context.span_id for link in job.links] == [request.context.span_id]
    assert job.context is not None
    assert job.parent is None  # linked, and no part of a request that ended long before
    assert call.parent is not None
    assert call.parent.span_id == job.context.span_id
    assert dict(call.attributes or {}) == {
        "server.address": "labels.example.org",
        "http.request.method": "GET",
        "http.response.status_code": 200,
    }
    told = json.dumps([dict(one.attributes or {}) | {"name": one.name} for one in spans.get_finished_spans()])
    assert services.keyring.webhook_path_key("cats", Role.SOURCE) not in told


def test_a_job_that_a_job_stores_is_linked_to_it_and_an_error_bears_its_kind_alone(
    services: Services, spans: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = services.project("cats")
    with services.store.begin() as unit:
        first = unit.enqueue(NewJob(JobKind.SYNC, project.id))
    stored: list[str | None] = []

    def handle(_context: object) -> dict[str, int]:
        with services.store.begin() as unit:
            stored.append(unit.enqueue(NewJob(JobKind.SCAN, project.id)))
        answering(404).get("/api/secret-name")
        return {}

    monkeypatch.setattr("workers.service.runner.handler_for", lambda _kind: handle)
    assert first
    assert run(services, first)
    job = named(spans, "job sync")
    with services.store.read() as unit:
        following = unit.jobs.get(stored[0] or "")
    assert following is not None
    assert job.context is not None
    beginning = f"00-{job.context.trace_id:032x}-{job.context.span_id:016x}-"
    assert (following.traceparent or "").startswith(beginning)
    assert job.attributes is not None
    assert job.attributes["error.type"] == "NotFound"
    assert job.status.description is None
    assert job.events == ()


def test_pages_fetched_ahead_and_lines_of_the_log_belong_to_the_trace(spans: InMemorySpanExporter) -> None:
    def pages() -> Iterator[str | None]:
        for _ in range(3):
            yield traces.trace_id()

    with traces.span("whole", SpanRole.CONSUMER, {}):
        here = traces.trace_id()
        assert here
        assert list(one_ahead(pages())) == [here] * 3
        assert _of_trace(None, "info", {"event": "x"})["trace_id"] == here
    assert traces.trace_id() is None
    assert _of_trace(None, "info", {"event": "x"}) == {"event": "x"}


def test_what_is_no_traceparent_links_to_nothing(spans: InMemorySpanExporter) -> None:
    for linked in (None, "", "nonsense"):
        with traces.span("one", SpanRole.CONSUMER, {}, linked=linked):
            pass
    assert all(one.links == () for one in spans.get_finished_spans())


def test_nothing_is_imported_while_it_is_off_and_an_absent_extra_is_said() -> None:
    assert not traces.start("web", {})
    assert not traces.start("web", {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_SDK_DISABLED": "true"})
    program = (
        "import sys, connector.web.app, workers.service.runner, workers.app\n"
        "from connector import traces\n"
        "assert not traces.start('web', {})\n"
        "print([name for name in sys.modules if name.startswith('opentelemetry.sdk')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    asked = (
        "import sys; sys.modules['opentelemetry.sdk.trace'] = None\n"
        "from connector import traces\n"
        "traces.start('web', {'OTEL_EXPORTER_OTLP_ENDPOINT': 'http://127.0.0.1:9'})"
    )
    failed = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=False)
    assert "secondlook[otel]" in failed.stderr
