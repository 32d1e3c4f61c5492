"""By hand: speed, accuracy and AUROC on real votes of known truth.

python benchmarks/consensus_real.py FOLDER, with pred_probs.npy, true_labels.npy and votes.csv.gz
(task, annotator, label) in it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from consensus import Probs, crowdlab_line, with_cleanlab
from lines import Line, figures
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from workers.consensus import Votes, crowdlab, dawid_skene, majority, weighted_vote

ROUNDS = 3


def measure(folder: Path) -> Iterator[Line]:
    """One line for the speed, then one for how good each method is."""
    table = np.loadtxt(folder / "votes.csv.gz", delimiter=",", skiprows=1, dtype=np.int64)
    votes = Votes(*table.T)
    probs: Probs = np.load(folder / "pred_probs.npy")
    truth: NDArray[np.int64] = np.load(folder / "true_labels.npy")
    n_classes = probs.shape[1]
    yield crowdlab_line("consensus_real/crowdlab", votes, probs, ROUNDS, annotators=votes.n_annotators)
    plain, smooth = majority(votes, n_classes), dawid_skene(votes, n_classes)
    skill = np.nan_to_num(plain.annotator_quality, nan=float(np.nanmean(plain.annotator_quality)))
    found = {
        "majority": plain,
        "weighted_vote": weighted_vote(votes, n_classes, _log_odds(skill, n_classes)),
        "dawid_skene": smooth,
        "dawid_skene, not smoothed": dawid_skene(votes, n_classes, smoothing=0),
        "crowdlab": crowdlab(votes, probs),
        "crowdlab, calibrated": crowdlab(votes, probs, calibrate=True),
    }
    for name, result in found.items():
        yield _goodness(name, result.label, result.quality, truth)
    wide = np.full((votes.n_tasks, votes.n_annotators), np.nan)
    wide[votes.task, votes.annotator] = votes.label
    theirs = with_cleanlab(wide, probs)["label_quality"]
    label, quality = theirs["consensus_label"].to_numpy(), theirs["consensus_quality_score"].to_numpy()
    yield _goodness("cleanlab", label, quality, truth)


def _log_odds(skill: Probs, n_classes: int) -> Probs:
    clipped = np.clip(skill, 1.01 / n_classes, 0.999)
    return np.log(clipped * (n_classes - 1) / (1 - clipped))


def _goodness(method: str, label: NDArray[np.int64], quality: Probs, truth: NDArray[np.int64]) -> Line:
    right = label == truth
    return {
        "bench": f"consensus_real/{method}",
        "accuracy": figures(float(right.mean())),
        "auroc": figures(float(roc_auc_score(right, quality))),
    }


if __name__ == "__main__":
    for line in measure(Path(sys.argv[1])):
        print(json.dumps(line), flush=True)
