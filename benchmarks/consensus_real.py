"""Votes of people on images of known truth: speed, and how good each way to a label is.

BENCH_DATA=FOLDER make bench BENCH_ARGS=consensus_real. In FOLDER stands `cifar10n` with pred_probs.npy,
true_labels.npy and votes.csv.gz (task, annotator, label).
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from consensus import Probs, crowdlab_line, dawid_skene_line, with_cleanlab
from lines import Line, figures
from numpy.typing import NDArray
from scene import Scene
from sklearn.metrics import roc_auc_score

from workers.consensus import Consensus, Votes, crowdlab, dawid_skene, majority, weighted_vote

FOLDER = "BENCH_DATA"
SET = "cifar10n"
ROUNDS = 3
QUICK_TASKS = 5_000
EM_ROUNDS = 100

Labels = NDArray[np.int64]
Found = tuple[Labels, Probs]  # consensus label and its quality


def measure(scene: Scene) -> Iterator[Line]:
    """Lines for the speed, then one for how good each method is."""
    named = os.environ.get(FOLDER)
    if named is None:
        scene.say(f"   left out: {FOLDER} names no folder with real votes")
        return
    votes, probs, truth = _read(Path(named) / SET, QUICK_TASKS if scene.quick else None)
    size = {"tasks": votes.n_tasks, "annotators": votes.n_annotators}
    yield crowdlab_line("consensus_real/crowdlab", votes, probs, ROUNDS, **size)
    if importlib.util.find_spec("crowdkit") is not None:
        yield dawid_skene_line("consensus_real/dawid_skene", votes, probs.shape[1], ROUNDS, **size)
    methods = {
        **{f"ours, {name}": (found.label, found.quality) for name, found in _ours(votes, probs).items()},
        "cleanlab, crowdlab": _cleanlab(votes, probs),
        **_crowd_kit(scene, votes, probs.shape[1]),
    }
    for name, (label, quality) in methods.items():
        yield _goodness(name, label, quality, truth)


def _read(folder: Path, tasks: int | None) -> tuple[Votes, Probs, Labels]:
    table = np.loadtxt(folder / "votes.csv.gz", delimiter=",", skiprows=1, dtype=np.int64)
    probs: Probs = np.load(folder / "pred_probs.npy")[:tasks]
    truth: Labels = np.load(folder / "true_labels.npy")[:tasks]
    return Votes(*table[table[:, 0] < len(probs)].T), probs, truth


def _ours(votes: Votes, probs: Probs) -> dict[str, Consensus]:
    n_classes = probs.shape[1]
    plain = majority(votes, n_classes)
    skill = np.nan_to_num(plain.annotator_quality, nan=float(np.nanmean(plain.annotator_quality)))
    return {
        "majority": plain,
        "weighted vote": weighted_vote(votes, n_classes, _log_odds(skill, n_classes)),
        "dawid_skene": dawid_skene(votes, n_classes),
        "dawid_skene, not smoothed": dawid_skene(votes, n_classes, smoothing=0),
        "crowdlab": crowdlab(votes, probs),
        "crowdlab, calibrated": crowdlab(votes, probs, calibrate=True),
    }


def _cleanlab(votes: Votes, probs: Probs) -> Found:
    wide = np.full((votes.n_tasks, votes.n_annotators), np.nan)
    wide[votes.task, votes.annotator] = votes.label
    theirs = with_cleanlab(wide, probs)["label_quality"]
    return theirs["consensus_label"].to_numpy(), theirs["consensus_quality_score"].to_numpy()


def _crowd_kit(scene: Scene, votes: Votes, n_classes: int) -> dict[str, Found]:
    """crowd-kit's majority and Dawid-Skene, where it is installed."""
    if importlib.util.find_spec("crowdkit") is None:
        scene.say("   crowd-kit is not installed: its rows are left out")
        return {}
    import pandas as pd
    from crowdkit.aggregation import DawidSkene, MajorityVote

    frame = pd.DataFrame({"task": votes.task, "worker": votes.annotator, "label": votes.label})
    found: dict[str, Found] = {}
    for name, method in {"majority": MajorityVote(), "dawid_skene": DawidSkene(n_iter=EM_ROUNDS)}.items():
        fitted: Any = method.fit(frame)
        probs = fitted.probas_.sort_index().reindex(columns=range(n_classes), fill_value=0).to_numpy()
        found[f"crowd-kit, {name}"] = probs.argmax(axis=1), probs.max(axis=1)
    return found


def _log_odds(skill: Probs, n_classes: int) -> Probs:
    clipped = np.clip(skill, 1.01 / n_classes, 0.999)
    return np.log(clipped * (n_classes - 1) / (1 - clipped))


def _goodness(method: str, label: Labels, quality: Probs, truth: Labels) -> Line:
    right = label == truth
    return {
        "bench": f"consensus_real/quality of {method}",
        "tasks": len(truth),
        "accuracy": figures(float(right.mean())),
        "auroc": figures(float(roc_auc_score(right, quality))),
    }
