"""Which label an item carries when several people labelled it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from connector.model.carried import GivenLabel, carried

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def given_label(
    number: int,
    label: str,
    *,
    truth: bool = False,
    created: int = 0,
    updated: int = 0,
    corrected: bool = False,
) -> GivenLabel:
    minute = timedelta(minutes=1)
    return GivenLabel(
        number,
        str(number),
        1,
        f"annotator {number}",
        label,
        truth,
        NOW + created * minute,
        NOW + updated * minute,
        corrected,
    )


def test_the_only_label_is_carried() -> None:
    one = given_label(1, "cat")
    assert carried([one]) is one


def test_ground_truth_stands_above_any_majority() -> None:
    truth = given_label(3, "dog", truth=True, created=9)
    assert carried([given_label(1, "cat"), given_label(2, "cat"), truth]) is truth


def test_the_latest_of_several_ground_truths_counts() -> None:
    old, new = given_label(1, "cat", truth=True, updated=1), given_label(2, "dog", truth=True, updated=2)
    assert carried([new, old]) is new


def test_those_who_hold_the_error_do_not_outvote_the_annotation_that_was_corrected() -> None:
    right = given_label(1, "dog", updated=1, corrected=True)
    others = [given_label(n, "cat", updated=9) for n in (2, 3)]
    assert carried([*others, right]) is right
    truth = given_label(4, "bird", truth=True)
    assert carried([*others, right, truth]) is truth


def test_the_majority_stands_above_the_first() -> None:
    labels = [given_label(1, "dog"), given_label(2, "cat", created=1), given_label(3, "cat", created=2)]
    assert carried(labels) is labels[1]


def test_a_tie_goes_to_the_label_that_was_given_first() -> None:
    labels = [given_label(1, "dog", created=5), given_label(2, "cat", created=3)]
    assert carried(labels) is labels[1]


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.booleans(), st.integers(0, 3)), min_size=1), st.randoms()
)
def test_the_choice_does_not_depend_on_the_order_of_asking(
    drawn: list[tuple[str, bool, int]], chance: object
) -> None:
    labels = [
        given_label(n, label, truth=truth, created=when) for n, (label, truth, when) in enumerate(drawn)
    ]
    chosen = carried(labels)
    shuffled = [*labels]
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert carried(shuffled) is chosen
    if not any(one.ground_truth for one in labels):
        votes = Counter(one.label for one in labels)
        assert votes[chosen.label] == max(votes.values())
