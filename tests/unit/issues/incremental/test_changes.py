"""What a change may be, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from workers.issues import InvalidInput, Method
from workers.issues.incremental import LabelIssueState

PROBS = np.tile([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.2, 0.2, 0.6]], (4, 1))
LABELS = np.tile([0, 1, 2], 4)


@pytest.fixture
def state() -> LabelIssueState:
    return LabelIssueState(LABELS, PROBS)


def test_a_wrong_label_is_an_issue_until_it_is_corrected(state: LabelIssueState) -> None:
    assert not state.is_issue(4)
    state.set_label(4, 0)
    assert state.is_issue(4)
    assert state.quality(4) == pytest.approx(0.1)
    assert state.suggested(4) == 1
    state.set_label(4, 1)
    assert not state.mask().any()


def test_a_changed_prediction_is_judged_at_once(state: LabelIssueState) -> None:
    state.set_probs(0, [0.05, 0.9, 0.05])
    assert state.is_issue(0)


def test_appended_rows_get_the_next_numbers(state: LabelIssueState) -> None:
    assert state.append([2, 0], [[0.0, 0.95, 0.05], [0.9, 0.1, 0.0]]).tolist() == [12, 13]
    assert np.flatnonzero(state.mask()).tolist() == [12]


def test_nothing_can_be_appended(state: LabelIssueState) -> None:
    assert state.append([], np.empty((0, 3))).size == 0
    assert len(state) == 12


def test_removed_rows_leave_the_other_numbers_alone(state: LabelIssueState) -> None:
    state.set_label(4, 0)
    state.remove([0, 3])
    assert state.is_issue(4)
    assert len(state) == 10
    assert state.n_rows == 12
    assert state.rows().tolist() == [1, 2, *range(4, 12)]
    assert state.append([1], PROBS[1:2]).tolist() == [12]


def test_a_row_named_twice_is_removed_once(state: LabelIssueState) -> None:
    state.remove([5, 5])
    assert len(state) == 11


def test_the_given_arrays_are_copied() -> None:
    labels, probs = LABELS.copy(), PROBS.copy()
    state = LabelIssueState(labels, probs)
    state.set_label(0, 2)
    state.set_probs(1, PROBS[0])
    assert np.array_equal(labels, LABELS)
    assert np.array_equal(probs, PROBS)


def test_the_mask_is_the_callers_to_change(state: LabelIssueState) -> None:
    state.mask()[:] = True
    assert not state.mask().any()


def test_a_row_rounded_to_two_decimals_is_judged_by_its_normalised_quality(state: LabelIssueState) -> None:
    state.set_probs(2, [0.33, 0.33, 0.33])
    assert state.quality(2) == pytest.approx(1 / 3)


Change = Callable[[LabelIssueState], Any]

REFUSED: list[tuple[Change, str, int | None]] = [
    (lambda s: s.set_label(12, 0), "row", None),
    (lambda s: s.set_label(-1, 0), "row", None),
    (lambda s: s.set_label(0, 3), "label", None),
    (lambda s: s.set_label(0, -1), "label", None),
    (lambda s: s.set_probs(0, [0.5, 0.5]), "probs", None),
    (lambda s: s.set_probs(0, [[0.5, 0.5, 0.0]]), "probs", None),
    (lambda s: s.set_probs(0, [0.5, 0.2, 0.2]), "probs", 0),
    (lambda s: s.set_probs(0, [np.nan, 0.5, 0.5]), "probs", 0),
    (lambda s: s.set_probs(0, [1.2, -0.2, 0.0]), "probs", 0),
    (lambda s: s.set_probs(0, np.array([1.0, 0.0, 0.0], dtype=np.float32)), "probs", None),
    (lambda s: s.append([0], PROBS[:2]), "labels", None),
    (lambda s: s.append([0.0], PROBS[:1]), "labels", None),
    (lambda s: s.append([0, 7], PROBS[:2]), "labels", 1),
    (lambda s: s.append([0, 1], np.array([[1.0, 0.0, 0.0], [0.2, 0.2, 0.2]])), "probs", 1),
    (lambda s: s.remove([1, 12]), "row", None),
    (lambda s: s.remove(np.flatnonzero(LABELS)), "rows", None),
    (lambda s: s.remove(range(12)), "rows", None),
    (lambda s: s.quality(99), "row", None),
    (lambda s: s.is_issue(99), "row", None),
    (lambda s: s.is_issue("1"), "row", None),
    (lambda s: s.set_label(1, 0.5), "label", None),
]


@pytest.mark.parametrize(("change", "argument", "row"), REFUSED)
def test_a_change_that_cannot_be_is_refused_and_leaves_the_state_as_it_was(
    state: LabelIssueState, change: Change, argument: str, row: int | None
) -> None:
    state.set_label(4, 0)
    before = state.mask()
    with pytest.raises(InvalidInput) as refusal:
        change(state)
    assert refusal.value.argument == argument
    assert refusal.value.row == row
    assert refusal.value.remedy in str(refusal.value)
    assert np.array_equal(state.mask(), before)
    assert len(state) == 12


def test_the_last_row_of_the_second_class_keeps_its_label() -> None:
    state = LabelIssueState([0, 0, 1], PROBS[[0, 0, 1]])
    with pytest.raises(InvalidInput, match="one class"):
        state.set_label(2, 0)
    assert not state.mask().any()


def test_a_removed_row_cannot_be_asked_about(state: LabelIssueState) -> None:
    state.remove([3])
    with pytest.raises(InvalidInput, match="row: 3 is not there"):
        state.is_issue(3)


def test_a_class_may_come_and_go() -> None:
    state = LabelIssueState([0, 1, 0, 1], PROBS[[0, 1, 0, 1]])
    state.set_label(0, 2)
    state.set_label(0, 0)
    assert not state.mask().any()


@pytest.mark.parametrize("method", list(Method))
def test_every_method_is_named_by_its_state(method: Method) -> None:
    assert LabelIssueState(LABELS, PROBS, method=method).method is method


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(ValueError, match="guess"):
        LabelIssueState(LABELS, PROBS, method="guess")
