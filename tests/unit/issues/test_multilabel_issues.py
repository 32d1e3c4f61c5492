"""Several labels an item: the reference implementation's items where it answers, sound answers elsewhere."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from workers.issues import InvalidInput, Method, multilabel_issues

CLASSWISE = [method for method in Method if not method.startswith("low_")]
GIVES_UP = "Labels must contain at least 2 classes"  # a class that nobody, or everybody, carries

Table = NDArray[np.bool_]
Probs = NDArray[np.floating]


def random_case(seed: int) -> tuple[Table, Probs]:
    """Several labels an item, with ties, few decimals, both types, and classes of few or no items."""
    rng = np.random.default_rng(seed)
    shape = int(rng.integers(2, 200)), int(rng.integers(2, 8))
    probs = rng.beta(0.4, 0.6, shape)
    if rng.random() < 0.4:
        probs = np.round(probs, int(rng.choice([1, 2])))
    table = (probs > 0.5) ^ (rng.random(shape) < rng.choice([0.05, 0.2, 0.6]))
    if rng.random() < 0.3:
        table[:, 0] = False
    table[0, 1] = True
    return table, probs.astype(np.float32) if rng.random() < 0.4 else probs


def lists_of(table: Table) -> list[list[int]]:
    return [np.flatnonzero(row).tolist() for row in table]


def reference_mask(table: Table, probs: Probs, method: str) -> Table | None:
    """None where it gives up."""
    from cleanlab.multilabel_classification.filter import find_label_issues

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            mask: Table = find_label_issues(lists_of(table), probs, filter_by=method, n_jobs=1)
    except ValueError as error:
        if GIVES_UP in str(error):
            return None
        raise
    return mask


def reference_order(table: Table, probs: Probs, method: str) -> NDArray[np.int64]:
    from cleanlab.multilabel_classification.filter import find_label_issues

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        order: NDArray[np.int64] = find_label_issues(
            lists_of(table), probs, filter_by=method, n_jobs=1, return_indices_ranked_by="self_confidence"
        )
    return order


@pytest.mark.parametrize("method", list(Method))
def test_items_equal_the_reference(method: Method) -> None:
    compared = 0
    for seed in range(60):
        table, probs = random_case(seed)
        expected = reference_mask(table, probs, method)
        if expected is not None:
            compared += 1
            assert np.array_equal(multilabel_issues(table, probs, method=method).mask, expected), seed
    assert compared > 30


def test_scores_equal_the_reference_to_the_bit() -> None:
    from cleanlab.multilabel_classification.rank import (
        get_label_quality_scores,
        get_label_quality_scores_per_class,
    )

    for seed in range(60):
        table, probs = random_case(seed)
        found = multilabel_issues(table, probs)
        assert np.array_equal(found.score, get_label_quality_scores(lists_of(table), probs)), seed
        cells = get_label_quality_scores_per_class(lists_of(table), probs)
        assert np.array_equal(found.cell_scores, cells), seed


@pytest.mark.parametrize("method", CLASSWISE)
def test_the_order_is_the_reference_ranking(method: Method) -> None:
    """Of distinct scores: among equal ones its sort is free to choose. (Its `low_*` rankings are no
    rankings: the positions of one order are used in another.)"""
    rng = np.random.default_rng(4)
    probs = rng.beta(0.4, 0.6, (400, 6))
    table = (probs > 0.5) ^ (rng.random(probs.shape) < 0.1)
    found = multilabel_issues(table, probs, method=method)
    assert len(found.order) > 20
    assert np.array_equal(found.order, reference_order(table, probs, method))


def test_the_soft_minimum_equals_the_reference() -> None:
    from cleanlab.multilabel_classification.rank import get_label_quality_scores

    for seed in range(20):
        table, probs = random_case(seed)
        expected = get_label_quality_scores(
            lists_of(table), probs.astype(float), aggregator_kwargs={"method": "softmin"}
        )
        found = multilabel_issues(table, probs.astype(float), item_score="softmin").score
        assert found == pytest.approx(expected, abs=1e-12)


@given(seed=st.integers(0, 10_000), method=st.sampled_from(list(Method)))
@settings(deadline=None)
def test_order_lists_exactly_the_masked_rows_least_score_first(seed: int, method: Method) -> None:
    found = multilabel_issues(*random_case(seed), method=method)
    assert sorted(found.order.tolist()) == np.flatnonzero(found.mask).tolist()
    assert np.all(np.diff(found.score[found.order]) >= 0)
    if method in CLASSWISE:
        assert np.array_equal(found.cell_mask.any(axis=1), found.mask)


@given(seed=st.integers(0, 10_000))
@settings(deadline=None)
def test_naming_the_classes_otherwise_changes_no_item(seed: int) -> None:
    table, probs = random_case(seed)
    turned = np.random.default_rng(seed).permutation(table.shape[1])
    found, other = multilabel_issues(table, probs), multilabel_issues(table[:, turned], probs[:, turned])
    assert np.array_equal(found.mask, other.mask)
    assert np.array_equal(found.score, other.score)
    assert np.array_equal(found.cell_mask[:, turned], other.cell_mask)


@given(seed=st.integers(0, 10_000), threads=st.integers(1, 3))
@settings(deadline=None, max_examples=20)
def test_lists_tables_and_threads_give_one_answer(seed: int, threads: int) -> None:
    table, probs = random_case(seed)
    expected = multilabel_issues(table, probs, threads=1)
    forms = [table.astype(np.int64)] if table.shape[1] == 2 else [table.astype(np.int64), lists_of(table)]
    for labels in forms:
        found = multilabel_issues(labels, probs, threads=threads)
        assert np.array_equal(found.order, expected.order)
        assert np.array_equal(found.cell_mask, expected.cell_mask)


def test_a_sure_model_that_misses_a_class_names_the_cell() -> None:
    table = np.tile([[True, False, True], [False, True, False]], (20, 1))
    probs = np.where(table, 0.9, 0.1)
    probs[5, 0] = 0.97
    found = multilabel_issues(table, probs)
    assert found.order.tolist() == [5]
    assert np.argwhere(found.cell_mask).tolist() == [[5, 0]]
    assert found.cell_scores[5, 0] == pytest.approx(0.03)


def test_one_class_is_a_binary_problem() -> None:
    table = np.tile([[True], [False]], (20, 1))
    probs = np.where(table, 0.9, 0.1)
    probs[3] = 0.97
    assert multilabel_issues(table, probs).order.tolist() == [3]


def test_items_without_any_label_are_judged_where_the_reference_gives_up() -> None:
    probs = np.full((30, 3), 0.05)
    probs[7, 1] = 0.99
    found = multilabel_issues([[] for _ in range(30)], probs, method="predicted_neq_given")
    assert found.order.tolist() == [7]


def test_classes_of_few_items_are_left_out_and_said() -> None:
    rng = np.random.default_rng(1)
    table = rng.random((200, 4)) < 0.5
    table[:, 2] = False
    table[:4, 2] = True
    probs = rng.random((200, 4))
    found = multilabel_issues(table, probs, least=5)
    assert found.judged.tolist() == [True, True, False, True]
    assert not found.cell_mask[:, 2].any()
    assert found.warnings[0].startswith("1 of 4 classes are not judged (first: class 2)")
    everything = multilabel_issues(table, probs)
    assert everything.warnings == ()
    assert np.array_equal(everything.cell_mask[:, [0, 1, 3]], found.cell_mask[:, [0, 1, 3]])


def test_rows_are_never_normalised() -> None:
    probs = np.array([[0.9, 0.9], [0.2, 0.1], [0.9, 0.9], [0.2, 0.1]])
    table = probs > 0.5
    assert multilabel_issues(table, probs).cell_scores.tolist() == np.where(table, probs, 1 - probs).tolist()


def test_values_outside_by_rounding_are_clipped() -> None:
    table, probs = random_case(5)
    probs[0, 0], probs[1, 1] = 1 + 1e-7, -1e-7
    found = multilabel_issues(table, probs)
    assert found.cell_scores.min() >= 0
    assert found.cell_scores.max() <= 1


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([[0, 1, 0], [1, 0, 0]], r"labels, row 0: names class 0 twice.*dtype=bool"),
        ([[True, False, False], [False, True, False]], r"labels, row 0: holds True, no class number"),
        ([[0], [3]], r"labels, row 1: holds 3, outside 0..2"),
        ([[0], [-1]], r"labels, row 1: holds -1, outside 0..2"),
        ([[0], ["cat"]], r"labels, row 1: holds 'cat', no class number"),
        ([[0]], r"labels: has 1 entries for 2 rows"),
        ([0, 1], r"labels: holds an entry that is no list"),
        (np.array([[0, 2, 1], [0, 1, 0]]), r"labels, row 0: holds \[0, 2, 1\], not 0 and 1 only"),
        (np.array([[0, 1], [1, 0]]), r"labels: has the shape \(2, 2\) beside \(2, 3\)"),
        (np.zeros((2, 3)), r"labels: has dtype float64"),
    ],
)
def test_labels_that_may_mean_something_else_are_refused(labels: object, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        multilabel_issues(labels, np.full((2, 3), 0.5))


def test_two_classes_as_lists_of_two_are_ambiguous() -> None:
    with pytest.raises(InvalidInput, match="may be lists of classes or rows of 0 and 1"):
        multilabel_issues([[0, 1], [1, 0]], np.full((2, 2), 0.5))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.nan, "pred_probs, row 1: holds NaN or infinity"),
        (1.5, "pred_probs, row 1: holds 1.5, above 1"),
        (-0.5, "pred_probs, row 1: holds a negative probability"),
    ],
)
def test_values_that_are_no_probabilities_are_refused(value: float, message: str) -> None:
    probs = np.full((3, 2), 0.5)
    probs[1, 1] = value
    with pytest.raises(InvalidInput, match=message):
        multilabel_issues(np.eye(3, 2, dtype=bool), probs)


@pytest.mark.parametrize("name", ["method", "item_score"])
def test_unknown_names_are_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match=f"{name}: is 'guess'. Choose one of"):
        multilabel_issues(np.eye(2, dtype=bool), np.full((2, 2), 0.5), **{name: "guess"})


def test_a_table_without_columns_is_refused() -> None:
    with pytest.raises(InvalidInput, match="has no columns"):
        multilabel_issues([[], []], np.empty((2, 0)))


def test_the_arguments_are_left_as_they_were() -> None:
    table, probs = random_case(1)
    before = table.copy(), probs.copy()
    multilabel_issues(table, probs, method="low_self_confidence")
    assert np.array_equal(table, before[0])
    assert np.array_equal(probs, before[1])
