from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.consensus import BoxAnswers, InvalidVotes, box_consensus
from workers.issues import InvalidInput
from workers.issues.geometry import iou

THING = [10.0, 10, 50, 50]


def crowd(seed: int, *, people: int = 5, things: int = 4) -> BoxAnswers:
    """Things far apart, each drawn by most people, a little off."""
    rng = np.random.default_rng(seed)
    boxes, label, person = [], [], []
    for thing in range(things):
        for who in range(people):
            if rng.random() < 0.7:
                boxes.append(np.array(THING) + 100 * thing + rng.normal(0, 2, 4))
                label.append(thing % 2)
                person.append(who)
    return BoxAnswers(boxes, label, person, range(people))


def test_boxes_of_one_thing_become_their_median() -> None:
    drawn = [[10, 10, 50, 50], [12, 8, 50, 54], [11, 12, 53, 50]]
    agreed = box_consensus(BoxAnswers(drawn, [0, 0, 0], [0, 1, 2], [0, 1, 2]))
    assert agreed.boxes.tolist() == [[11, 10, 50, 50, 0]]
    assert agreed.support.tolist() == [1]
    assert agreed.closeness[0] > 0.8


def test_who_drew_nothing_counts_among_the_people() -> None:
    agreed = box_consensus(BoxAnswers([THING], [0], [7], [3, 5, 7, 9]))
    assert agreed.support.tolist() == [0.25]
    assert agreed.kept.tolist() == [False]


def test_a_third_of_the_people_keeps_a_box() -> None:
    assert box_consensus(BoxAnswers([THING], [0], [0], range(3))).kept.tolist() == [True]


def test_classes_are_voted_on_among_those_who_drew_the_thing() -> None:
    agreed = box_consensus(BoxAnswers([THING] * 3, [2, 1, 2], [0, 1, 2], range(3)))
    assert (agreed.label.tolist(), agreed.tied.tolist()) == ([2], [False])
    assert agreed.label_share[0] == pytest.approx(2 / 3)


def test_equal_classes_are_said_to_be_tied() -> None:
    agreed = box_consensus(BoxAnswers([THING] * 2, [2, 1], [0, 1], range(2)))
    assert (agreed.label.tolist(), agreed.tied.tolist()) == ([1], [True])


def test_weights_count_for_support_and_class() -> None:
    answers = BoxAnswers([THING] * 3, [0, 0, 1], [0, 1, 2], range(4))
    agreed = box_consensus(answers, weights={0: 0.1, 1: 0.1, 3: 0.8})
    assert agreed.label.tolist() == [1]
    assert agreed.support[0] == pytest.approx(1.2 / 2)


def test_two_boxes_of_one_person_are_two_things() -> None:
    agreed = box_consensus(BoxAnswers([THING, THING], [0, 0], [0, 0], [0]))
    assert agreed.cluster.tolist() in ([0, 1], [1, 0])
    assert agreed.kept.tolist() == [True, True]


def test_one_annotator_is_taken_as_he_is() -> None:
    alone = crowd(1, people=1, things=9)
    agreed = box_consensus(alone)
    assert np.array_equal(agreed.boxes[agreed.cluster], alone.boxes)
    assert agreed.kept.all()


def test_a_picture_on_which_nobody_drew_has_no_boxes() -> None:
    agreed = box_consensus(BoxAnswers([], [], [], range(3)))
    assert (len(agreed.boxes), len(agreed.kept), len(agreed.cluster)) == (0, 0, 0)


def test_turned_boxes_have_a_turned_median_however_each_is_described() -> None:
    # The second is the first, described from its next corner: width and height change places.
    first = [0.0, 0, 40, 10, 30]
    corner = 40 * np.array([np.cos(np.pi / 6), np.sin(np.pi / 6)])
    second = [*corner, corner[0] + 10, corner[1] + 40, 120]
    agreed = box_consensus(BoxAnswers([first, second], [0, 0], [0, 1], range(2)))
    assert len(agreed.boxes) == 1
    assert iou(agreed.boxes, np.array([first]))[0] == pytest.approx(1, abs=1e-6)


def test_a_thousand_boxes_of_three_people_find_each_other() -> None:
    grid = [[30.0 * i, 30.0 * j, 30.0 * i + 20, 30.0 * j + 20] for i in range(20) for j in range(17)]
    answers = BoxAnswers(grid * 3, [0] * 1020, np.repeat(range(3), 340), range(3))
    agreed = box_consensus(answers)
    assert len(agreed.boxes) == 340
    assert (agreed.support == 1).all()


@given(st.integers(0, 10_000))
def test_who_comes_first_does_not_matter(seed: int) -> None:
    answers = crowd(seed)
    rng = np.random.default_rng(seed)
    rows, names = rng.permutation(len(answers.label)), rng.permutation(5)
    turned = BoxAnswers(answers.boxes[rows], answers.label[rows], names[answers.person[rows]], range(5))
    plain, other = box_consensus(answers), box_consensus(turned)
    order, same = np.lexsort(plain.boxes.T), np.lexsort(other.boxes.T)
    assert np.array_equal(plain.boxes[order], other.boxes[same])
    assert np.array_equal(plain.support[order], other.support[same])


@given(st.integers(0, 10_000))
def test_support_falls_and_every_box_lies_in_a_cluster_with_one_box_a_person(seed: int) -> None:
    answers = crowd(seed)
    agreed = box_consensus(answers)
    assert (np.diff(agreed.support) <= 0).all()
    assert np.array_equal(np.unique(agreed.cluster), np.arange(len(agreed.boxes)))
    assert len({*zip(agreed.cluster.tolist(), answers.person.tolist(), strict=True)}) == len(answers.person)


def test_without_one_person_the_others_are_asked_alone() -> None:
    answers = BoxAnswers([THING, THING, [300, 300, 310, 310]], [0, 0, 0], [0, 1, 2], range(3))
    others = answers.without(2)
    assert others.people.tolist() == [0, 1]
    assert box_consensus(others).support.tolist() == [1]


def test_a_person_who_did_not_see_the_picture_is_refused() -> None:
    with pytest.raises(InvalidVotes, match="person holds 4, who is not among people"):
        BoxAnswers([THING], [0], [4], [0, 1])


def test_lengths_that_differ_are_refused() -> None:
    with pytest.raises(InvalidVotes, match="1 regions have 2 labels and 1 persons"):
        BoxAnswers([THING], [0, 1], [0], [0])


def test_what_is_no_box_is_refused() -> None:
    with pytest.raises(InvalidInput, match="boxes, row 0"):
        BoxAnswers([[0, 0, np.nan, 1]], [0], [0], [0])
