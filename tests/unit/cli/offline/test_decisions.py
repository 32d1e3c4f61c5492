"""`secondlook evaluate --answers`: rules of decision replayed on what people said."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workers.cli.app import run
from workers.cli.offline.decisions import orders_for
from workers.cli.offline.replay import KnownQuestion, LeadRule, QuorumRule, Stop, replay
from workers.cli.offline.shares_rule import SharesRule
from workers.consensus import QuorumPolicy
from workers.consensus.shares import path_of

Ran = tuple[int, str, str]
N, K, PEOPLE = 400, 4, 20


def made_up() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels of which a tenth is wrong, a model that doubts these and others, twenty answers each."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, K, N)
    labels = np.where(rng.random(N) < 0.1, (truth + 1) % K, truth)
    guessed = np.where(rng.random(N) < 0.05, (truth + 2) % K, truth)
    probs = np.full((N, K), 0.04)
    probs[np.arange(N), guessed] = 0.88
    hard = rng.random(N) < 0.1
    shares = np.where(hard[:, None], 0.15, 0.02) * np.ones((N, K))
    shares[np.arange(N), truth] = np.where(hard, 0.55, 0.94)
    counts = np.array([rng.multinomial(PEOPLE, one / one.sum()) for one in shares])
    return labels, probs, counts


@pytest.fixture
def evaluate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Ran]:
    monkeypatch.chdir(tmp_path)
    for name, array in zip(("labels", "probs", "counts"), made_up(), strict=True):
        np.save(f"{name}.npy", array)

    def call(*arguments: str) -> Ran:
        files = ("--labels", "labels.npy", "--probs", "probs.npy", "--answers", "counts.npy")
        return run(["evaluate", *files, *arguments]), *capsys.readouterr()

    return call


def test_each_rule_is_one_object_and_one_is_the_default(evaluate: Callable[..., Ran]) -> None:
    code, out, _ = evaluate("--json")
    document = json.loads(out)
    assert code == 0
    assert [one["rule"] for one in document["decisions"] if one["default"]] == ["shares"]
    for one in document["decisions"]:
        assert {
            "rule", "default", "items", "votes_per_item", "repaired", "harmed", "clear_repaired",
            "clear_harmed", "undecided",
        } == set(one)  # fmt: skip
        assert one["items"] == document["n_flagged"]
        assert one["clear_repaired"] <= one["repaired"]
        assert one["clear_harmed"] <= one["harmed"]
    assert set(document["order"]) == {"50", "100", "200"}
    assert all(0 <= one["right"] <= 1 and one["low"] <= one["stated"] for one in document["stated"])


def test_the_default_rule_repairs_as_much_as_two_of_three_and_spoils_less(
    evaluate: Callable[..., Ran],
) -> None:
    rules = {one["rule"]: one for one in json.loads(evaluate("--json")[1])["decisions"]}
    shares, quorum = rules["shares"], rules["two of three"]
    assert shares["clear_harmed"] < quorum["clear_harmed"]
    assert shares["clear_repaired"] > 0.9 * quorum["clear_repaired"]


def test_the_same_is_said_again(evaluate: Callable[..., Ran]) -> None:
    assert evaluate("--json") == evaluate("--json")


def test_people_read_a_table_and_which_rule_to_use(evaluate: Callable[..., Ran]) -> None:
    code, out, _ = evaluate()
    assert code == 0
    assert "shares (default)" in out
    assert "Wrong labels in the order of the queue: " in out
    assert "Use " in out.splitlines()[-1]


def test_flags_without_answers_are_left_out_and_said(evaluate: Callable[..., Ran]) -> None:
    _, out, _ = evaluate("--json")
    n_flagged = json.loads(out)["n_flagged"]
    counts = np.load("counts.npy")
    labels, probs = np.load("labels.npy"), np.load("probs.npy")
    flagged = np.flatnonzero(probs.argmax(axis=1) != labels)
    counts[flagged[:5]] = 0
    np.save("counts.npy", counts)
    document = json.loads(evaluate("--json")[1])
    assert document["unanswered"] > 0
    assert document["decisions"][0]["items"] == n_flagged - document["unanswered"]
    for options in ((), ("--json",)):
        assert "no answers in --answers: left out" in evaluate(*options)[2]
    counts[flagged] = 0
    np.save("counts.npy", counts)
    assert "no rule can be tried" in evaluate()[1]


def test_many_flags_are_replayed_in_fewer_orders_which_the_json_says(evaluate: Callable[..., Ran]) -> None:
    assert [orders_for(n) for n in (0, 151, 1000, 5000, 1_000_000)] == [40, 40, 40, 8, 5]
    assert json.loads(evaluate("--json")[1])["orders"] == 40


def test_few_answers_are_said_to_be_no_sure_truth(evaluate: Callable[..., Ran]) -> None:
    assert "of so few" not in evaluate("--json")[2]
    counts = np.load("counts.npy")
    np.save("counts.npy", np.round(counts / PEOPLE * 5).astype(int))
    _, out, err = evaluate("--json")
    assert json.loads(out)["answers_per_item"] <= 6
    assert "what most of so few say is uncertain" in " ".join(err.split())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda counts: counts[:5], "--answers: it has the shape (5, 4), --probs (400, 4)"),
        (lambda counts: counts[:, :2], "--answers: it has the shape (400, 2)"),
        (lambda counts: np.hstack([counts, counts[:, :1]]), "--answers: it has the shape (400, 5)"),
        (lambda counts: counts.sum(axis=1), "--answers: it has the shape (400,)"),
        (lambda counts: counts - 1, "was given -1 times. Save whole numbers from 0"),
        (lambda counts: counts.astype(np.uint64) + 2**63, "times. Save whole numbers from 0 to 100,000"),
        (lambda counts: counts + 1e300, "was given 1e+300 times"),
        (lambda counts: counts * 0, "--answers: it holds no answer"),
        (lambda counts: counts.astype(str), "not counts"),
        (lambda counts: counts + 0.5, "--answers, row 0: class 0 was given"),
        (lambda counts: np.where(counts == counts[0, 0], np.nan, counts), "was given nan times"),
        (lambda counts: counts > 0, "--answers: it holds bool, not counts"),
    ],
)
def test_bad_answers_are_refused(
    evaluate: Callable[..., Ran], change: Callable[[Any], Any], words: str
) -> None:
    np.save("counts.npy", change(np.load("counts.npy")))
    code, out, err = evaluate()
    assert (code, out) == (1, "")
    assert words in " ".join(err.split())


# --- the rules themselves -----------------------------------------------------------------------

QUESTION = KnownQuestion("a", "b", list("abb"), path_of("label_error", "a", "b", 10.0), frozenset({"none"}))


@pytest.mark.parametrize(
    ("answers", "stop"),
    [
        ("aab", Stop(2, "a")),
        ("abb", Stop(3, "b")),
        ("abc", Stop(3, None)),
        (["none", "none", "a"], Stop(2, None)),
    ],
)
def test_two_of_three_stops_at_two_alike(answers: list[str], stop: Stop) -> None:
    assert QuorumRule(QuorumPolicy(quorum=2, max_votes=3)).stop(QUESTION, list(answers)) == stop


@pytest.mark.parametrize(
    ("answers", "stop"),
    [
        ("aabbb", Stop(2, "a")),
        ("bbb", Stop(3, "b")),
        ("babbb", Stop(5, "b")),
        ("babac", Stop(5, None)),
        (["none"] * 5, Stop(5, None)),
    ],
)
def test_a_lead_is_counted_against_the_next_answer(answers: list[str], stop: Stop) -> None:
    assert LeadRule(change=3, most=5).stop(QUESTION, list(answers)) == stop


def test_what_most_say_decides_what_is_repaired_and_what_is_spoiled() -> None:
    right = KnownQuestion("a", "b", ["a"] * 3 + ["b"], QUESTION.path)
    wrong = KnownQuestion("a", "b", ["b"] * 4, QUESTION.path)
    even = KnownQuestion("a", "b", ["a", "b"], QUESTION.path)

    class Always:
        def stop(self, _question: KnownQuestion, answers: Any) -> Stop:
            return Stop(len(answers), "b")

    tally = replay([right, wrong, even], {"always": Always}, orders=10)["always"]
    assert (tally.sums["repaired"], tally.sums["harmed"], tally.sums["changed_otherwise"]) == (10, 10, 10)
    assert (tally.sums["clear_repaired"], tally.sums["clear_harmed"]) == (10, 10)
    assert tally.sums["votes"] == 10 * 10


def test_shares_learn_only_from_questions_asked_before() -> None:
    one, other = SharesRule(), SharesRule()
    first = one.stop(QUESTION, ["b", "b", "b", "b", "b"])
    other.stop(QUESTION, ["a"])
    assert other.stop(QUESTION, ["b", "b", "b", "b", "b"]) == first
