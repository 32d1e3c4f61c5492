"""The policy replayed on real votes: accuracy against votes, and what becomes of flagged labels.

python benchmarks/policy.py FOLDER, or BENCH_DATA=FOLDER make bench BENCH_ARGS=policy. In FOLDER stand
`cifar10n` (pred_probs.npy, labels.npy, true_labels.npy and votes.csv.gz: task, annotator, label),
`cifar10h` (pred_probs.npy, labels.npy, human_counts.npy) and `pervasive/mnist`, `pervasive/20news`
(pred_probs.npy and votes.json).
"""

from __future__ import annotations

import json
import os
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from five_answers import most_repaired
from flags_replayed import rules_on_flags, sets
from held_out import rules_on_held_out
from lines import Line, figures
from scene import Scene

from workers.consensus import (
    Prior,
    QuorumOutcome,
    QuorumPolicy,
    QuorumVote,
    Situation,
    Trust,
    decide,
    measured_accuracy,
    posterior,
)

FOLDER = "BENCH_DATA"
SEED = 4
LEARN_EVERY = 1000  # items after which what is known of people and model is brought up to date
CONFIDENCES = (0.8, 0.9, 0.95, 0.97, 0.99)
ITEMS = 10_000  # of 50,000: a share of these is right within .005
QUICK_ITEMS = 2000
HARM_SHARE = 0.003
ORDERS = 200  # in which the five answers of a flagged item may come

Say = Callable[[str], None]
Ballots = Sequence[Sequence[QuorumVote]]


def measure(scene: Scene) -> Iterator[Line]:
    """The lines of every set that is there."""
    named = os.environ.get(FOLDER)
    if named is None:
        scene.say(f"   left out: {FOLDER} names no folder with real votes")
        return
    yield from rules_on_flags(Path(named), quick=scene.quick, say=scene.say)
    yield from rules_on_held_out(Path(named), quick=scene.quick, say=scene.say)
    yield from replayed(Path(named), quick=scene.quick)


def replayed(folder: Path, *, quick: bool) -> Iterator[Line]:
    yield from bounds(folder)
    yield from curve(folder / "cifar10n", QUICK_ITEMS if quick else ITEMS)
    for name in ("mnist", "20news"):
        yield from flagged(folder / "pervasive" / name, name)


def bounds(folder: Path) -> Iterator[Line]:
    """What any one rule can repair of the panels of five that hardly spoils CIFAR-10H."""
    questions = dict(sets(folder))
    mnist, news, others = (questions[name] for name in ("mnist", "20news", "cifar10h"))
    for name, panels in (("mnist", mnist), ("20news", news), ("mnist and 20news", [*mnist, *news])):
        most = most_repaired(panels, others, HARM_SHARE)
        yield {"bench": f"policy/{name}/at most, with five answers", "repaired": figures(most)}


# --- accuracy against votes -------------------------------------------------------------------


@dataclass
class Asked:
    """What asking item by item came to."""

    right: list[bool] = field(default_factory=list)
    decided: list[bool] = field(default_factory=list)
    votes: list[int] = field(default_factory=list)

    def line(self, rule: str) -> Line:
        right, decided = np.array(self.right), np.array(self.decided)
        return {
            "bench": f"policy/cifar10n/{rule}",
            "votes_an_item": figures(float(np.mean(self.votes))),
            "accuracy": figures(float(right.mean())),
            "decided": figures(float(decided.mean())),
            "right_when_decided": figures(float(right[decided].mean())),
        }


@dataclass
class Learned:
    """How often people, and the model, said what was decided: known only of votes that were asked for."""

    right: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    n: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))

    def see(self, who: str, agreed: bool) -> None:  # noqa: FBT001 - a fact, no switch
        self.right[who] += agreed
        self.n[who] += 1

    def accuracy(self, who: str, before: float) -> float:
        return measured_accuracy(self.right[who], self.n[who], before=before)

    def trust(self) -> Trust:
        usual = Trust().usual
        return Trust(accuracy={who: self.accuracy(who, usual) for who in self.n})


def curve(folder: Path, most: int) -> Iterator[Line]:
    """Fixed rules and the adaptive policy, on labels asked for from scratch, three answers at most."""
    probs = np.load(folder / "pred_probs.npy")
    truth = np.load(folder / "true_labels.npy")
    ballots = _ballots(folder / "votes.csv.gz", len(truth))
    order = np.random.default_rng(SEED).permutation(len(truth))[:most]
    model = probs.argmax(axis=1)
    yield {
        "bench": "policy/cifar10n/the model alone",
        "votes_an_item": 0,
        "accuracy": figures(float((model[order] == truth[order]).mean())),
    }
    fixed = {
        "one vote": QuorumPolicy(quorum=1, max_votes=1),
        "two, a third on a tie": QuorumPolicy(quorum=2, max_votes=3),
        "three votes": QuorumPolicy(quorum=2, min_votes=3, max_votes=3),
    }
    for name, policy in fixed.items():
        yield asked(ballots, truth, order, policy, None).line(name)
    for confidence in CONFIDENCES:
        policy = QuorumPolicy(confidence=confidence, max_votes=3)
        yield asked(ballots, truth, order, policy, None).line(f"adaptive, people alone, {confidence}")
        yield asked(ballots, truth, order, policy, probs).line(f"adaptive, with the model, {confidence}")


def _ballots(votes: Path, n_items: int) -> list[list[QuorumVote]]:
    """The votes of each item in the order of the file."""
    found: list[list[QuorumVote]] = [[] for _ in range(n_items)]
    for task, annotator, label in np.loadtxt(votes, delimiter=",", skiprows=1, dtype=np.int64):
        found[task].append(QuorumVote(str(annotator), str(label)))
    return found


def asked(ballots: Ballots, truth: Any, order: Any, policy: QuorumPolicy, probs: Any | None) -> Asked:
    """Reveal vote after vote until the policy has enough.

    What is undecided at the end counts with its most probable label for fixed rules: the first of those
    named most. Nothing is known of people or model at first; both are learned from what was decided.
    """
    classes = [str(k) for k in range(int(truth.max()) + 1)]
    adaptive, learned, seen = policy.confidence is not None, Learned(), Asked()
    trust, sureness = Trust(), 0.5
    for n, item in enumerate(order):
        if n % LEARN_EVERY == 0 and n:
            trust, sureness = learned.trust(), learned.accuracy("model", 0.5)
        prior = Prior(model=_opinion(probs, item, classes), model_accuracy=sureness)
        votes, label, settled = _until_decided(
            ballots[item], policy, prior, trust, classes, adaptive=adaptive
        )
        seen.right.append(label == classes[truth[item]])
        seen.decided.append(settled)
        seen.votes.append(len(votes))
        if settled and adaptive:
            _learn(learned, votes, probs, item, trust, prior, classes)
    return seen


def _opinion(probs: Any | None, item: int, classes: Sequence[str]) -> dict[str, float] | None:
    return None if probs is None else dict(zip(classes, probs[item].tolist(), strict=True))


def _until_decided(
    answers: Sequence[QuorumVote],
    policy: QuorumPolicy,
    prior: Prior,
    trust: Trust,
    classes: Sequence[str],
    *,
    adaptive: bool,
) -> tuple[Sequence[QuorumVote], str, bool]:
    for n in range(1, len(answers) + 1):
        votes = answers[:n]
        found = posterior(votes, classes, prior, trust) if adaptive else None
        verdict = decide(votes, "", policy, Situation(probabilities=found))
        if verdict.label is not None:
            return votes, verdict.label, True
        if verdict.outcome is not QuorumOutcome.ASK_MORE:
            break
    if found is not None:
        return votes, max(found, key=lambda name: found[name]), False
    said = [vote.label or "" for vote in votes]
    return votes, max(said, key=said.count), False


def _learn(
    learned: Learned,
    votes: Sequence[QuorumVote],
    probs: Any | None,
    item: int,
    trust: Trust,
    prior: Prior,
    classes: Sequence[str],
) -> None:
    """Each answer is held against what all the others say: nobody confirms themselves."""
    for vote in votes:
        others = [one for one in votes if one is not vote]
        if others or prior.model is not None:
            rest = posterior(others, classes, prior, trust)
            learned.see(vote.reviewer, vote.label == max(rest, key=lambda name: rest[name]))
    if probs is not None and len(votes) > 1:
        people = posterior(votes, classes, replace(prior, model=None), trust)
        learned.see("model", classes[int(probs[item].argmax())] == max(people, key=lambda name: people[name]))


# --- what becomes of flagged labels -----------------------------------------------------------


@dataclass(frozen=True)
class Flag:
    """One flagged item with its five answers, and what the majority of them found."""

    given: str
    guessed: str
    answers: tuple[QuorumVote, ...]
    kind: str  # right, correctable or other: several fit, none does, or no majority


def flagged(folder: Path, name: str) -> Iterator[Line]:
    """Shares of confirmed errors repaired and of right labels left alone, by the number of reviews."""
    probs = np.load(folder / "pred_probs.npy")
    rows = json.loads((folder / "votes.json").read_text(encoding="utf-8"))
    flags = [(int(row["id"]), _flag(row)) for row in rows]
    classes = [str(k) for k in range(probs.shape[1])]
    rules = {f"majority of {n}": QuorumPolicy(quorum=n // 2 + 1, max_votes=n) for n in range(1, 6)}
    rules["two, a third on a tie"] = QuorumPolicy(quorum=2, max_votes=3)
    rules["adaptive, 0.9"] = QuorumPolicy(confidence=0.9, max_votes=5)
    for rule, policy in rules.items():
        yield {"bench": f"policy/{name}/{rule}", **_fates(flags, probs, classes, policy)}


def _flag(row: Mapping[str, Any]) -> Flag:
    given, guessed = str(row["given_original_label"]), str(row["our_guessed_label"])
    counts = row["mturk"]
    # Where the guess is the given label, the same votes are written twice.
    for_guessed = 0 if given == guessed else counts.get("guessed", 0)
    said: list[tuple[str | None, tuple[str, ...]]] = [
        *[(given, ())] * counts["given"],
        *[(guessed, ())] * for_guessed,
        *[(None, ("none of the classes",))] * counts.get("neither", 0),
        *[(None, ("several fit",))] * counts.get("both", 0),
    ]
    answers = tuple(QuorumVote(f"r{n}", label, problems) for n, (label, problems) in enumerate(said))
    kind = "right" if counts["given"] >= 3 else "correctable" if for_guessed >= 3 else "other"
    return Flag(given, guessed, answers, kind)


def _fates(
    flags: Sequence[tuple[int, Flag]], probs: Any, classes: Sequence[str], policy: QuorumPolicy
) -> Line:
    chance = np.random.default_rng(SEED)
    counts: defaultdict[tuple[str, str], int] = defaultdict(int)
    votes = 0
    for item, flag in flags:
        model = dict(zip(classes, probs[item].tolist(), strict=True))
        prior = Prior(flag.given, None, model)
        for _ in range(ORDERS):
            answers = [flag.answers[n] for n in chance.permutation(len(flag.answers))]
            n_votes, fate = _fate(answers, flag, policy, prior, classes)
            counts[flag.kind, fate] += 1
            votes += n_votes
    n = {
        kind: sum(c for (k, _), c in counts.items() if k == kind)
        for kind in ("right", "correctable", "other")
    }
    errors = n["correctable"] + n["other"]
    found = counts["correctable", "repaired"]
    set_aside = sum(counts[kind, "set aside"] for kind in ("correctable", "other"))
    return {
        "votes_an_item": figures(votes / (len(flags) * ORDERS)),
        "correctable_repaired": figures(found / n["correctable"]),
        "errors_repaired": figures(found / errors),
        "errors_repaired_or_set_aside": figures((found + set_aside) / errors),
        "right_left_alone": figures(counts["right", "left"] / n["right"]),
        "errors": errors // ORDERS,
        "correctable": n["correctable"] // ORDERS,
        "right": n["right"] // ORDERS,
    }


def _fate(
    answers: Sequence[QuorumVote], flag: Flag, policy: QuorumPolicy, prior: Prior, classes: Sequence[str]
) -> tuple[int, str]:
    """How many answers were taken, and what became of the label."""
    n = 0
    for n in range(1, len(answers) + 1):
        probabilities = None
        if policy.confidence is not None:
            probabilities = posterior(answers[:n], classes, prior, Trust())
        verdict = decide(answers[:n], flag.given, policy, Situation(probabilities=probabilities))
        if verdict.outcome is QuorumOutcome.ACCEPT:
            return n, "repaired" if verdict.label == flag.guessed else "changed"
        if verdict.problem is not None:
            return n, "set aside"
        if verdict.outcome is not QuorumOutcome.ASK_MORE:
            break
    return n, "left"


if __name__ == "__main__":
    chosen = Path(sys.argv[1]), "--quick" in sys.argv
    tables = [
        tried(chosen[0], quick=chosen[1], say=lambda words: print(words, file=sys.stderr))
        for tried in (rules_on_flags, rules_on_held_out)
    ]
    for line in chain(*tables, replayed(chosen[0], quick=chosen[1])):
        print(json.dumps(line), flush=True)
