"""Peak memory of single calls, each in a fork of a fresh process: nothing freed before is reused unseen."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

STATUS = Path("/proc/self/status")  # Linux; elsewhere nothing is measured
RESET_PEAK = Path("/proc/self/clear_refs")
WARM_ROWS = 1_000
KIB_PER_MB = 1000 / 1.024


def extra_mb(call: Callable[..., Any], arguments: Sequence[str], arrays: Path) -> dict[str, float]:
    """Most resident megabytes beyond its input that `call(labels, probs, argument)` needs, by argument."""
    if not RESET_PEAK.exists():
        return {}
    command = [sys.executable, __file__, call.__module__, call.__name__, str(arrays), *arguments]
    told = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    found: dict[str, float] = json.loads(told.stdout)
    return found


def _all(module: str, function: str, arrays: str, *arguments: str) -> dict[str, float]:
    call = getattr(importlib.import_module(module), function)
    labels, probs = (np.load(Path(arrays) / name) for name in ("labels.npy", "probs.npy"))
    call(labels[:WARM_ROWS], probs[:WARM_ROWS], arguments[0])  # imports
    return {argument: _in_fork(call, labels, probs, argument) for argument in arguments}


def _in_fork(call: Callable[..., object], labels: NDArray[Any], probs: NDArray[Any], argument: str) -> float:
    reading, writing = os.pipe()
    if not (child := os.fork()):
        # A fork begins without pages of libraries and input: they are touched before counting.
        call(labels[:WARM_ROWS], probs[:WARM_ROWS], argument)
        for array in (labels, probs):
            array.max()
        RESET_PEAK.write_text("5")
        before = _status("VmRSS")
        call(labels, probs, argument)
        os.write(writing, str((_status("VmHWM") - before) / KIB_PER_MB).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    with os.fdopen(reading) as told:
        return float(told.read())


def _status(name: str) -> int:
    """A figure of this process in KiB."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1])


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_all(*sys.argv[1:])))
