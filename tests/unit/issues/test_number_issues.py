"""Numbers and ratings: the reference implementation's scores, and the local deviation by its definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from workers.issues import InvalidInput, NumberMethod, number_issues
from workers.issues.local_deviation import WINDOW
from workers.issues.outre import EXACT, outre

Floats = NDArray[np.float64]


def random_case(seed: int, least: int = 2) -> tuple[Floats, Floats]:
    """Numbers of any scale, with ties and whole numbers, and their predictions with heavy tails."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(least, 300))
    given = rng.normal(size=n) * 10.0 ** rng.integers(-3, 4)
    predicted = given + rng.standard_t(2, size=n) * given.std() / 3
    if seed % 3 == 0:
        given = np.round(given)
    if seed % 7 == 0:
        predicted = np.round(predicted)
    return given, predicted


def reference_scores(given: Floats, predicted: Floats) -> Floats:
    from cleanlab.regression.rank import get_label_quality_scores

    scores: Floats = get_label_quality_scores(given, predicted, method="outre")
    return scores


def by_definition(given: Floats, predicted: Floats) -> Floats:
    """z of distinct predictions, one item at a time."""
    order = np.argsort(predicted)
    residual = (given - predicted)[order]
    z = np.empty(len(order))
    for place, row in enumerate(order):
        start = min(max(place - WINDOW // 2, 0), max(len(order) - WINDOW, 0))
        window = residual[start : start + WINDOW]
        away = np.abs(window - np.median(window))
        z[row] = abs(residual[place] - np.median(window)) / (1.4826 * np.median(away))
    return z


@pytest.mark.parametrize("block", range(4))
def test_outre_equals_the_reference(block: int) -> None:
    for seed in range(block * 20, block * 20 + 20):
        given, predicted = random_case(seed)
        found = number_issues(given, predicted, method="outre")
        expected = reference_scores(given, predicted)
        assert found.score == pytest.approx(expected, rel=1e-9, abs=1e-9), seed
        assert np.array_equal(found.mask, found.score < 0.05 * np.median(found.score))


def test_outre_ranks_as_the_reference() -> None:
    given, predicted = random_case(1, least=250)
    found = number_issues(given, predicted, method="outre")
    assert len(found.order) > 3
    assert np.array_equal(found.order, np.argsort(reference_scores(given, predicted))[: len(found.order)])


def test_outre_of_many_items_is_near_the_exact_one() -> None:
    rng = np.random.default_rng(2)
    given = rng.normal(size=EXACT + 1)
    predicted = given + rng.standard_t(3, size=len(given))
    near = number_issues(given, predicted, method="outre").score
    exact = outre(given, predicted, exact=len(given))
    assert not np.array_equal(near, exact)
    assert np.abs(near - exact).max() < 0.02
    assert np.corrcoef(near.argsort().argsort(), exact.argsort().argsort())[0, 1] > 0.999


def test_local_is_the_robust_z_of_its_definition() -> None:
    for seed, n in enumerate((20, WINDOW - 1, WINDOW, WINDOW + 1, 700)):
        rng = np.random.default_rng(seed)
        predicted = rng.normal(size=n)
        given = predicted + rng.standard_t(2, size=n)
        z = by_definition(given, predicted)
        found = number_issues(given, predicted)
        assert found.score == pytest.approx(5 / (5 + z))
        assert np.array_equal(found.mask, z > 5)


@given(seed=st.integers(0, 10_000), method=st.sampled_from(list(NumberMethod)))
@settings(deadline=None)
def test_order_lists_exactly_the_masked_rows_least_score_first(seed: int, method: NumberMethod) -> None:
    found = number_issues(*random_case(seed), method=method)
    assert sorted(found.order.tolist()) == np.flatnonzero(found.mask).tolist()
    assert np.all(np.diff(found.score[found.order]) >= 0)
    assert found.score.min() >= 0
    assert found.score.max() <= 1


@given(seed=st.integers(0, 10_000))
@settings(deadline=None)
def test_the_order_of_items_changes_no_local_score_whatever_the_ties(seed: int) -> None:
    rng = np.random.default_rng(seed)
    predicted = rng.integers(1, 6, 600).astype(float)
    given = np.clip(predicted + rng.integers(-2, 3, 600), 1, 5)
    turned = rng.permutation(600)
    expected = number_issues(given, predicted).score
    assert np.array_equal(number_issues(given[turned], predicted[turned]).score, expected[turned])


@given(seed=st.integers(0, 10_000), method=st.sampled_from(list(NumberMethod)))
@settings(deadline=None, max_examples=30)
def test_any_unit_and_any_threads_give_one_answer(seed: int, method: NumberMethod) -> None:
    given, predicted = random_case(seed)
    expected = number_issues(given, predicted, method=method, threads=1)
    found = number_issues(given * 1024, predicted * 1024, method=method, threads=3)
    assert np.array_equal(found.order, expected.order)
    assert found.score == pytest.approx(expected.score, abs=1e-9)


def test_a_number_far_from_what_is_usual_there_is_an_issue_with_what_is_expected() -> None:
    rng = np.random.default_rng(0)
    predicted = np.linspace(0, 100, 1000)
    given = predicted + 3 + rng.normal(size=1000) * np.where(predicted < 50, 1, 20)
    given[[100, 800]] = predicted[[100, 800]] + 15
    found = number_issues(given, predicted)
    assert found.mask[100]  # 12 beyond the usual 3, where the model is good to 1
    assert not found.mask[800]  # the same where it is good to 20
    assert found.expected[100] == pytest.approx(predicted[100] + 3, abs=0.5)
    assert found.spread[100] == pytest.approx(1, rel=0.3)
    assert found.spread[800] == pytest.approx(20, rel=0.3)


def test_rows_in_order_of_their_label_hide_nothing_from_a_constant_prediction() -> None:
    given = np.sort(np.random.default_rng(3).normal(size=2000))
    given[0], given[-1] = -40, 40
    assert set(number_issues(given, np.zeros(2000)).order.tolist()) == {0, 1999}


def test_where_most_residuals_are_equal_the_mean_deviation_tells_the_scale() -> None:
    given = np.full(100, 3)
    given[17] = 1
    found = number_issues(given, np.full(100, 3))
    assert found.order.tolist() == [17]
    assert 0 < found.score[17] < 0.5


@pytest.mark.parametrize("method", list(NumberMethod))
def test_constant_columns_hold_no_issue(method: NumberMethod) -> None:
    found = number_issues(np.full(50, 0.3), np.full(50, 0.1 + 0.2), method=method)
    assert not found.mask.any()
    assert found.score.tolist() == [1.0] * 50


def test_differences_by_rounding_are_no_deviation() -> None:
    given = np.full(100, 0.3)
    predicted = given.copy()
    predicted[:3] = 0.1 + 0.2
    assert number_issues(given, predicted).score.tolist() == [1.0] * 100


@pytest.mark.parametrize("method", list(NumberMethod))
def test_fractions_predicted_for_whole_numbers_are_not_cut_off(method: NumberMethod) -> None:
    given = np.random.default_rng(4).integers(1, 6, 100)
    predicted = given + np.random.default_rng(5).normal(size=100)
    whole = number_issues(given, predicted, method=method)
    assert np.array_equal(whole.score, number_issues(given.astype(float), predicted, method=method).score)
    both = number_issues(given, predicted.round().astype(int), method=method)
    assert np.isfinite(both.score).all()


@pytest.mark.parametrize("method", list(NumberMethod))
def test_items_without_a_number_are_not_judged_and_counted(method: NumberMethod) -> None:
    given, predicted = random_case(11, least=100)
    expected = number_issues(given, predicted, method=method)
    found = number_issues(np.insert(given, 5, np.nan), np.insert(predicted, 5, 1.0), method=method)
    assert np.isnan(found.score[5])
    assert not found.mask[5]
    assert np.array_equal(np.delete(found.score, 5), expected.score)
    assert "1 of" in found.warnings[0]
    assert "row 5" in found.warnings[0]


@pytest.mark.parametrize("method", list(NumberMethod))
def test_items_of_which_none_has_a_number_are_only_counted(method: NumberMethod) -> None:
    found = number_issues([np.nan, 1.0], [2.0, np.nan], method=method)
    assert not found.mask.any()
    assert "2 of 2 items" in found.warnings[0]


def test_few_items_are_scored_and_not_marked_and_that_is_said() -> None:
    found = number_issues([1, 2, 3, 4, 50], [1, 2, 3, 4, 5])
    assert not found.mask.any()
    assert found.score.argmin() == 4
    assert "too few to mark" in found.warnings[0]


@pytest.mark.parametrize("method", list(NumberMethod))
def test_one_item_is_no_issue(method: NumberMethod) -> None:
    assert number_issues([3], [4], method=method).score.tolist() == [1.0]


@pytest.mark.parametrize(
    ("given", "predicted", "message"),
    [
        ([1, 2], [1], "predicted: has 1 entries for 2 given"),
        ([], [], r"given: has the shape \(0,\)"),
        ([[1, 2]], [[1, 2]], r"given: has the shape \(1, 2\)"),
        ([[1], [1, 2]], [1, 2], "given: is no list of numbers"),
        (["a", "b"], [1, 2], "given: has dtype <U1"),
        ([True, False], [1, 2], "given: has dtype bool"),
        ([1, 2], [1, None], "predicted: has dtype object"),
        ([1, np.inf], [1, 2], "given, row 1: holds inf"),
        ([1, 2], [1, -1e200], "predicted, row 1: holds -1e\\+200"),
    ],
)
def test_what_is_no_number_is_refused(given: object, predicted: object, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        number_issues(given, predicted)


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"method: is 'guess'\. Choose one of local, outre"):
        number_issues([1, 2], [1, 2], method="guess")
