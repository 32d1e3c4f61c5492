"""Marks of removed regions: carried by what is left, moved when that goes, and taken off without a trace."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from connector.platforms.label_studio import removal_marks
from connector.platforms.results import MARKER, marks_on

Raw = dict[str, Any]
regions = st.lists(
    st.fixed_dictionaries(
        {"id": st.uuids().map(str), "from_name": st.sampled_from(["box", "mood"])},
        optional={"meta": st.fixed_dictionaries({"text": st.just(["odd"])})},
    ),
    max_size=4,
)


def markers(result: list[Raw]) -> set[str]:
    return {one[MARKER] for entry in result for one in marks_on(entry)}


@given(regions)
def test_a_mark_is_put_on_what_is_left_and_taken_off_without_a_trace(left: list[Raw]) -> None:
    marked = removal_marks.carried(left, left, "box", {MARKER: "c-1"})
    assert markers(marked) == ({"c-1"} if left else set())
    assert removal_marks.carried(left, marked, "box", {MARKER: "c-1"}) == marked, "once"
    assert removal_marks.without(marked, "c-1") == removal_marks.bare(marked) == left


@given(regions.filter(lambda left: len(left) > 1), st.data())
def test_a_mark_moves_on_when_its_carrier_is_removed(left: list[Raw], data: st.DataObject) -> None:
    marked = removal_marks.carried(left, left, "box", {MARKER: "c-1"})
    gone = data.draw(st.integers(0, len(left) - 1))
    fewer = [entry for at, entry in enumerate(marked) if at != gone]
    now = removal_marks.carried(marked, fewer, "box", {MARKER: "c-2"})
    assert markers(now) == {"c-1", "c-2"}
    untouched = removal_marks.without(removal_marks.without(now, "c-2"), "c-1")
    assert untouched == [entry for at, entry in enumerate(left) if at != gone]


def test_strange_results_carry_nothing_and_raise_nothing() -> None:
    strange = [
        {"from_name": "box", "meta": {"secondlook_removed": [3, {"secondlook": 4}, {"secondlook": "x"}]}}
    ]
    assert markers(strange) == {"x"}
    assert removal_marks.carried(None, "text", "box", {MARKER: "c-1"}) == []
    assert removal_marks.without([1, None], "c-1") == []
