"""OpenTelemetry traces (extra `otel`): off, and nothing of it imported, unless an endpoint is named.

A span that an error ended bears the kind of the error, not its words: those can name people and labels.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Any

from connector.errors import Misconfigured

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
FLUSH_MS = 2_000  # longest wait for what has ended to be sent
Attributes = Mapping[str, str | int | float | bool]


class SpanRole(Enum):
    """What a span is of; the names are OpenTelemetry's kinds."""

    SERVER = "SERVER"
    CLIENT = "CLIENT"
    CONSUMER = "CONSUMER"


@dataclass(frozen=True, slots=True)
class _Tracing:
    """What spans are made with; the one of this process, once it is started."""

    tracer: Any
    provider: Any


_RUNNING: list[_Tracing] = []  # at most one


def start(part: str, environ: Mapping[str, str] | None = None) -> bool:
    """Begin to trace, where the environment names an endpoint; whether it does. After a fork, not before.

    Raises
    ------
    Misconfigured
        An endpoint is named and the extra is not installed.
    """
    environ = os.environ if environ is None else environ
    if not any(environ.get(name) for name in ENDPOINTS) or environ.get("OTEL_SDK_DISABLED") == "true":
        return False
    if not _RUNNING:
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
        except ImportError as error:
            raise Misconfigured(
                "traces are asked for, and what sends them is not installed",
                field=ENDPOINTS[0],
                remedy="Install the extra secondlook[otel], or unset it.",
            ) from error
        name = environ.get("OTEL_SERVICE_NAME") or "secondlook"
        provider = TracerProvider(resource=Resource.create({"service.name": name, "secondlook.part": part}))
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        _use(provider)
    return True


def _use(provider: Any) -> None:
    _RUNNING[:] = [_Tracing(provider.get_tracer("secondlook"), provider)]


@contextmanager
def using(provider: Any) -> Iterator[None]:
    """Trace with this provider inside of the block."""
    before = [*_RUNNING]
    _use(provider)
    try:
        yield
    finally:
        _RUNNING[:] = before


def on() -> bool:
    return bool(_RUNNING)


@contextmanager
def span(name: str, role: SpanRole, attributes: Attributes, linked: str | None = None) -> Iterator[Any]:
    """One span, inside of the present one; None where nothing is traced.

    `linked` is the traceparent of what led here at another time: a job is no part of the request that
    stored it, which ended long before, and which many can have shared.
    """
    if not _RUNNING:
        yield None
        return
    from opentelemetry import trace

    with _RUNNING[0].tracer.start_as_current_span(
        name,
        kind=trace.SpanKind[role.value],
        attributes=dict(attributes),
        links=_links(linked),
        record_exception=False,
        set_status_on_exception=False,
    ) as active:
        try:
            yield active
        except BaseException as error:
            failed(active, error)
            raise


def failed(active: Any, error: BaseException) -> None:
    """Mark a span as ended by an error; nothing where nothing is traced."""
    if active is not None:
        from opentelemetry import trace

        active.set_attribute("error.type", type(error).__name__)
        active.set_status(trace.StatusCode.ERROR)


def traceparent() -> str | None:
    """The present span as W3C Trace Context has it; None where nothing is traced."""
    context = _context()
    if context is None:
        return None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}"


def trace_id() -> str | None:
    """The present trace, for a line of the log."""
    context = _context()
    return None if context is None else f"{context.trace_id:032x}"


def flush() -> None:
    """Send what has ended, before this process does."""
    if _RUNNING:
        _RUNNING[0].provider.force_flush(FLUSH_MS)


def _context() -> Any:
    if not _RUNNING:
        return None
    from opentelemetry import trace

    context = trace.get_current_span().get_span_context()
    return context if context.is_valid else None


def _links(parent: str | None) -> list[Any]:
    from opentelemetry import trace

    parts = (parent or "").split("-")
    if len(parts) != 4:
        return []
    context = trace.SpanContext(
        int(parts[1], 16), int(parts[2], 16), is_remote=True, trace_flags=trace.TraceFlags(int(parts[3], 16))
    )
    return [trace.Link(context)]
