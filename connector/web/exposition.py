"""Samples as the text that Prometheus reads (exposition format 0.0.4). Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from connector.model.metrics import METRICS, ExportedMetric, MetricType, Tally, bounded

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def exposition(samples: Mapping[Tally, float]) -> str:
    """All metrics that have samples, by name; what is no metric of ours is left out."""
    by_name: dict[str, dict[str, float]] = {}
    for (name, text), value in samples.items():
        by_name.setdefault(name, {})[text] = value
    lines: list[str] = []
    for metric in METRICS.values():
        result = list(_lines(metric, by_name))
        if result:
            lines += [f"# HELP {metric.name} {metric.help}", f"# TYPE {metric.name} {metric.type}", *result]
    return "\n".join(lines) + "\n"


def _lines(metric: ExportedMetric, by_name: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    if metric.type is not MetricType.HISTOGRAM:
        for text, value in sorted(by_name.get(metric.name, {}).items()):
            yield _line(metric.name, text, value)
        return
    counts = by_name.get(f"{metric.name}_count", {})
    for text in sorted(counts):
        yield from _buckets(metric, text, by_name.get(f"{metric.name}_bucket", {}))
        yield _line(f"{metric.name}_sum", text, by_name.get(f"{metric.name}_sum", {}).get(text, 0.0))
        yield _line(f"{metric.name}_count", text, counts[text])


def _buckets(metric: ExportedMetric, text: str, stored: Mapping[str, float]) -> Iterator[str]:
    """Cumulative, as the format wants them; stored is each bucket by itself."""
    total = 0.0
    for bound in (*(f"{each:g}" for each in metric.buckets), "+Inf"):
        mine = bounded(text, bound)
        total += stored.get(mine, 0.0)
        yield _line(f"{metric.name}_bucket", mine, total)


def _line(name: str, text: str, value: float) -> str:
    shown = f"{value:g}" if math.isfinite(value) and value == int(value) and abs(value) < 1e6 else repr(value)
    return f"{name}{{{text}}} {shown}" if text else f"{name} {shown}"
