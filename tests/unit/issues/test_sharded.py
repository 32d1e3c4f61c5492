"""However rows are split into shards, the answer is that of one process."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from workers.issues import InvalidInput, LabelIssues, Method, label_issues
from workers.issues.sharded import (
    Cuts,
    PairQuestion,
    Reduction,
    ShardEvidence,
    ShardMargins,
    ShardTrust,
    UnusableState,
    cuts_of,
    maps,
    read_evidence,
    read_margins,
    read_trust,
)


def sharded_issues(
    labels: NDArray[Any], probs: NDArray[Any], starts: list[int], method: str
) -> tuple[LabelIssues, PairQuestion | None]:
    """A run in which everything that is handed on has been bytes in between."""
    ends = [*starts[1:], len(labels)]
    shards = [(labels[a:b], probs[a:b], a) for a, b in zip(starts, ends, strict=True)]
    trust = [ShardTrust.from_bytes(read_trust(x, p, first_row=a).to_bytes()) for x, p, a in shards]
    cuts = Cuts.from_bytes(cuts_of(trust, method).to_bytes())
    evidence = [
        ShardEvidence.from_bytes(read_evidence(x, p, cuts, first_row=a).to_bytes()) for x, p, a in shards
    ]
    found = Reduction(cuts, trust, evidence)
    answers = []
    if found.question is not None:
        question = PairQuestion.from_bytes(found.question.to_bytes())
        answers = [
            ShardMargins.from_bytes(read_margins(x, p, cuts, question).to_bytes()) for x, p, _ in shards
        ]
    return found.issues(answers), found.question


def assert_same(found: LabelIssues, expected: LabelIssues) -> None:
    assert np.array_equal(found.mask, expected.mask)
    assert np.array_equal(found.quality, expected.quality)
    assert found.quality.dtype == expected.quality.dtype
    assert np.array_equal(found.order, expected.order)
    assert np.array_equal(found.suggested, expected.suggested)
    assert found.warnings == expected.warnings


@st.composite
def cases(draw: st.DrawFn) -> tuple[NDArray[Any], NDArray[Any], list[int]]:
    """Labels, probabilities with what makes answers fragile (ties, few decimals, sums off), and a split."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_rows, n_classes = draw(st.integers(2, 120)), draw(st.integers(2, 70))
    probs = rng.dirichlet(np.full(n_classes, draw(st.sampled_from([0.05, 0.3, 1.0, 5.0]))), n_rows)
    decimals = draw(st.sampled_from([None, 1, 2, 3, 5]))
    if decimals is not None:
        probs = np.round(probs, decimals)
        probs[probs.sum(axis=1) == 0, 0] = 1
        if decimals == 1 or draw(st.booleans()):
            probs /= probs.sum(axis=1, keepdims=True)
    if draw(st.booleans()):
        probs = probs[rng.integers(0, n_rows, n_rows) % max(2, n_rows // 8)]
    if draw(st.integers(0, 4)) == 0:
        probs[rng.integers(0, n_rows)] = np.eye(n_classes)[0] * 1.00001
    wrong = rng.random(n_rows) < draw(st.sampled_from([0.05, 0.2, 0.6, 1.0]))
    labels = np.where(wrong, rng.integers(0, n_classes, n_rows), probs.argmax(axis=1))
    labels[:2] = 0, 1
    cut = draw(st.sets(st.integers(1, n_rows - 1), max_size=6))
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    return labels, probs.astype(dtype), [0, *sorted(cut)]


@settings(max_examples=300, deadline=None)
@given(case=cases(), method=st.sampled_from(list(Method)))
def test_any_split_gives_the_answer_of_one_process(case: Any, method: Method) -> None:
    labels, probs, starts = case
    expected = label_issues(labels, probs, method=method)
    assert_same(sharded_issues(labels, probs, starts, method)[0], expected)


def noisy(n_rows: int, n_classes: int) -> tuple[NDArray[Any], NDArray[Any]]:
    rng = np.random.default_rng(4)
    probs = rng.standard_exponential((n_rows, n_classes)) ** 3
    probs[np.arange(n_rows), rng.integers(0, n_classes, n_rows)] += n_classes * rng.gamma(2, 1, n_rows)
    probs /= probs.sum(axis=1, keepdims=True)
    return np.where(rng.random(n_rows) < 0.1, rng.integers(0, n_classes, n_rows), probs.argmax(1)), probs


@pytest.mark.parametrize("method", list(Method))
def test_summaries_are_small_and_seldom_leave_a_question(method: Method) -> None:
    labels, probs = noisy(20_000, 10)
    parts = [slice(start, start + 5_000) for start in range(0, 20_000, 5_000)]
    trust = [read_trust(labels[part], probs[part]) for part in parts]
    cuts = cuts_of(trust, method)
    evidence = [read_evidence(labels[part], probs[part], cuts) for part in parts]
    found = Reduction(cuts, trust, evidence)
    assert found.question is None
    assert_same(found.issues(), label_issues(labels, probs, method=method))
    assert all(len(part.to_bytes()) < 10 * 5_000 for part in trust)
    assert all(len(part.to_bytes()) < 12 * 5_000 for part in evidence)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_margins_beyond_the_allowance_are_asked_for(monkeypatch: pytest.MonkeyPatch, dtype: type) -> None:
    monkeypatch.setattr(maps, "ENTRIES_PER_ROW", 0.02)
    labels, probs = noisy(3_000, 20)
    probs = probs.astype(dtype)
    found, question = sharded_issues(labels, probs, [0, 700, 1_900], Method.PRUNE_BY_NOISE_RATE)
    assert question is not None
    assert_same(found, label_issues(labels, probs))


def test_an_unanswered_question_is_not_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maps, "ENTRIES_PER_ROW", 0)
    labels, probs = noisy(500, 5)
    trust = [read_trust(labels, probs)]
    cuts = cuts_of(trust, Method.PRUNE_BY_NOISE_RATE)
    found = Reduction(cuts, trust, [read_evidence(labels, probs, cuts)])
    assert found.question is not None
    with pytest.raises(ValueError, match="1 shards are to answer, 0 have"):
        found.issues()


def test_a_bad_row_is_named_by_its_number_among_all() -> None:
    with pytest.raises(InvalidInput) as refusal:
        read_trust([0, 1], [[0.5, 0.5], [0.2, 0.2]], first_row=1_000)
    assert refusal.value.row == 1_001


def test_shards_of_different_types_are_refused() -> None:
    probs = np.array([[0.6, 0.4], [0.1, 0.9]])
    with pytest.raises(InvalidInput, match="from shard to shard"):
        cuts_of([read_trust([0, 1], probs), read_trust([0, 1], probs.astype(np.float32))], Method.BOTH)


def test_one_class_in_all_shards_is_refused_and_in_one_shard_fine() -> None:
    probs = np.array([[0.6, 0.4], [0.1, 0.9]])
    first, second = read_trust([0, 0], probs), read_trust([1, 1], probs)
    assert len(cuts_of([first, second], Method.BOTH).thresholds) == 2
    with pytest.raises(InvalidInput, match="holds class 0 only"):
        cuts_of([first, first], Method.BOTH)


def test_a_part_is_not_taken_for_another_kind() -> None:
    part = read_trust([0, 1], [[0.5, 0.5], [0.2, 0.8]]).to_bytes()
    with pytest.raises(UnusableState, match="no shard's cuts"):
        Cuts.from_bytes(part)
    with pytest.raises(UnusableState, match="cut short"):
        ShardTrust.from_bytes(part[:-1])
