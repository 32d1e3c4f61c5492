from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from tests.unit.issues.spans.sentences import made_up
from workers.issues import (
    InvalidInput,
    Method,
    confidence_weighted_entropy,
    label_issues,
    normalized_margin,
    self_confidence,
    sentence_scores,
    token_issues,
)


def reference_pairs(labels: Any, probs: Any, method: str) -> list[tuple[int, int]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from cleanlab.token_classification.filter import find_label_issues

        return find_label_issues(labels, probs, filter_by=method, n_jobs=1)


@pytest.mark.parametrize("method", list(Method))
def test_pairs_and_their_order_are_those_of_cleanlab(method: Method) -> None:
    for seed in range(20):
        labels, probs = made_up(seed)
        ours = token_issues(labels, probs, method=method).pairs
        assert [tuple(pair) for pair in ours.tolist()] == reference_pairs(labels, probs, method), seed


def test_single_precision_is_followed() -> None:
    labels, probs = made_up(3, sentences=200)
    rounded = [item.astype(np.float32) for item in probs]
    result = token_issues(labels, rounded)
    assert result.quality.dtype == np.float32
    assert {*map(tuple, result.pairs.tolist())} == {*reference_pairs(labels, rounded, "prune_by_noise_rate")}


def test_more_classes_than_a_byte_numbers() -> None:
    labels, probs = made_up(4, sentences=300, classes=300)
    result = token_issues(labels, probs).pairs
    assert {*map(tuple, result.tolist())} == {*reference_pairs(labels, probs, "prune_by_noise_rate")}


@pytest.mark.parametrize("pooling", ["min", "softmin"])
@pytest.mark.parametrize(
    ("score", "name"),
    [
        (self_confidence, "self_confidence"),
        (normalized_margin, "normalized_margin"),
        (confidence_weighted_entropy, "confidence_weighted_entropy"),
    ],
)
def test_scores_of_sentences_are_those_of_cleanlab(pooling: str, score: Any, name: str) -> None:
    from cleanlab.token_classification.rank import get_label_quality_scores

    labels, probs = made_up(6)
    filled = [i for i, item in enumerate(labels) if item]
    labels, probs = [labels[i] for i in filled], [probs[i] for i in filled]
    expected, tokens = get_label_quality_scores(
        labels, probs, sentence_score_method=pooling, token_score_method=name
    )
    result = sentence_scores(labels, probs, pooling=pooling, token_score=score)
    assert result.sentence == pytest.approx(expected, abs=1e-12)
    assert result.token == pytest.approx(np.concatenate([item.to_numpy() for item in tokens]), abs=1e-12)


@pytest.mark.parametrize("pooling", ["min", "softmin"])
def test_an_empty_sentence_has_nothing_to_doubt(pooling: str) -> None:
    labels, probs = made_up(1)
    with_empty = sentence_scores([[], *labels, []], [np.zeros((0,)), *probs, []], pooling=pooling)
    plain = sentence_scores(labels, probs, pooling=pooling)
    assert with_empty.sentence.tolist() == [1, *plain.sentence.tolist(), 1]


def test_empty_sentences_move_the_numbers_of_the_others_only() -> None:
    labels, probs = made_up(2)
    plain = token_issues(labels, probs).pairs
    shifted = token_issues([[], *labels], [np.zeros((0, 5)), *probs]).pairs
    assert np.array_equal(shifted - plain, np.tile([1, 0], (len(plain), 1)))


def test_arrays_of_labels_are_read_as_lists_are() -> None:
    labels, probs = made_up(7)
    arrays = [np.array(item, dtype=np.int64) for item in labels]
    assert np.array_equal(token_issues(arrays, probs).pairs, token_issues(labels, probs).pairs)


def test_sentences_may_come_one_by_one() -> None:
    labels, probs = made_up(7)
    found = token_issues((each for each in labels), (each for each in probs))
    assert np.array_equal(found.pairs, token_issues(labels, probs).pairs)


def test_tables_of_two_precisions_are_joined_as_numpy_joins_them() -> None:
    labels, probs = made_up(7)
    mixed = [each.astype(np.float32) if n % 2 else each for n, each in enumerate(probs)]
    widened = [each.astype(np.float64) for each in mixed]
    found, wanted = token_issues(labels, mixed), token_issues(labels, widened)
    assert np.array_equal(found.pairs, wanted.pairs)
    assert np.array_equal(found.quality, wanted.quality)


@pytest.mark.parametrize("decimals", [None, 2])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_many_sentences_are_judged_as_their_tokens_are_in_one_table(dtype: Any, decimals: int | None) -> None:
    """More than one block, one of them a single long sentence, and ties, of which all rows are compared."""
    rng = np.random.default_rng(11)
    lengths = [*rng.integers(1, 40, 2_000).tolist(), 60_000, *rng.integers(1, 40, 2_000).tolist()]
    probs = rng.dirichlet(np.linspace(0.05, 0.5, 9), sum(lengths))
    labels = np.where(rng.random(len(probs)) < 0.2, rng.integers(0, 9, len(probs)), probs.argmax(axis=1))
    if decimals is not None:
        probs = np.round(probs, decimals)
    probs = probs.astype(dtype)
    ends = np.cumsum(lengths)[:-1]
    lists, tables = [part.tolist() for part in np.split(labels, ends)], np.split(probs, ends)
    starts = np.concatenate([[0], ends])
    for method in Method:
        result, expected = (
            token_issues(lists, tables, method=method),
            label_issues(labels, probs, method=method),
        )
        assert np.array_equal(starts[result.pairs[:, 0]] + result.pairs[:, 1], expected.order), method
        assert np.array_equal(result.quality, expected.quality), method


def with_second(values: list[Any]) -> tuple[list[Any], list[Any]]:
    labels: list[Any] = [[0, 1], [0, 1]]
    probs: list[Any] = [np.array([[0.9, 0.1], [0.2, 0.8]]), np.array(values)]
    return labels, probs


@pytest.mark.parametrize(
    ("labels", "probs", "words"),
    [
        (*with_second([[0.9, 0.1], [np.nan, 1]]), "pred_probs, row 1: token 1: holds NaN or infinity"),
        (*with_second([[0.9, 0.1], [0.9, 0.9]]), "pred_probs, row 1: token 1: sums to 1.8"),
        (*with_second([[0.9, 0.1]]), "labels, row 1: has 2 tokens for 1 rows of pred_probs"),
        (
            [[0, 1, 1], [0, 1]],
            [np.eye(2), np.array([[0.9, 0.1], [0.5, 0.5], [0.2, 0.8]])],
            "labels, row 0: has 3 tokens for 2 rows of pred_probs",
        ),
        (
            [[0, 1], [], [0, 1]],
            [np.eye(2), np.eye(2), np.eye(2)],
            "labels, row 1: has 0 tokens for 2 rows of pred_probs",
        ),
        (*with_second([[0.9, 0.1, 0], [0, 0, 1]]), "pred_probs, row 1: has shape (2, 3) where the first has"),
        (
            [[0, 1], [0, 2]],
            with_second([[0.9, 0.1], [0.5, 0.5]])[1],
            "labels, row 1: token 1: holds 2, outside",
        ),
        ([[0, 1], [0, -1]], with_second([[0.9, 0.1], [0.5, 0.5]])[1], "labels, row 1: token 1: holds -1"),
        ([[0, 1], [0, 0.5]], with_second([[0.9, 0.1], [0.5, 0.5]])[1], "labels: has dtype float64"),
        ([[0, 1]], with_second([[0.9, 0.1], [0.5, 0.5]])[1], "labels: has 1 sentences for 2 of pred_probs"),
        ([[], []], [[], []], "pred_probs: has no rows"),
    ],
)
def test_bad_input_is_refused_with_sentence_and_token(labels: Any, probs: Any, words: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        token_issues(labels, probs)
    assert str(refused.value).startswith(words)


def test_a_pooling_that_there_is_not_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"pooling: is 'mean'\. Choose one of min, softmin"):
        sentence_scores(*made_up(0), pooling="mean")
