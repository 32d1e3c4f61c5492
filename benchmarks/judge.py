"""One changed label, judged in the service: what a change costs with its reads, writes and commit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lines import Line
from scale import measured

STEPS = ("sync", "scan", "first_judge", "judge")


def measure(scene: Any) -> Iterator[Line]:
    """Lines of the judging alone; `first_judge`, after a scan, reads the whole queue."""
    for line in measured(scene, "judge", STEPS):
        if line["bench"].endswith("judge"):
            yield line
