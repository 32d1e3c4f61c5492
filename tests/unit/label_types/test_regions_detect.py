"""Which boxes and spans are doubted, and what is done where a model says nothing or everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import pytest

from connector.model import LabelledItem, LabelSchema, Prediction
from connector.model.reasons import NotJudged
from connector.wording import reason_texts
from workers.label_types.base import Suspicions
from workers.label_types.boxes.detect import detect as detect_boxes
from workers.label_types.spans.detect import detect as detect_spans

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BOXES = LabelSchema("box", "image", ("car", "dog"), (), "boxes")
SPANS = LabelSchema("ner", "text", ("LOC", "PER"), (), "spans")


def item(row: int, label: str, *others: str) -> LabelledItem:
    people = tuple((f"p{n}", other) for n, other in enumerate(others))
    return LabelledItem(row, str(row), row, str(row), 1, label, "ann", NOW, people)


def prediction(scores: Mapping[str, float]) -> Prediction:
    return Prediction("1", "m", None, None, scores, NOW)


def box(label: str, x: int, y: int, w: int = 100, h: int = 80, size: str = "800x600") -> str:
    return f"{label} {x},{y} {w}x{h} of {size}"


RIGHT = [item(n, "\n".join([box("car", n, 40), box("dog", 300 + n, 250)])) for n in range(30)]
SEEN = [prediction({box("car", n, 40): 0.95, box("dog", 300 + n, 250): 0.95}) for n in range(30)]


def found(*cases: tuple[LabelledItem, Prediction | None]) -> Suspicions:
    items = [*RIGHT, *(case[0] for case in cases)]
    return detect_boxes(items, [*SEEN, *(case[1] for case in cases)], BOXES, "")


def kinds(suspicions: Suspicions) -> Sequence[tuple[str, str]]:
    return [(str(one.given), one.suggested) for one in suspicions.suspicions]


def test_a_swapped_box_keeps_its_place() -> None:
    given = item(40, box("dog", 400, 300))
    [pair] = kinds(found((given, prediction({box("car", 403, 302): 0.95}))))
    assert pair == (box("dog", 400, 300), box("car", 400, 300))


def test_a_model_that_predicts_nothing_at_all_doubts_nothing() -> None:
    suspicions = detect_boxes(RIGHT, [prediction({})] * 30, BOXES, "")
    assert not suspicions.suspicions
    assert len(suspicions.judged) == 30
    assert reason_texts(suspicions.warnings) == (
        "The predictions hold no region that can be used: nothing can be found by them.",
    )


def test_a_model_that_predicts_everything_everywhere_is_not_believed() -> None:
    grid = {box("car", 100 * x, 100 * y, 90, 90): 0.6 for x in range(8) for y in range(6)}
    suspicions = detect_boxes(RIGHT, [prediction(grid)] * 30, BOXES, "")
    assert not [pair for pair in kinds(suspicions) if pair[0].startswith("(nothing)")]


def test_classes_that_the_control_does_not_have_and_rubbish_in_predictions_are_counted() -> None:
    given = item(40, box("car", 400, 300))
    scores = {box("car", 400, 300): 0.9, box("whale", 10, 10): 0.99, "rubbish": 0.99}
    suspicions = found((given, prediction(scores)))
    assert not suspicions.suspicions
    assert [text for text in reason_texts(suspicions.warnings) if "'whale'" in text]


@pytest.mark.parametrize(
    ("moved", "swapped", "words"),
    [
        (400, {}, "there is one at 0 of 60 given regions"),
        (0, {"car": "dog", "dog": "car"}, "of those at 60 given regions 0 have the same label"),
    ],
)
def test_predictions_that_cannot_be_about_the_boxes_are_a_warning_and_no_questions(
    moved: int, swapped: Mapping[str, str], words: str
) -> None:
    seen = [
        prediction(
            {
                box(swapped.get(label, label), x + moved, y): 0.95
                for label, x, y in (("car", n, 40), ("dog", 300 + n, 250))
            }
        )
        for n in range(30)
    ]
    suspicions = detect_boxes(RIGHT, seen, BOXES, "")
    assert not suspicions.suspicions
    assert [words in text for text in reason_texts(suspicions.warnings)] == [True]


def test_predictions_that_fit_little_are_said_and_flag_what_they_contradict() -> None:
    seen = [*SEEN[:10], *(prediction({box("car", n, 400): 0.95}) for n in range(10, 30))]
    given = item(40, box("dog", 400, 300))
    suspicions = detect_boxes([*RIGHT, given], [*seen, prediction({box("car", 400, 300): 0.95})], BOXES, "")
    (text,) = reason_texts(suspicions.warnings)
    assert text.startswith("The predictions fit the labels little: there is one at 21 of 61 given regions")


def test_predicted_spans_that_never_end_where_given_ones_do_are_a_warning_and_no_questions() -> None:
    rows = [item(n, f'PER {n}-{n + 4} "Anna"') for n in range(30)]
    seen = [prediction({f'PER {n}-{n + 3} "Ann"': 0.95}) for n in range(30)]
    suspicions = detect_spans(rows, seen, SPANS, "")
    assert not suspicions.suspicions
    (text,) = reason_texts(suspicions.warnings)
    assert "of those over 30 given spans 0 have the same start and end. Nothing is flagged" in text


def test_an_item_of_one_annotator_without_a_prediction_is_not_judged_and_counted() -> None:
    suspicions = found((item(40, box("car", 1, 1)), None))
    assert suspicions.unusable == {NotJudged.NO_COMPARISON: 1}
    assert 30 not in suspicions.judged


def test_a_prediction_that_could_not_be_read_is_counted_as_such() -> None:
    unreadable = Prediction("1", "m", None, 0.9, None, NOW)
    suspicions = found((item(40, box("car", 1, 1)), unreadable))
    (code,) = suspicions.unusable
    assert reason_texts([code])[0].endswith("a region that cannot be read")


def test_pictures_in_percent_and_in_pixels_are_compared() -> None:
    given = item(40, "car 50,50 12.5x20 of 100x100")
    assert not found((given, prediction({box("car", 400, 300, 100, 120): 0.95}))).suspicions


def test_turned_boxes_are_compared_as_they_lie() -> None:
    turned = "car 400,300 200x20 @40 of 800x600"
    assert not found((item(40, turned), prediction({turned: 0.95}))).suspicions
    pairs = kinds(found((item(40, turned), prediction({turned.replace("@40", "@20"): 0.95}))))
    assert turned in [given for given, _ in pairs], "the upright boxes about them would overlap by far"


def test_the_others_agree_on_a_missing_span_and_on_an_extra_one() -> None:
    ana, rome = 'PER 0-3 "Ana"', 'LOC 12-16 "Rome"'
    both = f"{rome}\n{ana}"
    rows = [item(n, both, both, both) for n in range(20)]
    rows += [item(30, ana, both, both), item(31, f'{both}\nPER 4-8 "flew"', both, both)]
    suspicions = detect_spans(rows, [None] * len(rows), SPANS, "")
    assert sorted(kinds(suspicions)) == [
        ('(nothing) 12-16 "Rome"', rome),
        ('PER 4-8 "flew"', '(nothing) 4-8 "flew"'),
    ]
    assert reason_texts(suspicions.warnings)[0].startswith("22 items without predictions")
