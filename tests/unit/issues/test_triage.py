from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.issues import TriagePlan, TriagePolicy, triage
from workers.issues.triage import Flagged, Suppressed

OPEN_HANDED = TriagePolicy(
    budget=1000, per_class_cap=1.0, min_class_examples=0, control_share=0.0, blind_share=0.0
)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def situation(seed: int, n_rows: int = 300, n_classes: int = 5) -> Flagged:
    random = rng(seed)
    classes = random.integers(0, n_classes, n_rows)
    order = random.permutation(n_rows)[: int(random.integers(0, n_rows))]
    in_review = random.random(n_rows) < 0.1
    settled = (random.random(n_rows) < 0.1) & ~in_review
    return Flagged(
        given=classes,
        suggested=random.integers(0, n_classes, n_rows),
        order=order,
        class_counts=np.bincount(classes, minlength=n_classes),
        in_review=in_review,
        settled=settled,
        n_open=int(in_review.sum()) + int(random.integers(0, 5)),
    )


def simple(given: list[int], order: list[int], **changes: object) -> Flagged:
    labels = np.array(given)
    none = np.zeros(len(labels), dtype=bool)
    fields: dict[str, object] = {
        "given": labels,
        "suggested": (labels + 1) % 2,
        "order": np.array(order, dtype=np.intp),
        "class_counts": np.bincount(labels, minlength=2),
        "in_review": none,
        "settled": none,
        "n_open": 0,
    }
    return Flagged(**(fields | changes))  # type: ignore[arg-type]


policies = st.builds(
    TriagePolicy,
    budget=st.integers(0, 200),
    per_class_cap=st.floats(0, 1),
    min_class_examples=st.integers(0, 80),
    control_share=st.floats(0, 1),
    blind_share=st.floats(0, 1),
)
seeds = st.integers(0, 10_000)


@given(seed=seeds, policy=policies)
def test_the_queue_never_exceeds_the_budget_controls_included(seed: int, policy: TriagePolicy) -> None:
    flagged = situation(seed)
    plan = triage(flagged, policy, rng(seed))
    assert len(plan.rows) <= max(0, policy.budget - flagged.n_open)


@given(seed=seeds, policy=policies)
def test_every_flagged_row_is_asked_about_or_held_back_with_a_reason(seed: int, policy: TriagePolicy) -> None:
    flagged = situation(seed)
    plan = triage(flagged, policy, rng(seed))
    busy = np.flatnonzero(flagged.in_review | flagged.settled)
    expected = set(flagged.order.tolist()) - set(busy.tolist())
    assert sorted([*plan.selected.tolist(), *plan.suppressed.tolist()]) == sorted(expected)
    assert set(plan.reasons.tolist()) <= set(Suppressed)


@given(seed=seeds, policy=policies)
def test_selected_rows_keep_the_order_of_suspicion(seed: int, policy: TriagePolicy) -> None:
    flagged = situation(seed)
    chosen = triage(flagged, policy, rng(seed)).selected.tolist()
    assert chosen == [row for row in flagged.order.tolist() if row in set(chosen)]


@given(seed=seeds, policy=policies)
def test_controls_are_distinct_rows_that_were_neither_flagged_nor_asked_before(
    seed: int, policy: TriagePolicy
) -> None:
    flagged = situation(seed)
    controls = triage(flagged, policy, rng(seed)).controls
    assert len(set(controls.tolist())) == len(controls)
    assert not set(controls.tolist()) & set(flagged.order.tolist())
    assert not (flagged.in_review | flagged.settled)[controls].any()


@given(seed=seeds, policy=policies)
def test_no_class_is_questioned_beyond_its_cap(seed: int, policy: TriagePolicy) -> None:
    flagged = situation(seed)
    plan = triage(flagged, policy, rng(seed))
    for label, count in enumerate(flagged.class_counts):
        new = int((flagged.given[plan.selected] == label).sum())
        already = int((flagged.given[flagged.in_review] == label).sum())
        assert new == 0 or new + already <= max(1, policy.per_class_cap * count)


@given(seed=seeds, policy=policies)
def test_equal_generators_give_equal_plans(seed: int, policy: TriagePolicy) -> None:
    def as_lists(plan: TriagePlan) -> tuple[object, ...]:
        return tuple(part.tolist() for part in (plan.rows, plan.control, plan.blind, plan.suppressed))

    first, second = (triage(situation(seed), policy, rng(seed)) for _ in range(2))
    assert as_lists(first) == as_lists(second)


def test_rare_classes_are_left_alone() -> None:
    policy = TriagePolicy(
        budget=10, per_class_cap=1.0, min_class_examples=3, control_share=0.0, blind_share=0.0
    )
    plan = triage(simple([0, 0, 0, 1, 1], order=[3, 0]), policy, rng())
    assert plan.selected.tolist() == [0]
    assert list(zip(plan.suppressed.tolist(), plan.reasons.tolist(), strict=True)) == [(3, "rare_class")]


def test_the_least_suspicious_rows_of_a_capped_class_wait() -> None:
    policy = TriagePolicy(
        budget=10, per_class_cap=0.5, min_class_examples=0, control_share=0.0, blind_share=0.0
    )
    plan = triage(simple([0, 0, 0, 0, 1], order=[2, 1, 0, 4]), policy, rng())
    assert plan.selected.tolist() == [2, 1, 4]
    assert plan.reasons.tolist() == ["class_cap"]


def test_open_reviews_of_a_class_count_towards_its_cap() -> None:
    policy = TriagePolicy(
        budget=10, per_class_cap=0.5, min_class_examples=0, control_share=0.0, blind_share=0.0
    )
    in_review = np.array([True, False, False, False])
    plan = triage(simple([0, 0, 0, 0], order=[1, 2], in_review=in_review, n_open=1), policy, rng())
    assert plan.selected.tolist() == [1]


def test_a_row_whose_guess_is_its_label_is_no_question() -> None:
    plan = triage(simple([0, 1], order=[0, 1], suggested=np.array([0, 0])), OPEN_HANDED, rng())
    assert plan.selected.tolist() == [1]
    assert plan.reasons.tolist() == ["no_alternative"]


def test_what_does_not_fit_into_the_budget_is_said() -> None:
    policy = TriagePolicy(
        budget=3, per_class_cap=1.0, min_class_examples=0, control_share=0.0, blind_share=0.0
    )
    plan = triage(simple([0, 0, 0, 0], order=[3, 2, 1], n_open=1), policy, rng())
    assert plan.selected.tolist() == [3, 2]
    assert plan.reasons.tolist() == ["budget"]


def test_the_share_of_controls_is_right_over_many_small_batches() -> None:
    policy = TriagePolicy(
        budget=100, per_class_cap=1.0, min_class_examples=0, control_share=0.1, blind_share=0.0
    )
    random = rng(4)
    plans = [triage(simple([0, 1] * 50, order=list(range(5))), policy, random) for _ in range(2000)]
    n_controls = sum(int(plan.control.sum()) for plan in plans)
    assert n_controls / sum(len(plan.rows) for plan in plans) == pytest.approx(0.1, abs=0.01)


def test_controls_stand_anywhere_in_the_queue() -> None:
    policy = TriagePolicy(
        budget=100, per_class_cap=1.0, min_class_examples=0, control_share=0.5, blind_share=0.0
    )
    random = rng(5)
    flagged = simple([0, 1] * 50, order=list(range(10)))
    places = np.concatenate([np.flatnonzero(triage(flagged, policy, random).control) for _ in range(300)])
    assert np.bincount(places, minlength=20).min() > 90


def test_controls_are_drawn_evenly_from_unflagged_rows() -> None:
    policy = TriagePolicy(
        budget=100, per_class_cap=1.0, min_class_examples=0, control_share=0.5, blind_share=0.0
    )
    random = rng(6)
    flagged = simple([0, 1] * 10, order=[0, 1, 2, 3])
    drawn = np.concatenate([triage(flagged, policy, random).controls for _ in range(1000)])
    counts = np.bincount(drawn, minlength=20)
    assert counts[:4].sum() == 0
    assert counts[4:] == pytest.approx(250, rel=0.25)


def test_the_blind_share_covers_flagged_rows_and_controls() -> None:
    policy = TriagePolicy(
        budget=1000, per_class_cap=1.0, min_class_examples=0, control_share=0.5, blind_share=0.3
    )
    plan = triage(simple([0, 1] * 500, order=list(range(500))), policy, rng(7))
    assert plan.blind[plan.control].mean() == pytest.approx(0.3, abs=0.07)
    assert plan.blind[~plan.control].mean() == pytest.approx(0.3, abs=0.07)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("budget", -1),
        ("min_class_examples", -1),
        ("per_class_cap", 1.1),
        ("control_share", -0.1),
        ("blind_share", 2),
    ],
)
def test_an_impossible_policy_is_refused_by_name(field: str, value: float) -> None:
    with pytest.raises(ValueError, match=field):
        TriagePolicy(**{field: value})  # type: ignore[arg-type]
