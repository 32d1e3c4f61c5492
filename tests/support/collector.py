"""A collector of traces, small and real: OTLP over HTTP in protobuf, as any backend takes it."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)


@dataclass(frozen=True)
class CollectedSpan:
    """`trace`, `parent` and `links` (span ids) in hex; `part` is the process that sent it."""

    name: str
    part: str
    trace: str
    span: str
    parent: str
    links: tuple[str, ...]
    attributes: dict[str, str]


@dataclass
class Collector:
    url: str
    spans: list[CollectedSpan] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)  # requests that are none of the protocol

    def take(self, body: bytes) -> None:
        request = ExportTraceServiceRequest.FromString(body)
        for resource in request.resource_spans:
            part = _attributes(resource.resource.attributes).get("secondlook.part", "")
            for scope in resource.scope_spans:
                self.spans += [_span(each, part) for each in scope.spans]


def _attributes(pairs: Any) -> dict[str, str]:
    return {pair.key: str(getattr(pair.value, pair.value.WhichOneof("value"))) for pair in pairs}


def _span(each: Any, part: str) -> CollectedSpan:
    links = tuple(link.span_id.hex() for link in each.links)
    ids = (each.trace_id.hex(), each.span_id.hex(), each.parent_span_id.hex())
    return CollectedSpan(each.name, part, *ids, links, _attributes(each.attributes))


@contextmanager
def running_collector() -> Iterator[Collector]:
    """Listens on a port of its own; what it took is in `spans`."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            kind = self.headers.get("content-type")
            if (self.path, kind) != ("/v1/traces", "application/x-protobuf"):
                state.problems.append(f"{self.path}: {kind}")
            packed = self.headers.get("content-encoding") == "gzip"
            state.take(gzip.decompress(body) if packed else body)
            answer = ExportTraceServiceResponse().SerializeToString()
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        state = Collector(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield state
        server.shutdown()
        thread.join()
