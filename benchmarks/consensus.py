"""Labels from many votes: ours against cleanlab's CROWDLAB and, where installed, crowd-kit's Dawid-Skene."""

from __future__ import annotations

import importlib.util
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from lines import Line, figures, interleaved, times
from numpy.typing import NDArray
from scene import Scene

from workers.consensus import Crowdlab, DawidSkene, Votes, crowdlab, dawid_skene

TASKS, QUICK_TASKS = 100_000, 5_000
VOTES_PER_TASK = 5
ANNOTATORS = 50
CLASSES = 10
ROUNDS = 3
EM_ROUNDS = 15
LEAST = 1e-10  # crowd-kit's final probabilities are at least this

Probs = NDArray[np.float64]


def measure(scene: Scene) -> Iterator[Line]:
    """A line for each peer that is installed."""
    tasks = QUICK_TASKS if scene.quick else TASKS
    votes, probs = made_up(tasks)
    size = {"tasks": tasks, "annotators": ANNOTATORS, "classes": CLASSES}
    yield crowdlab_line("consensus/crowdlab", votes, probs, ROUNDS, **size)
    if importlib.util.find_spec("crowdkit") is None:
        scene.say("   crowd-kit is not installed: Dawid-Skene is not compared")
        return
    yield dawid_skene_line("consensus/dawid_skene", votes, CLASSES, ROUNDS, **size)


def made_up(tasks: int) -> tuple[Votes, Probs]:
    """Five votes a task by people of different skill, and a model that is mostly right."""
    rng = np.random.default_rng(1)
    truth = rng.integers(0, CLASSES, tasks)
    annotator = np.argsort(rng.random((tasks, ANNOTATORS)), axis=1)[:, :VOTES_PER_TASK].ravel()
    task = np.repeat(np.arange(tasks), VOTES_PER_TASK)
    right = rng.random(len(task)) < rng.uniform(0.6, 0.95, ANNOTATORS)[annotator]
    label = np.where(right, truth[task], rng.integers(0, CLASSES, len(task)))
    probs = rng.standard_exponential((tasks, CLASSES)) ** 2
    probs[np.arange(tasks), np.where(rng.random(tasks) < 0.8, truth, rng.integers(0, CLASSES, tasks))] += 5
    return Votes(task, annotator, label), probs / probs.sum(axis=1, keepdims=True)


def crowdlab_line(bench: str, votes: Votes, probs: Probs, rounds: int, **more: Any) -> Line:
    """Ours against cleanlab, on the same votes; making cleanlab's wide table is not timed."""
    wide = np.full((votes.n_tasks, votes.n_annotators), np.nan)
    wide[votes.task, votes.annotator] = votes.label
    found: dict[str, Any] = {}
    ours = _timed(found, "ours", lambda: crowdlab(votes, probs))
    peer = _timed(found, "peer", lambda: with_cleanlab(wide, probs))
    line = times(bench, *interleaved(rounds, ours, peer), "s", votes=len(votes), **more)
    mine: Crowdlab = found["ours"]
    theirs = found["peer"]["label_quality"]
    return line | {
        "equal": bool(np.array_equal(mine.label, theirs["consensus_label"])),
        "quality_off_by": figures(float(abs(mine.quality - theirs["consensus_quality_score"]).max())),
    }


def with_cleanlab(wide: Probs, probs: Probs) -> Any:
    """cleanlab's consensus with annotator statistics, without its table of the quality of each vote."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from cleanlab.multiannotator import get_label_quality_multiannotator

        return get_label_quality_multiannotator(wide, probs, verbose=False, return_detailed_quality=False)


def dawid_skene_line(bench: str, votes: Votes, n_classes: int, rounds: int, **more: Any) -> Line:
    """Ours without smoothing against crowd-kit, the same number of rounds of estimation."""
    import pandas as pd
    from crowdkit.aggregation import DawidSkene as PeerDawidSkene  # type: ignore[import-not-found]

    frame = pd.DataFrame({"task": votes.task, "worker": votes.annotator, "label": votes.label})
    found: dict[str, Any] = {}
    ours = _timed(found, "ours", lambda: dawid_skene(votes, n_classes, smoothing=0, n_iter=EM_ROUNDS, tol=0))
    peer = _timed(found, "peer", lambda: PeerDawidSkene(n_iter=EM_ROUNDS, tol=-1).fit(frame))
    line = times(bench, *interleaved(rounds, ours, peer), "s", em_rounds=EM_ROUNDS, votes=len(votes), **more)
    mine: DawidSkene = found["ours"]
    theirs = found["peer"].probas_.sort_index().reindex(columns=range(n_classes), fill_value=0).to_numpy()
    return line | {
        "equal": bool(np.array_equal(mine.label, theirs.argmax(axis=1))),
        "probs_off_by": figures(float(abs(np.maximum(mine.probs, LEAST) - theirs).max())),
    }


def _timed(found: dict[str, Any], side: str, call: Callable[[], Any]) -> Callable[[], float]:
    def timed() -> float:
        started = time.perf_counter()
        found[side] = call()
        return time.perf_counter() - started

    return timed
