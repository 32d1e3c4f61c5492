"""One change at a time: our state, changed and asked about the row, against cleanlab computing all anew."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from statistics import median

import numpy as np
from label_issues import CLASSES, QUICK_ROWS, ROWS, Labels, Mask, Probs, made_up, with_cleanlab
from lines import Line, figures, interleaved, percentile, summary, times
from memory import extra_mb
from scene import Scene

from workers.issues.incremental import LabelIssueState

METHOD = "prune_by_noise_rate"
ROUNDS = 3
CHANGES, QUICK_CHANGES = 500, 100  # of each kind in a round
MS = 1000


class Live:
    """The state, and the arrays that the peer is given, through the same changes."""

    def __init__(self, labels: Labels, probs: Probs) -> None:
        self.labels, self.probs = labels.copy(), probs.copy()
        self.state = LabelIssueState(labels, probs, method=METHOD)
        self._rng = np.random.default_rng(2)
        self._added_labels: list[int] = []
        self._added_probs: list[Probs] = []

    def set_label(self) -> Callable[[], bool]:
        """Another label for some row."""
        row, label = int(self._rng.integers(len(self.labels))), int(self._rng.integers(CLASSES))
        self.labels[row] = label

        def change() -> bool:
            self.state.set_label(row, label)
            return self.state.is_issue(row)

        return change

    def set_probs(self) -> Callable[[], bool]:
        """Some row's prediction for another."""
        row, other = self._rng.integers(len(self.labels), size=2).tolist()
        probs = self.probs[other].copy()
        self.probs[row] = probs

        def change() -> bool:
            self.state.set_probs(row, probs)
            return self.state.is_issue(row)

        return change

    def append(self) -> Callable[[], bool]:
        """A new row that resembles an old one."""
        row, label = int(self._rng.integers(len(self.labels))), int(self._rng.integers(CLASSES))
        probs = self.probs[row : row + 1].copy()
        self._added_labels.append(label)
        self._added_probs.append(probs)

        def change() -> bool:
            return self.state.is_issue(self.state.append([label], probs)[0])

        return change

    def arrays(self) -> tuple[Labels, Probs]:
        """What the state holds now."""
        labels = np.array(self._added_labels, dtype=self.labels.dtype)
        return np.concatenate([self.labels, labels]), np.concatenate([self.probs, *self._added_probs])


def measure(scene: Scene) -> Iterator[Line]:
    """A line for each kind of change and for restoring, and the geometric mean of the changes."""
    rows = QUICK_ROWS if scene.quick else ROWS
    labels, probs = made_up(rows, CLASSES)
    live = Live(labels, probs)
    lines = []
    for name, prepare in (
        ("set_label", live.set_label),
        ("set_probs", live.set_probs),
        ("append", live.append),
    ):
        line = _changed(live, name, prepare, QUICK_CHANGES if scene.quick else CHANGES)
        scene.say(f"   {name}: median {line['ours']} ms, p99 {line['ours_p99']} ms")
        lines.append(line)
        yield line
    yield _restored(scene, live)
    yield summary(
        "incremental",
        lines,
        rows=rows,
        classes=CLASSES,
        equal=all(line["equal"] for line in lines),
        ours_p99=max(line["ours_p99"] for line in lines),
        **_memory(scene, labels, probs),
    )


def _changed(live: Live, name: str, prepare: Callable[[], Callable[[], bool]], changes: int) -> Line:
    wall: list[float] = []
    cpu: list[float] = []
    masks: list[Mask] = []

    def ours() -> float:
        for _ in range(changes):
            change = prepare()
            began, busy = time.perf_counter(), time.thread_time()
            change()
            cpu.append((time.thread_time() - busy) * MS)
            wall.append((time.perf_counter() - began) * MS)
        return median(wall[-changes:])

    def peer() -> float:
        arrays = live.arrays()
        started = time.perf_counter()
        masks[:] = [with_cleanlab(*arrays, METHOD)]
        return (time.perf_counter() - started) * MS

    seen = interleaved(ROUNDS, ours, peer)
    peer()  # the last round may have ended with changes
    return times(
        f"incremental/{name}",
        *seen,
        "ms",
        rows=len(live.labels),
        classes=CLASSES,
        method=METHOD,
        changes=len(wall),
        ours_p99=figures(percentile(wall, 0.99)),
        ours_cpu_p99=figures(percentile(cpu, 0.99)),
        equal=bool(np.array_equal(live.state.mask(), masks[0])),
    )


def _restored(scene: Scene, live: Live) -> Line:
    """From a file to the first answer, against computing all anew."""
    path = scene.new_folder() / "state"
    started = time.perf_counter()
    live.state.save(path)
    saving = time.perf_counter() - started
    masks: dict[str, Mask] = {}

    def ours() -> float:
        began = time.perf_counter()
        masks["ours"] = LabelIssueState.restore(path).mask()
        return time.perf_counter() - began

    def peer() -> float:
        arrays = live.arrays()
        began = time.perf_counter()
        masks["peer"] = with_cleanlab(*arrays, METHOD)
        return time.perf_counter() - began

    return times(
        "incremental/restore",
        *interleaved(ROUNDS, ours, peer),
        "s",
        rows=len(live.labels),
        classes=CLASSES,
        method=METHOD,
        saving_s=figures(saving),
        file_mb=figures(path.stat().st_size / 1e6),
        equal=bool(np.array_equal(masks["ours"], masks["peer"])),
    )


def _memory(scene: Scene, labels: Labels, probs: Probs) -> Line:
    """Most resident memory beyond the arrays while a state, its own copy of them included, is built."""
    folder = scene.new_folder()
    np.save(folder / "labels.npy", labels)
    np.save(folder / "probs.npy", probs)
    found = extra_mb(built, [METHOD], folder)
    input_mb = (labels.nbytes + probs.nbytes) / 1e6
    return {"ours_extra_x_input": figures(found[METHOD] / input_mb)} if found else {}


def built(labels: Labels, probs: Probs, method: str) -> LabelIssueState:
    """A state, for its memory to be measured."""
    return LabelIssueState(labels, probs, method=method)
