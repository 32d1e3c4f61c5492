from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.consensus import InvalidVotes, SpanAnswers, SpanConsensus, span_consensus

Rows = list[tuple[int, int, int, int]]  # start, end, label, person


def text(rows: Rows, people: int = 3) -> SpanAnswers:
    table = np.array(rows, dtype=int).reshape(-1, 4)
    return SpanAnswers(table[:, :2], table[:, 2], table[:, 3], range(people))


def agreed(rows: Rows, people: int = 3, share: float = 0.5) -> list[tuple[int, int, int]]:
    return listed(span_consensus([text(rows, people)], 3, share=share))[0]


def listed(result: SpanConsensus) -> list[list[tuple[int, int, int]]]:
    return [
        [
            (start, end, label)
            for (start, end), label in zip(item.spans.tolist(), item.label.tolist(), strict=True)
        ]
        for item in result.texts
    ]


def many_texts(
    seed: int, n: int = 60, people: int = 5
) -> tuple[list[SpanAnswers], list[list[tuple[int, int, int]]]]:
    """People who miss a third of what is there, shorten some, and seldom invent; the last always errs."""
    rng = np.random.default_rng(seed)
    answers, truths = [], []
    for _ in range(n):
        truth = [
            (10 * i, 10 * i + int(rng.integers(2, 8)), int(rng.integers(0, 3)))
            for i in range(8)
            if rng.random() < 0.6
        ]
        rows: Rows = []
        for who in range(people):
            for start, end, label in truth:
                if rng.random() < 0.65:
                    wrong = who == people - 1 or rng.random() < 0.1
                    rows.append((start, end - (rng.random() < 0.1), (label + wrong) % 3, who))
        answers.append(text(rows, people))
        truths.append(truth)
    return answers, truths


def f1(result: SpanConsensus, truths: list[list[tuple[int, int, int]]]) -> float:
    pairs = list(zip(listed(result), truths, strict=True))
    hits = sum(len(set(spans) & set(truth)) for spans, truth in pairs)
    return 2 * hits / sum(len(spans) + len(truth) for spans, truth in pairs)


def test_half_of_the_people_keep_a_span() -> None:
    rows = [(0, 4, 1, 0), (0, 4, 1, 1), (6, 9, 0, 2)]
    assert agreed(rows) == [(0, 4, 1)]
    assert agreed(rows, share=1 / 3) == [(0, 4, 1), (6, 9, 0)]


def test_spans_that_overlap_are_one_place_and_their_boundary_is_voted_on() -> None:
    rows = [(5, 20, 2, 0), (5, 20, 2, 1), (5, 9, 2, 2), (14, 20, 2, 3)]
    assert agreed(rows, people=4) == [(5, 20, 2)]


def test_people_who_mark_a_place_differently_agree_that_something_is_there() -> None:
    result = span_consensus([text([(5, 9, 0, 0), (5, 20, 0, 1)])], 1)
    assert listed(result) == [[(5, 9, 0)]]
    assert result.texts[0].support.tolist() == [pytest.approx(2 / 3)]


def test_equal_labels_are_tied_and_the_exact_span_decides() -> None:
    result = span_consensus([text([(0, 4, 0, 0), (0, 5, 1, 1), (0, 5, 2, 2)])], 3).texts[0]
    assert (result.label.tolist(), result.tied.tolist()) == ([1], [True])


def test_what_did_not_stay_is_counted() -> None:
    result = span_consensus([text([(0, 4, 0, 0), (0, 4, 0, 1), (8, 9, 0, 2), (30, 40, 0, 1)])], 1)
    assert result.texts[0].left_out == 2


def test_one_annotator_is_taken_as_he_is() -> None:
    rows = [(3 * i, 3 * i + 2, i % 3, 0) for i in range(50)]
    few, many = span_consensus([text(rows[:5], 1)], 3), span_consensus([text(rows, 1)], 3)
    assert (few.weighed, many.weighed) == (False, True)
    assert listed(few) == [[row[:3] for row in rows[:5]]]
    assert listed(many) == [[row[:3] for row in rows]]


def test_without_one_person_the_others_are_asked_alone() -> None:
    others = text([(0, 4, 0, 0), (8, 9, 0, 1)], people=2).without(1)
    assert listed(span_consensus([others], 1)) == [[(0, 4, 0)]]
    assert others.people.tolist() == [0]


def test_a_text_without_spans_or_people_has_none() -> None:
    nobody = SpanAnswers([], [], [], [])
    result = span_consensus([text([]), nobody], 2)
    assert listed(result) == [[], []]
    assert listed(span_consensus([], 2)) == []


def test_people_may_have_any_numbers() -> None:
    answers, _ = many_texts(2)
    far = 10**15
    moved = [SpanAnswers(item.spans, item.label, item.person + far, item.people + far) for item in answers]
    assert listed(span_consensus(moved, 3)) == listed(span_consensus(answers, 3))


def test_spans_side_by_side_of_one_label_stay_two() -> None:
    answers, _ = many_texts(0)
    beside = text([(0, 4, 0, who) for who in range(5)] + [(4, 9, 0, who) for who in range(5)], 5)
    result = span_consensus([*answers, beside], 3)
    assert result.weighed
    assert listed(result)[-1] == [(0, 4, 0), (4, 9, 0)]


def test_nested_spans_of_one_person_count_as_the_longest() -> None:
    answers, _ = many_texts(0)
    nested = text([(0, 9, 1, who) for who in range(5)] + [(2, 4, 0, who) for who in range(5)], 5)
    assert listed(span_consensus([*answers, nested], 3))[-1] == [(0, 9, 1)]


@pytest.mark.parametrize("seed", range(3))
def test_weighing_people_beats_counting_them(seed: int) -> None:
    answers, truths = many_texts(seed)
    weighed = span_consensus(answers, 3)
    assert weighed.weighed
    by_count = [span_consensus([item], 3) for item in answers]
    assert not any(item.weighed for item in by_count)
    together = SpanConsensus(tuple(item.texts[0] for item in by_count), weighed=False)
    assert f1(weighed, truths) > f1(together, truths) + 0.03


@given(st.integers(0, 1000), st.sampled_from([3, 60]))
def test_who_comes_first_does_not_matter(seed: int, n: int) -> None:
    answers, _ = many_texts(seed, n=n)
    rng = np.random.default_rng(seed)
    turned = []
    for item in answers:
        rows = rng.permutation(len(item.label))
        turned.append(SpanAnswers(item.spans[rows], item.label[rows], item.person[rows], item.people))
    assert listed(span_consensus(turned, 3)) == listed(span_consensus(answers, 3))


@given(st.integers(0, 1000), st.sampled_from([3, 60]), st.sampled_from([1 / 3, 1 / 2, 0.9]))
def test_agreed_spans_stand_in_order_and_apart(seed: int, n: int, share: float) -> None:
    for item in span_consensus(many_texts(seed, n=n)[0], 3, share=share).texts:
        assert (item.spans[:, 0] < item.spans[:, 1]).all()
        assert (item.spans[1:, 0] >= item.spans[:-1, 1]).all()
        assert ((item.support > 0) & (item.support <= 1)).all()


@pytest.mark.parametrize(
    ("spans", "words"),
    [
        ([[3, 3]], "spans, row 0: 3 to 3 is empty"),
        ([[4, 1]], "is empty"),
        ([[-1, 4]], "spans holds a number outside"),
    ],
)
def test_what_is_no_span_is_refused(spans: list[list[int]], words: str) -> None:
    with pytest.raises(InvalidVotes, match=words):
        SpanAnswers(spans, [0], [0], [0])


def test_labels_outside_the_classes_are_refused() -> None:
    with pytest.raises(InvalidVotes, match="label holds a number outside the range from 0 to 1"):
        span_consensus([text([(0, 1, 2, 0)])], 2)


@pytest.mark.parametrize("share", [0, 1, np.nan])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(InvalidVotes):
        span_consensus([text([(0, 1, 2, 0)])], 3, share=share)
