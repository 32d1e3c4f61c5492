"""Regions as pages draw them: of results, and of the keys that questions name."""

from __future__ import annotations

from connector.web.dashboard.marks import (
    MOST_CHARS,
    MOST_REGIONS,
    PageBox,
    PageStretch,
    drawn_key,
    drawn_label,
    drawn_result,
)
from workers.label_types.boxes.value import KEYS as BOXES
from workers.label_types.boxes.value import Box
from workers.label_types.regions.keys import RegionPart
from workers.label_types.spans.value import Span

TEXT = "Ada met Bob."


def test_a_box_is_drawn_where_its_key_says_as_tall_as_its_picture() -> None:
    part = RegionPart("red car", Box(80, 60, 40, 30, 15, 800, 600))
    drawn = drawn_key("Given", "", str(part))
    assert drawn is not None
    assert (drawn.boxes, drawn.height) == ((PageBox(10, 7.5, 5, 3.75, "red car", 15),), 75)


def test_what_should_not_be_there_is_the_picture_without_a_box() -> None:
    part = RegionPart("car", Box(80, 60, 40, 30, 0, 800, 600))
    drawn = drawn_key("Suggested", "", str(part.nothing()))
    assert drawn is not None
    assert drawn.boxes == ()
    assert BOXES.part(str(part.nothing())) is not None


def test_a_span_is_marked_in_its_text_and_nowhere_past_its_end() -> None:
    drawn = drawn_key("Given", TEXT, str(RegionPart("PER", Span(8, 11, "Bob"))))
    assert drawn is not None
    assert drawn.pieces == [PageStretch("Ada met ", ""), PageStretch("Bob", "PER"), PageStretch(".", "")]
    past = drawn_key("Given", TEXT, str(RegionPart("PER", Span(8, 99))))
    assert past is not None
    assert past.pieces == [PageStretch(TEXT, "")]


def test_a_label_that_is_no_region_is_not_drawn() -> None:
    for label in ("cat", "cat\ndog", "4", "car 1,2 3x4 of 0x0"):
        assert drawn_key("Given", TEXT, label) is None
    assert drawn_result("Regions", TEXT, [{"value": {"choices": ["cat"]}}]) is None


def test_a_result_tells_the_size_of_its_picture_and_nonsense_does_no_harm() -> None:
    value = {"x": 10, "y": 50, "width": 300, "height": 20, "rectanglelabels": ["car"]}
    rows = [{"original_width": 200, "original_height": 400, "value": value}, 7, {"value": {"x": "a"}}]
    drawn = drawn_result("Regions", TEXT, rows)
    assert drawn is not None
    assert (drawn.boxes, drawn.height) == ([PageBox(10, 100, 100, 40, "car")], 200)
    for size in (0, -1, "x", None, 1e400):
        rows[0] = {"original_width": size, "original_height": 3, "value": value}
        found = drawn_result("Regions", TEXT, rows)
        assert found is not None
        assert 1 <= found.height <= 1000


def test_boxes_that_are_too_many_to_draw_are_counted_and_said_with_their_place() -> None:
    values = [{"x": n / 20, "y": 5, "width": 1, "height": 2, "rectanglelabels": ["car"]} for n in range(1000)]
    outline = {"points": [[1, 1], [2, 1], [2, 2]], "polygonlabels": ["road"]}
    drawn = drawn_result("Regions", "", [{"value": value} for value in (*values, outline)])
    assert drawn is not None
    assert (drawn.drawn, len(drawn.boxes), len(drawn.left_out)) == (MOST_REGIONS, MOST_REGIONS, 501)
    assert drawn.left_out[0] == "car (x 25 %, y 5 %, width 1 %, height 2 %)"
    assert drawn.left_out[-1] == "road (of another shape)"


def test_spans_that_are_not_drawn_are_said_with_their_place() -> None:
    text = "Bob " * 6000
    spans = [RegionPart("PER", Span(at, at + 3, "Bob")) for at in (*range(0, 2400, 4), 23_000)]
    label = "\n".join(map(str, spans))
    drawn = drawn_label("Regions", text, label, [{"value": {"labels": ["PER"]}}])
    assert drawn is not None
    assert sum(piece.labels == "PER" for piece in drawn.pieces) == drawn.drawn == MOST_REGIONS
    assert len(drawn.left_out) == 101
    assert drawn.left_out[-1] == 'PER 23000-23003 "Bob"'


def test_a_span_far_into_a_text_is_shown_in_what_is_around_it() -> None:
    text = "-" * (2 * MOST_CHARS) + "Bob" + "-" * MOST_CHARS
    key = str(RegionPart("PER", Span(2 * MOST_CHARS, 2 * MOST_CHARS + 3, "Bob")))
    drawn = drawn_key("Given", text, key)
    assert drawn is not None
    assert PageStretch("Bob", "PER") in drawn.pieces
    assert sum(len(piece.text) for piece in drawn.pieces) < 3000
