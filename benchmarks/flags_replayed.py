"""Every rule of decision on the flagged labels of every set: what it repairs, spoils and asks, in one table.

CIFAR-10H as it is (few labels wrong, hard flags) and with 5 % of its labels replaced by another class (many
wrong, easy flags), MNIST and 20 Newsgroups with five answers each, CIFAR-10N with three and the truth, and
the demo's digits with its simulated reviewers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from demo_digits import rules_on_digits
from lines import Line, figures, replayed

from workers.cli.offline.decisions import RULES, decision_questions, figures_of, share_wrong, stated_bands
from workers.cli.offline.replay import KnownQuestion, replay
from workers.consensus.shares import odds_of, path_of
from workers.issues import label_issues

SEED = 0
REPLACED = 0.05
ORDERS = 40
FEW_ORDERS = 3  # of sets with thousands of flags
NO_LABEL = ("neither", "both")
COLUMNS = (
    "set", "rule", "items", "votes", "repaired", "harmed", "clear rep.", "clear harm", "undecided",
    "right kept", "wrong of the first 50", "100", "200",
)  # fmt: skip


def rules_on_flags(folder: Path, *, quick: bool, say: Callable[[str], object]) -> Iterator[Line]:
    """One line for each set and rule, and all of them as a table at the end."""
    orders = FEW_ORDERS if quick else ORDERS
    lines: list[Line] = []
    for line in chain(_on_sets(folder, orders), rules_on_digits(quick=quick)):
        lines.append(line)
        yield line
    say(table(lines))


def _on_sets(folder: Path, orders: int) -> Iterator[Line]:
    for name, questions in sets(folder):
        n_orders = min(orders, FEW_ORDERS) if len(questions) > 1000 else orders
        yield from _lines(name, questions, n_orders)


def sets(folder: Path) -> Iterator[tuple[str, list[KnownQuestion]]]:
    """The flagged labels of each set, with all answers."""
    h = folder / "cifar10h"
    labels, probs, counts = (np.load(h / f"{name}.npy") for name in ("labels", "pred_probs", "human_counts"))
    for name, given in (("cifar10h", labels), ("cifar10h, 5 % replaced", _replaced(labels, probs.shape[1]))):
        found = label_issues(given, probs)
        yield name, decision_questions(found, given, probs, counts.astype(np.int64))
    for name in ("mnist", "20news"):
        yield name, _panel(folder / "pervasive" / name)
    yield "cifar10n", _with_truth(folder / "cifar10n")


def _replaced(labels: Any, n_classes: int) -> Any:
    rng = np.random.default_rng(SEED)
    rows = rng.choice(len(labels), round(REPLACED * len(labels)), replace=False)
    changed = labels.copy()
    changed[rows] = (changed[rows] + rng.integers(1, n_classes, len(rows))) % n_classes
    return changed


def _panel(folder: Path) -> list[KnownQuestion]:
    probs = np.load(folder / "pred_probs.npy")
    rows = json.loads((folder / "votes.json").read_text(encoding="utf-8"))
    return [_asked_of_five(row, probs[int(row["id"])]) for row in rows]


def _asked_of_five(row: Any, probs: Any) -> KnownQuestion:
    given, guessed = int(row["given_original_label"]), int(row["our_guessed_label"])
    answers = [given] * row["mturk"]["given"]
    if guessed != given:  # else the same votes are written twice
        answers += [guessed] * row["mturk"].get("guessed", 0)
    named: list[int | str] = [*answers]
    for problem in NO_LABEL:
        named += [problem] * row["mturk"].get(problem, 0)
    odds = odds_of(float(probs[given]), float(probs[guessed]))
    path = path_of("label_error", str(given), str(guessed), odds)
    return KnownQuestion(given, guessed, named, path, frozenset(NO_LABEL))


def _with_truth(folder: Path) -> list[KnownQuestion]:
    labels, probs, truth = (
        np.load(folder / f"{name}.npy") for name in ("labels", "pred_probs", "true_labels")
    )
    votes: list[list[int]] = [[] for _ in labels]
    for task, _, label in np.loadtxt(folder / "votes.csv.gz", delimiter=",", skiprows=1, dtype=np.int64):
        votes[task].append(int(label))
    questions = []
    for row in label_issues(labels, probs).order.tolist():
        given = int(labels[row])
        others = probs[row].copy()
        others[given] = -1
        guessed = int(others.argmax())
        path = path_of(
            "label_error", str(given), str(guessed), odds_of(probs[row, given], probs[row, guessed])
        )
        questions.append(KnownQuestion(given, guessed, votes[row], path, truth=int(truth[row])))
    return questions


def _lines(name: str, questions: Sequence[KnownQuestion], orders: int) -> Iterator[Line]:
    tallies = replay(questions, RULES, orders=orders, seed=SEED)
    n_right = sum(one.most == one.given for one in questions)
    for rule, tally in tallies.items():
        reached = figures_of(rule, tally, orders)
        bands = stated_bands(tally, orders)
        yield {
            **replayed(name, rule, reached),
            "right_left_alone": figures(1 - reached.harmed / n_right) if n_right else None,
            "stated": [
                [band.low, figures(band.n), figures(band.stated), figures(band.right)] for band in bands
            ],
            "order": share_wrong(questions),
        }


def table(lines: Sequence[Line]) -> str:
    """All lines as rows of Markdown."""
    rows = [COLUMNS, ("---",) * len(COLUMNS), *map(_row, lines)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _row(line: Line) -> tuple[str, ...]:
    names = (
        "set", "rule", "items", "votes_an_item", "repaired", "harmed", "clear_repaired", "clear_harmed",
        "undecided", "right_left_alone",
    )  # fmt: skip
    order = line.get("order", {})
    among = (f"{order[k]:.2f}" if k in order else "" for k in ("50", "100", "200"))
    return (*(str(line[name]) for name in names), *among)
