"""The default rule and two of three on parts of CIFAR-10H, other labels, fewer answers, a weaker model.

The thresholds were chosen on all of CIFAR-10H; these sets show how far what is reached hangs on that choice.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from lines import Line, replayed

from workers.cli.offline.decisions import DEFAULT, RULES, decision_questions, figures_of
from workers.cli.offline.replay import replay
from workers.issues import label_issues

SEED = 1  # another than that of the sets by which thresholds were chosen
ORDERS = 10
FEW_ORDERS = 2
COMPARED = (DEFAULT, "two of three")
ANIMALS = (2, 3, 4, 5, 6, 7)
NOISE = 2.5  # of the log of probabilities: the weaker model flags more than twice as many
COLUMNS = ("set", "items", "votes", "clear rep.", "clear harm of the items")


@dataclass(frozen=True, slots=True)
class Answered:
    """Labels (N,), the model's probabilities (N, K) and how many people gave each class (N, K)."""

    labels: Any
    probs: Any
    counts: Any

    def only(self, rows: Any) -> Answered:
        return Answered(self.labels[rows], self.probs[rows], self.counts[rows])

    def among(self, classes: Sequence[int]) -> Answered:
        """Items whose label, model and people stay among these classes; probabilities sum to 1 again."""
        inside = np.isin(self.labels, classes) & (self.counts[:, classes].sum(axis=1) > 0)
        labels = np.searchsorted(classes, self.labels[inside])
        probs = self.probs[inside][:, classes]
        return Answered(labels, probs / probs.sum(axis=1, keepdims=True), self.counts[inside][:, classes])

    def of_so_many(self, n: int) -> Answered:
        """With so many of each item's answers, drawn at random."""
        rng = np.random.default_rng(SEED)
        drawn = [rng.multivariate_hypergeometric(row, min(n, row.sum())) for row in self.counts]
        return Answered(self.labels, self.probs, np.array(drawn))

    def by_a_weaker_model(self) -> Answered:
        log = np.log(np.clip(self.probs, 1e-6, 1))
        log += np.random.default_rng(SEED).normal(0, NOISE, log.shape)
        probs = np.exp(log - log.max(axis=1, keepdims=True))
        return Answered(self.labels, probs / probs.sum(axis=1, keepdims=True), self.counts)

    def replaced(self, share: float, *, by_confused: bool = False) -> Answered:
        """With a share of the labels moved to another class: any, or the one the model confuses most."""
        rng = np.random.default_rng(SEED)
        rows = rng.choice(len(self.labels), round(share * len(self.labels)), replace=False)
        labels, n_classes = self.labels.copy(), self.probs.shape[1]
        moved = (labels[rows] + rng.integers(1, n_classes, len(rows))) % n_classes
        labels[rows] = self._confused()[labels[rows]] if by_confused else moved
        return Answered(labels, self.probs, self.counts)

    def _confused(self) -> Any:
        mean = np.array([self.probs[self.labels == k].mean(axis=0) for k in range(self.probs.shape[1])])
        np.fill_diagonal(mean, -1)
        return mean.argmax(axis=1)


def rules_on_held_out(folder: Path, *, quick: bool, say: Callable[[str], object]) -> Iterator[Line]:
    """One line for each set and each of the two rules, and all of them as a table at the end."""
    orders = FEW_ORDERS if quick else ORDERS
    rows = [COLUMNS, ("---",) * len(COLUMNS)]
    for name, data in held_out(folder):
        questions = decision_questions(
            label_issues(data.labels, data.probs), data.labels, data.probs, data.counts
        )
        tallies = replay(questions, {rule: RULES[rule] for rule in COMPARED}, orders=orders, seed=SEED)
        reached = [figures_of(rule, tally, orders) for rule, tally in tallies.items()]
        yield from (replayed(f"held out, {name}", one.rule, one) for one in reached)
        ours, theirs = reached
        rows.append(
            (
                name,
                str(ours.items),
                f"{ours.votes_per_item:.2f} ({theirs.votes_per_item:.2f})",
                f"{ours.clear_repaired:.1f} ({theirs.clear_repaired:.1f})",
                f"{ours.clear_harmed / ours.items:.2%} ({theirs.clear_harmed / theirs.items:.2%})",
            )
        )
    say("\n".join("| " + " | ".join(row) + " |" for row in rows))


def held_out(folder: Path) -> Iterator[tuple[str, Answered]]:
    """Each set with its name: parts and views of CIFAR-10H, as they are and with 5 % replaced."""
    h = folder / "cifar10h"
    labels, probs, counts = (np.load(h / f"{name}.npy") for name in ("labels", "pred_probs", "human_counts"))
    whole = Answered(labels, probs, counts.astype(np.int64))
    order = np.random.default_rng(SEED).permutation(len(labels))
    half = len(labels) // 2
    parts = {
        "images of even number": whole.only(np.arange(0, len(labels), 2)),
        "of odd number": whole.only(np.arange(1, len(labels), 2)),
        "a random half": whole.only(np.sort(order[:half])),
        "the other half": whole.only(np.sort(order[half:])),
        "a tenth of the images": whole.only(np.sort(order[: len(labels) // 10])),
        "the first five classes": whole.among(range(5)),
        "the last five": whole.among(range(5, 10)),
        "the six animals": whole.among(ANIMALS),
        "ten of the fifty answers": whole.of_so_many(10),
        "twenty of the fifty answers": whole.of_so_many(20),
        "a weaker model": whole.by_a_weaker_model(),
    }
    for name, part in parts.items():
        yield f"{name}, as they are", part
        yield f"{name}, 5 %", part.replaced(0.05)
    for share in (0.02, 0.05, 0.1, 0.2):
        yield f"{share:.0%} replaced", whole.replaced(share)
        yield f"{share:.0%} replaced by the class confused most", whole.replaced(share, by_confused=True)


if __name__ == "__main__":
    tried = rules_on_held_out(Path(sys.argv[1]), quick="--quick" in sys.argv, say=print)
    for line in tried:
        print(json.dumps(line), file=sys.stderr, flush=True)
