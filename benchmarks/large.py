"""Label issues in a matrix that stays on disk: memory of a process that does that alone, and time by size."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from lines import Line, figures
from numpy.lib.format import open_memmap

from workers.issues import label_issues

ROWS, QUICK_ROWS = 10_000_000, 400_000
CLASSES = 10
PARTS = 4  # the smallest size measured is this part of the largest
CHUNK = 500_000  # rows written at a time
STATUS = Path("/proc/self/status")  # Linux; elsewhere memory is not told
LIMIT_MB = 1500
KIB_PER_MB = 1000 / 1.024


def measure(scene: Any) -> Iterator[Line]:
    """A line for each type."""
    rows = QUICK_ROWS if scene.quick else ROWS
    for dtype in ("float64", "float32"):
        folder = scene.new_folder()
        _write(folder, rows, dtype)
        scene.say(f"   {dtype}")
        runs = [_in_child(folder, size) for size in (rows // PARTS, rows // 2, rows)]
        peak = runs[-1]["peak_mb"]
        yield {
            "bench": f"large/memory_mapped/{dtype}",
            "rows": rows,
            "classes": CLASSES,
            "ours": figures(runs[-1]["seconds"]),
            "unit": "s",
            "seconds_per_million": [figures(run["seconds"] / run["rows"] * 1e6) for run in runs],
            "peak_mb": figures(peak) if peak else None,
            "limit_mb": LIMIT_MB,
            "input_mb": figures(rows * (CLASSES * np.dtype(dtype).itemsize + 8) / 1e6),
            "found": runs[-1]["found"],
        }
        for file in folder.iterdir():
            file.unlink()


def _write(folder: Path, rows: int, dtype: str) -> None:
    """Files of labels and probabilities, made up a chunk at a time."""
    from label_issues import made_up

    labels = open_memmap(folder / "labels.npy", "w+", np.int64, (rows,))
    probs = open_memmap(folder / "probs.npy", "w+", np.dtype(dtype), (rows, CLASSES))
    for start in range(0, rows, CHUNK):
        size = min(CHUNK, rows - start)
        labels[start : start + size], probs[start : start + size] = made_up(size, CLASSES, seed=start)


def _in_child(folder: Path, rows: int) -> dict[str, Any]:
    command = [sys.executable, __file__, str(folder), str(rows)]
    run: dict[str, Any] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return run


def _alone(folder: str, rows: str) -> dict[str, Any]:
    """One call in this process, which has done nothing before."""
    started = time.perf_counter()
    labels, probs = (np.load(Path(folder, f"{name}.npy"), mmap_mode="r") for name in ("labels", "probs"))
    found = label_issues(labels[: int(rows)], probs[: int(rows)])
    seconds = time.perf_counter() - started
    peak = None
    if STATUS.exists():
        line = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
        peak = int(line.split()[1]) / KIB_PER_MB
    return {"rows": len(found.mask), "seconds": seconds, "peak_mb": peak, "found": int(found.mask.sum())}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_alone(*sys.argv[1:])))
