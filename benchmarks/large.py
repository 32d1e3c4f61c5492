"""Label issues in a matrix that stays on disk: memory of a process that does that alone, and time by size."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from lines import Line, figures
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from workers.issues import LabelIssues, label_issues, label_issues_of_chunks

ROWS, QUICK_ROWS = 10_000_000, 400_000
CLASSES = 10
PARTS = 4  # the smallest size measured is this part of the largest
CHUNK = 500_000  # rows written, and read in chunks
STATUS = Path("/proc/self/status")  # Linux; elsewhere memory is not told
LIMIT_MB = 1500
KIB_PER_MB = 1000 / 1.024


def measure(scene: Any) -> Iterator[Line]:
    """A line for each type and way of reading."""
    rows = QUICK_ROWS if scene.quick else ROWS
    for dtype in ("float64", "float32"):
        folder = scene.new_folder()
        _write(folder, rows, dtype)
        for way in WAYS:
            scene.say(f"   {dtype}, {way}")
            told = [_in_child(folder, way, size) for size in (rows // PARTS, rows // 2, rows)]
            peak = told[-1]["peak_mb"]
            yield {
                "bench": f"large/{way}/{dtype}",
                "rows": rows,
                "classes": CLASSES,
                "ours": figures(told[-1]["seconds"]),
                "unit": "s",
                "seconds_per_million": [figures(t["seconds"] / t["rows"] * 1e6) for t in told],
                "peak_mb": figures(peak) if peak else None,
                "limit_mb": LIMIT_MB,
                "input_mb": figures(rows * (CLASSES * np.dtype(dtype).itemsize + 8) / 1e6),
                "found": told[-1]["found"],
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


def _in_child(folder: Path, way: str, rows: int) -> dict[str, Any]:
    command = [sys.executable, __file__, str(folder), way, str(rows)]
    told: dict[str, Any] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return told


def _opened(folder: Path) -> list[NDArray[Any]]:
    return [np.load(folder / name, mmap_mode="r") for name in ("labels.npy", "probs.npy")]


def _mapped(folder: Path, rows: int) -> LabelIssues:
    labels, probs = _opened(folder)
    return label_issues(labels[:rows], probs[:rows])


def _chunked(folder: Path, rows: int) -> LabelIssues:
    def chunks() -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
        for start in range(0, rows, CHUNK):
            part = slice(start, min(start + CHUNK, rows))
            labels, probs = (np.array(array[part]) for array in _opened(folder))  # the map is closed again
            yield labels, probs

    return label_issues_of_chunks(chunks)


WAYS: dict[str, Callable[[Path, int], LabelIssues]] = {"memory_mapped": _mapped, "chunks": _chunked}


def _alone(folder: str, way: str, rows: str) -> dict[str, Any]:
    """One call in this process, which has done nothing before."""
    started = time.perf_counter()
    found = WAYS[way](Path(folder), int(rows))
    seconds = time.perf_counter() - started
    peak = None
    if STATUS.exists():
        line = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
        peak = int(line.split()[1]) / KIB_PER_MB
    return {"rows": len(found.mask), "seconds": seconds, "peak_mb": peak, "found": int(found.mask.sum())}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(_alone(*sys.argv[1:])))
