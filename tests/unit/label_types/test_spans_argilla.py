"""Spans on Argilla: UTF-16 offsets, the one span in question, and answers that are read by their verdict."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.model import LabelSchema, LabelStatus, ReviewRequest
from workers.label_types.spans.argilla import SpansOnArgilla
from workers.label_types.spans.units import code_points, utf16_units

TEXT = "\U0001f600 Ana met Bob in \U0001f3e0 Rome"
SCHEMA = LabelSchema("ner", "text", ("PER", "LOC"), (), "spans")
CODEC = SpansOnArgilla({"text": TEXT})
FORM = [{"name": "marked", "settings": {"type": "span", "field": "text", "options": []}}]
BOB = 'PER 10-13 "Bob"'
NO_BOB = '(nothing) 10-13 "Bob"'
LOC_BOB = 'LOC 10-13 "Bob"'


def entry(label: Any = "PER", start: Any = 11, end: Any = 14) -> dict[str, Any]:
    return {"label": label, "start": start, "end": end}


@given(st.text(max_size=30), st.data())
def test_offsets_go_to_utf16_and_back(text: str, data: st.DataObject) -> None:
    if not text:
        return
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    assert code_points(text, *utf16_units(text, start, end)) == (start, end)


@pytest.mark.parametrize(
    ("raw", "label", "status"),
    [
        ([entry()], BOB, LabelStatus.VALID),
        ([], "(none)", LabelStatus.VALID),
        (None, None, LabelStatus.EMPTY),
        ("x", None, LabelStatus.UNREADABLE),
        ([entry(), "x"], None, LabelStatus.UNREADABLE),
        ([entry(start=1)], None, LabelStatus.UNREADABLE),  # within an emoji
        ([entry(end=99)], None, LabelStatus.UNREADABLE),
        ([entry(start=14, end=14)], None, LabelStatus.UNREADABLE),
        ([entry(start="11")], None, LabelStatus.UNREADABLE),
        ([entry(label="ORG")], None, LabelStatus.UNKNOWN_CLASS),
        ([entry(label=None)], None, LabelStatus.UNREADABLE),
    ],
)
def test_an_answer_is_read_as_it_is_drawn(raw: Any, label: str | None, status: LabelStatus) -> None:
    found = CODEC.read(raw, SCHEMA)
    assert (found.label, found.status) == (label, status)


@pytest.mark.parametrize(("score", "expected"), [([0.9], 0.9), (0.9, -1.0), (None, -1.0), ([0.9, 0.8], -1.0)])
def test_a_suggestion_scores_each_of_its_spans(score: Any, expected: float) -> None:
    assert CODEC.scores({"value": [entry()], "score": score}, SCHEMA) == {BOB: expected}


@pytest.mark.parametrize(
    ("before", "after"), [(BOB, LOC_BOB), (BOB, NO_BOB), (NO_BOB, BOB), (BOB, 'PER 6-13 "met Bob"')]
)
def test_one_span_is_changed_and_put_back_and_all_others_stay(before: str, after: str) -> None:
    ana = entry(start=3, end=6)
    there = [ana] if before == NO_BOB else [ana, entry()]
    changed = CODEC.patch(there, SCHEMA, before, after, {})
    assert changed[0] == ana
    assert CODEC.carries(CODEC.read(changed, SCHEMA).label or "", after)
    assert CODEC.restore(changed, None, SCHEMA, before, after, {}) == there


def asked(given: str, suggested: str, *, blind: bool = False, text: str = TEXT) -> ReviewRequest:
    return ReviewRequest(
        key="k",
        batch="b",
        title="t",
        context="The model reads 'Bob' (orange) as 'PER'.",
        data={"text": text},
        options=("PER", "LOC"),
        suggestion=None if blind else suggested,
        suggestion_score=None,
        model_version="m",
        kind="spans",
        given=given,
        suggested=suggested,
        around='LOC 19-23 "Rome"',
        blind=blind,
    )


@pytest.mark.parametrize(
    ("given", "suggested", "code", "marked", "expected"),
    [
        (LOC_BOB, BOB, "given", [entry("LOC")], LOC_BOB),
        (LOC_BOB, BOB, "model", [entry("LOC")], BOB),
        (LOC_BOB, BOB, "model", [], BOB),
        (LOC_BOB, BOB, "as_mended", [entry(end=11 + 6)], 'PER 10-16 "Bob in"'),
        (LOC_BOB, BOB, "as_mended", [entry("LOC")], None),  # mended, and nothing is
        (LOC_BOB, BOB, "as_mended", [], None),
        (LOC_BOB, BOB, "given", [entry()], None),  # contradicts what is marked
        (LOC_BOB, BOB, "remove", [], NO_BOB),
        (LOC_BOB, BOB, "remove", [entry("LOC")], NO_BOB),
        (LOC_BOB, BOB, "cannot tell", [entry("LOC")], None),
        (NO_BOB, BOB, "model", [entry()], BOB),
        (NO_BOB, BOB, "remove", [entry()], NO_BOB),
        (BOB, NO_BOB, "model", [entry()], NO_BOB),
        (BOB, NO_BOB, "nonsense", [entry()], None),
    ],
)
def test_the_verdict_decides_and_what_is_marked_counts_only_where_it_says_so(
    given: str, suggested: str, code: str, marked: list[Any], expected: str | None
) -> None:
    content = SpansOnArgilla().content(asked(given, suggested), FORM)
    noted = json.loads(content.fields["secondlook_asked"])
    response = {"values": {"label": {"value": code}, "marked": {"value": marked}}}
    assert CODEC.answer_to(response, noted) == expected
    context = content.fields["secondlook_context"]
    assert "orange" not in context
    assert "'Rome' (LOC)" in context


@pytest.mark.parametrize(
    ("code", "marked", "expected"),
    [("as_mended", [entry()], BOB), ("remove", [], NO_BOB), ("given", [], None), ("as_mended", [], None)],
)
def test_a_blind_question_names_the_place_and_nothing_that_was_said(
    code: str, marked: list[Any], expected: str | None
) -> None:
    content = SpansOnArgilla().content(asked(BOB, LOC_BOB, blind=True), FORM)
    noted = json.loads(content.fields["secondlook_asked"])
    assert content.suggested == {}
    assert "'Bob' (characters 11 to 13)" in content.fields["secondlook_context"]
    assert not {"given", "suggested"} & set(noted)
    response = {"values": {"label": {"value": code}, "marked": {"value": marked}}}
    assert CODEC.answer_to(response, noted) == expected


def test_a_span_at_the_end_of_a_text_with_emoji_is_said_in_words_and_never_sent() -> None:
    """The server holds UTF-16 ends against a length in characters."""
    text = "\U0001f600 Ana met Bob"
    codec = SpansOnArgilla({"text": text})
    content = codec.content(asked(NO_BOB, BOB, text=text), FORM)
    assert content.suggested == {}
    assert "PER from 'Bob'" in content.fields["secondlook_context"]
    assert "last characters of this text (1)" in content.fields["secondlook_context"]
    assert "emoji" in (codec.refused(codec.patch([], SCHEMA, NO_BOB, BOB, {}), SCHEMA) or "")
    assert codec.refused([entry(start=3, end=6)], SCHEMA) is None
