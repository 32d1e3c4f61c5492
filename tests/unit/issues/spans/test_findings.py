from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.issues.spans.sentences import CLASSES, given_as, made_up, read_as
from workers.issues import InvalidInput, SpanKind, SpanTable, span_findings, span_issues
from workers.issues.spans import NO_SPAN, SPAN_KINDS, SpanFindings

Rows = list[tuple[int, int, int, int]]  # text, start, end, label


def table(rows: Rows, probability: list[float] | None = None) -> SpanTable:
    columns = np.array(rows, dtype=int).reshape(-1, 4).T
    return SpanTable(*columns, probability)


def kinds(result: SpanFindings) -> list[SpanKind]:
    return [SPAN_KINDS[kind] for kind in result.kind]


def compared(given_rows: Rows, predicted_rows: Rows) -> SpanFindings:
    return span_findings(table(given_rows), table(predicted_rows, [0.9] * len(predicted_rows)))


def test_equal_spans_are_no_finding() -> None:
    assert len(compared([(0, 0, 4, 1), (1, 2, 3, 0)], [(0, 0, 4, 1), (1, 2, 3, 0)])) == 0


def test_a_span_that_only_the_model_reads_is_missing() -> None:
    result = compared([(0, 0, 4, 1)], [(0, 0, 4, 1), (0, 6, 9, 0)])
    assert kinds(result) == [SpanKind.MISSING]
    assert (result.given[0], result.predicted[0], result.score[0]) == (NO_SPAN, 1, 0.9)


def test_a_span_that_the_model_does_not_read_is_extra() -> None:
    read = [(text, 0, 4, 1) for text in range(20)]
    result = compared([*read, (3, 8, 9, 1)], read)
    assert kinds(result) == [SpanKind.EXTRA]
    assert (result.text[0], result.given[0], result.predicted[0]) == (3, 20, NO_SPAN)


def test_another_label_on_the_same_or_an_overlapping_place_is_a_type() -> None:
    assert kinds(compared([(0, 0, 4, 1)], [(0, 0, 4, 0)])) == [SpanKind.TYPE]
    assert kinds(compared([(0, 0, 4, 1)], [(0, 2, 6, 0)])) == [SpanKind.TYPE]


def test_other_ends_of_the_same_label_are_a_boundary() -> None:
    assert kinds(compared([(0, 0, 1, 1)], [(0, 0, 3, 1)])) == [SpanKind.BOUNDARY]


def test_spans_that_only_touch_share_nothing() -> None:
    assert kinds(compared([(0, 0, 4, 1)], [(0, 4, 6, 1)]))[0] is SpanKind.MISSING


def test_a_wrong_span_of_many_tokens_is_one_finding() -> None:
    assert len(compared([(0, 0, 30, 1)], [(0, 1, 31, 1)])) == 1


def test_of_several_that_overlap_the_nearest_is_the_partner() -> None:
    result = compared([(0, 0, 10, 1)], [(0, 0, 2, 1), (0, 3, 10, 1)])
    assert kinds(result) == [SpanKind.BOUNDARY]
    assert result.predicted.tolist() == [1]


def test_a_nested_span_over_which_the_model_agrees_with_another_is_counted_as_not_read() -> None:
    result = compared([(0, 0, 10, 1), (0, 2, 4, 0)], [(0, 0, 10, 1)])
    assert len(result) == 0
    assert result.not_read == 1


def test_of_two_labels_on_one_place_the_equal_one_is_the_partner() -> None:
    result = compared([(0, 0, 4, 1), (0, 0, 4, 0)], [(0, 0, 4, 0)])
    assert len(result) == 0
    assert result.not_read == 1


def test_the_same_place_in_another_text_is_another_place() -> None:
    result = compared([(0, 0, 4, 1)], [(1, 0, 4, 1)])
    assert kinds(result)[0] is SpanKind.MISSING
    assert result.text[0] == 1


def test_spans_are_named_by_their_place_whatever_their_order() -> None:
    given_rows = [(1, 5, 9, 0), (0, 0, 4, 1)]
    result = compared(given_rows, [(0, 0, 4, 1), (1, 5, 8, 0)])
    assert (result.given.tolist(), result.predicted.tolist()) == ([0], [1])


def test_a_label_that_the_model_never_reads_is_not_judged_but_counted() -> None:
    result = span_findings(table([(0, 0, 4, 1), (1, 0, 4, 0), (2, 0, 4, 0)]), table([(1, 0, 4, 0)], [0.9]))
    assert kinds(result) == [SpanKind.EXTRA]
    assert (result.given.tolist(), result.not_read) == ([2], 1)


def test_a_model_that_reads_nothing_says_nothing() -> None:
    result = span_findings(table([(0, 0, 4, 1)] * 3), table([]))
    assert (len(result), result.not_read) == (0, 3)


def test_a_model_that_reads_a_span_everywhere_is_reported_as_it_is() -> None:
    read = [(0, 2 * i, 2 * i + 2, 0) for i in range(100)]
    result = span_findings(table([(0, 0, 2, 0)]), table(read, [0.6] * 100))
    assert kinds(result) == [SpanKind.MISSING] * 99


def test_a_thousand_spans_in_one_text() -> None:
    rows = [(0, 3 * i, 3 * i + 2, i % 3) for i in range(1000)]
    assert len(compared(rows, rows)) == 0
    assert len(compared(rows, rows[:500])) == 500


span = st.tuples(st.integers(0, 2), st.integers(0, 30), st.integers(1, 8), st.integers(0, 2)).map(
    lambda s: (s[0], s[1], s[1] + s[2], s[3])
)


@given(st.lists(span, max_size=20), st.lists(span, max_size=20))
def test_each_span_is_named_once(given_rows: Rows, predicted_rows: Rows) -> None:
    result = compared(given_rows, predicted_rows)
    for named in (result.given, result.predicted):
        known = named[named != NO_SPAN]
        assert len(np.unique(known)) == len(known)
    assert (np.diff(result.score) <= 0).all()
    assert result.not_read + np.count_nonzero(result.given != NO_SPAN) <= len(given_rows)


@given(st.lists(span, max_size=15), st.lists(span, max_size=15))
def test_kinds_are_what_they_say(given_rows: Rows, predicted_rows: Rows) -> None:
    result = compared(given_rows, predicted_rows)
    for kind, a, b in zip(kinds(result), result.given.tolist(), result.predicted.tolist(), strict=True):
        if kind is SpanKind.MISSING:
            assert not any(_overlap(predicted_rows[b], other) for other in given_rows)
        elif kind is SpanKind.EXTRA:
            assert not any(_overlap(given_rows[a], other) for other in predicted_rows)
        else:
            assert _overlap(given_rows[a], predicted_rows[b])
            assert (given_rows[a][3] == predicted_rows[b][3]) == (kind is SpanKind.BOUNDARY)


def _overlap(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> bool:
    return a[0] == b[0] and a[1] < b[2] and b[1] < a[2]


# --- from tokens -------------------------------------------------------------------------------


def test_a_missing_span_is_found_with_its_probability() -> None:
    issues = span_issues([given_as("O", "O", "O")], [read_as("O", "B-PER", "I-PER")], CLASSES)
    assert kinds(issues.findings) == [SpanKind.MISSING]
    result = issues.predicted
    assert (result.start[0], result.end[0], issues.names[result.label[0]]) == (1, 3, "PER")
    # Columns of one label are added up: the model gives PER .925 and the given O .025 on each token.
    assert result.probability[0] == pytest.approx(0.925)
    assert issues.findings.score[0] == pytest.approx(0.925 * (1 - 0.025))
    assert issues.score[0] == pytest.approx(1 - issues.findings.score[0])


def test_an_extra_span_is_as_suspicious_as_nothing_is_probable_there() -> None:
    issues = span_issues([given_as("B-PER", "I-PER")], [read_as("O", "O", sure=0.8)], CLASSES)
    assert kinds(issues.findings) == [SpanKind.EXTRA]
    assert issues.findings.score[0] == pytest.approx(0.8 * (1 - 0.1))


def test_product_makes_long_spans_less_probable_than_min() -> None:
    labels, probs = [given_as("O", "O")], [read_as("B-ORG", "I-ORG")]
    joined = {
        how: span_issues(labels, probs, CLASSES, joining=how).predicted.probability[0]
        for how in ("min", "product")
    }
    assert joined["product"] == pytest.approx(joined["min"] ** 2)


def test_a_change_of_inside_to_begin_splits_a_span_and_is_a_boundary() -> None:
    issues = span_issues([given_as("B-PER", "I-PER")], [read_as("B-PER", "B-PER")], CLASSES)
    assert kinds(issues.findings) == [SpanKind.BOUNDARY]


def test_spans_do_not_run_from_one_sentence_into_the_next() -> None:
    labels = [given_as("B-PER", "I-PER"), [], given_as("I-PER", "O")]
    issues = span_issues(
        labels, [read_as("B-PER", "I-PER"), np.zeros((0, 5)), read_as("I-PER", "O")], CLASSES
    )
    assert len(issues.findings) == 0
    assert issues.given.text.tolist() == [0, 2]
    assert issues.given.end.tolist() == [2, 1]


def test_no_tokens_have_no_findings() -> None:
    issues = span_issues([[], []], [[], []], CLASSES)
    assert len(issues.findings) == 0
    assert issues.score.tolist() == [1, 1]


@pytest.mark.parametrize("seed", range(5))
def test_findings_name_spans_that_differ(seed: int) -> None:
    labels, probs = made_up(seed)
    issues = span_issues(labels, probs, CLASSES)
    result = issues.findings
    assert len(result) > 10
    assert ((result.score >= 0) & (result.score <= 1)).all()
    for a, b in zip(result.given.tolist(), result.predicted.tolist(), strict=True):
        if NO_SPAN not in (a, b):
            x, y = issues.given, issues.predicted
            assert (x.start[a], x.end[a], x.label[a]) != (y.start[b], y.end[b], y.label[b])


def test_classes_that_do_not_fit_the_columns_are_refused() -> None:
    with pytest.raises(InvalidInput, match="classes: has 4 names for 5 columns of pred_probs"):
        span_issues(*made_up(0), CLASSES[:4])


def test_probabilities_that_are_none_are_refused_with_their_sentence() -> None:
    probs = [read_as("O", "O"), np.array([[0.2] * 5, [np.nan] * 5])]
    with pytest.raises(InvalidInput, match="pred_probs, row 1: token 1: holds NaN or infinity"):
        span_issues([given_as("O", "O")] * 2, probs, CLASSES)


def test_a_joining_that_there_is_not_is_refused() -> None:
    with pytest.raises(InvalidInput, match="joining: is 'mean'"):
        span_issues(*made_up(0), CLASSES, joining="mean")


@pytest.mark.parametrize(
    ("row", "probability"),
    [((0, 4, 4, 0), 0.5), ((0, -1, 4, 0), 0.5), ((0, 0, 4, 0), 1.5), ((0, 0, 4, 0), np.nan)],
)
def test_what_is_no_span_is_refused_with_its_place(
    row: tuple[int, int, int, int], probability: float
) -> None:
    with pytest.raises(InvalidInput, match=r"spans, row 1: goes from .* Give 0 <= start < end") as refused:
        table([(0, 0, 1, 0), row], [0.5, probability])
    assert refused.value.row == 1
