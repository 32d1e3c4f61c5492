"""Spans of a `<HyperText>` and of `<Paragraphs>`: each tag counts in units of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume
from hypothesis import given as over
from hypothesis import strategies as st

from connector.errors import Misconfigured
from connector.model import LabelSchema, LabelStatus, ReviewRequest, ReviewSetup
from connector.model.html_text import html_text
from connector.platforms.label_studio import mapping, review_tasks
from connector.platforms.label_studio.backend import label_config
from connector.platforms.label_studio.config import parsed, schema_of
from connector.platforms.label_studio.review_config import build
from connector.web.dashboard.marks import drawn_label
from tests.support.codecs import ARGILLA, LABEL_STUDIO
from workers.label_types.spans.label_studio import SpansOnLabelStudio
from workers.label_types.spans.objects import Dialogue, RenderedHtml
from workers.label_types.spans.value import KEYS, Span

HTML = "<p>Hi 😀 <b>Bob</b> Smith</p><p>Second &amp; line</p>"  # as a real editor was seen to store it
TALK = [{"author": "A", "text": "Hi 😀 Bob"}, {"author": "B", "text": "Hello Ann"}]
RECTANGLES = '<RectangleLabels name="ent" toName="o"><Label value="a"/></RectangleLabels>'
META = {"secondlook": "0123-4567"}
CONFIGS = {
    "HyperText": '<View><HyperTextLabels name="ent" toName="o"><Label value="PER"/><Label value="LOC"/>'
    '</HyperTextLabels><HyperText name="o" value="$held"/></View>',
    "Paragraphs": '<View><ParagraphLabels name="ent" toName="o"><Label value="PER"/><Label value="LOC"/>'
    '</ParagraphLabels><Paragraphs name="o" value="$held" nameKey="author" textKey="text"/></View>',
}
HELD = {"HyperText": HTML, "Paragraphs": TALK}

Raw = dict[str, Any]


def in_html(first: int, last: int, label: str = "PER", **more: Any) -> Raw:
    value = {**RenderedHtml(HTML).value(Span(first, last)), "hypertextlabels": [label]}
    del value["text"]  # the editor stores none here
    return {"id": "h1", "from_name": "ent", "to_name": "o", "type": "hypertextlabels", "value": value | more}


def in_talk(line: str, start: int, end: int, words: str, label: str = "PER") -> Raw:
    place = {"start": line, "end": line, "startOffset": start, "endOffset": end, "text": words}
    value = {**place, "paragraphlabels": [label]}
    return {"id": "g1", "from_name": "ent", "to_name": "o", "type": "paragraphlabels", "value": value}


def schema(kind: str) -> LabelSchema:
    return schema_of(CONFIGS[kind], None, LABEL_STUDIO)


def bound(kind: str) -> Any:
    return mapping.codec_of({"data": {"held": HELD[kind]}}, schema(kind), LABEL_STUDIO["spans"])


def test_offsets_of_html_are_those_that_an_editor_was_seen_to_store() -> None:
    assert RenderedHtml(HTML).text == "Hi 😀 Bob SmithSecond & line"
    assert RenderedHtml(HTML).value(Span(5, 8, "Bob")) == {
        "start": "/p[1]/b[1]/text()[1]",
        "end": "/p[1]/b[1]/text()[1]",
        "startOffset": 0,
        "endOffset": 3,
        "globalOffsets": {"start": 5, "end": 8},
        "text": "Bob",
    }
    stored = {"start": "/p[1]/b[1]/text()[1]", "startOffset": 0, "end": "/p[1]/text()[2]", "endOffset": 6}
    assert RenderedHtml(HTML).offsets(stored) == (5, 14)


def test_offsets_of_a_dialogue_count_utf16_units_within_the_utterance() -> None:
    talk = Dialogue([one["text"] for one in TALK])
    assert talk.text == "Hi 😀 Bob\nHello Ann"
    assert talk.offsets(in_talk("0", 6, 9, "Bob")["value"]) == (5, 8)
    assert talk.value(Span(15, 18, "Ann")) == {
        "start": "1",
        "end": "1",
        "startOffset": 6,
        "endOffset": 9,
        "text": "Ann",
    }
    for value in ({"start": "7", "end": "7"}, {"start": "0", "end": "0", "startOffset": 4, "endOffset": 9}):
        assert talk.offsets({"startOffset": 0, "endOffset": 2, **value}) is None, "outside, or half an emoji"


TEXTS = st.text(st.sampled_from("aé😀 &<"), max_size=6)


@over(st.lists(TEXTS, min_size=1, max_size=5), st.data())
def test_a_span_is_read_where_it_was_written(lines: list[str], data: st.DataObject) -> None:
    escaped = [line.replace("&", "&amp;").replace("<", "&lt;") for line in lines]
    html = "".join(
        f"<p>{line[:2]}<i>x</i><br>{line[2:]}</p>" if n % 2 else line for n, line in enumerate(escaped)
    )
    for held in (RenderedHtml(html), Dialogue(lines)):
        text = held.text or ""
        assume(text.strip("\n"))
        start = data.draw(st.integers(0, len(text) - 1))
        end = data.draw(st.integers(start + 1, len(text)))
        value = held.value(Span(start, end))
        assert held.offsets(value) == (start, end)
        if isinstance(held, RenderedHtml):
            value.pop("globalOffsets")
            assert held.offsets(value) in ((start, end), None)


@pytest.mark.parametrize(
    "html",
    [
        "<p>one<p>two",
        "<table><tr><td>a</td></tr></table>",
        "<ul><li>a<li>b</ul>",
        "<b/>a",
        "<p>a<div>b</div></p>",
        "<html><body>a</body></html>",
        "<b><i>a</b></i>",
    ],
)
def test_where_a_page_builds_another_tree_no_node_is_named(html: str) -> None:
    assert html_text(html).nodes is None
    held = RenderedHtml(html)
    value = held.value(Span(0, 1, "a"))
    assert value["start"] == value["end"] == "", "without any path the editor shows no region"
    assert held.offsets(value) == (0, 1)
    assert held.offsets({"start": "/b[1]/text()[1]", "end": "/b[1]/text()[1]", "startOffset": 0}) is None


def test_a_table_that_says_all_its_parts_has_nodes() -> None:
    nodes = html_text("<table>\n<tbody><tr><td>a</td><td>b</td></tr></tbody></table>").nodes
    assert [node.path for node in nodes or ()][-2:] == [
        "/table[1]/tbody[1]/tr[1]/td[1]/text()[1]",
        "/table[1]/tbody[1]/tr[1]/td[2]/text()[1]",
    ]


def test_comments_are_taken_out_of_a_page_before_its_words_are_counted() -> None:
    read = html_text("Bob<br>in Ro<!-- c -->me")
    assert read.text == "Bob\nin Rome"
    assert [(node.path, node.start, node.text) for node in read.nodes or ()] == [
        ("/text()[1]", 0, "Bob"),
        ("/text()[2]", 4, "in Rome"),
    ]


@pytest.mark.parametrize(
    ("kind", "region", "label", "status"),
    [
        ("HyperText", in_html(5, 8), 'PER 5-8 "Bob"', LabelStatus.VALID),
        ("HyperText", in_html(5, 8, text="Ana"), None, LabelStatus.MISPLACED),
        ("HyperText", in_html(5, 8, globalOffsets={"start": 5, "end": 99}), None, LabelStatus.MISPLACED),
        ("HyperText", in_html(5, 8, globalOffsets={"start": 8, "end": 8}), None, LabelStatus.UNREADABLE),
        ("HyperText", in_html(5, 8, globalOffsets=None), 'PER 5-8 "Bob"', LabelStatus.VALID),
        ("HyperText", in_html(5, 8, globalOffsets=None, end="/a[1]"), None, LabelStatus.UNREADABLE),
        ("Paragraphs", in_talk("0", 6, 9, "Bob"), 'PER 5-8 "Bob"', LabelStatus.VALID),
        ("Paragraphs", in_talk("0", 5, 8, "Bob"), None, LabelStatus.MISPLACED),
        ("Paragraphs", in_talk("2", 0, 3, "Bob"), None, LabelStatus.UNREADABLE),
        ("Paragraphs", in_talk("0", 6, 9, "Bob", "ORG"), None, LabelStatus.UNKNOWN_CLASS),
    ],
)
def test_a_span_is_read_in_its_objects_units(
    kind: str, region: Raw, label: str | None, status: LabelStatus
) -> None:
    raw = {"id": 1, "data": {"held": HELD[kind]}, "annotations": [{"id": 2, "result": [region]}]}
    (found,) = mapping.item(raw, schema(kind), LABEL_STUDIO["spans"]).annotations
    assert (found.label, found.status) == (label, status)


@pytest.mark.parametrize("kind", CONFIGS)
def test_a_correction_is_written_in_the_objects_units_and_taken_back(kind: str) -> None:
    codec = bound(kind)
    first = in_html(0, 2) if kind == "HyperText" else in_talk("0", 0, 2, "Hi")
    said = {"id": first["id"], "from_name": "sure", "to_name": "o", "type": "choices"}
    result = [first, said | {"value": {**first["value"], "choices": ["yes"]}}]
    text = {"HyperText": "Hi 😀 Bob SmithSecond & line", "Paragraphs": "Hi 😀 Bob\nHello Ann"}[kind]
    for start, end in ((5, 8), (15, 18)):
        part = f'LOC {start}-{end} "{text[start:end]}"'
        given = codec.read(result, schema(kind)).label
        after = codec.patch(result, schema(kind), given, part, META)
        assert codec.read(after, schema(kind)).label == part
        assert [item["id"] for item in after] == [first["id"]] * 2
        assert after[1]["value"]["choices"] == ["yes"]
        assert codec.restore(after, result, schema(kind), given, part, META) == result
        added = codec.patch(
            result, schema(kind), given.replace("PER 0-2", f"(nothing) {start}-{end}"), part, META
        )
        assert added[:-1] == result
        assert added[-1]["type"] == {"HyperText": "hypertextlabels", "Paragraphs": "paragraphlabels"}[kind]
        assert codec.read(added, schema(kind)).label == "\n".join(sorted([given, part]))


@pytest.mark.parametrize("kind", CONFIGS)
def test_a_review_shows_the_text_that_the_spans_count_in(kind: str) -> None:
    codec, about = LABEL_STUDIO["spans"], schema(kind)
    setup = _setup(about)
    config = build(setup, codec)
    form = review_tasks.LabelStudioForm(
        tuple(str(one.value_name) for one in parsed(config).objects if one.name), config
    )
    text = bound(kind)._objects["o"].text
    request = _request(held=HELD[kind], text=text)
    task = review_tasks.task_for(request, form, codec)
    assert [task["data"][name] for name in form.fields] == [text]
    orange = task["predictions"][0]["result"][0]
    assert (orange["type"], orange["value"]["start"], orange["value"]["end"]) == ("labels", 5, 8)
    answer = {"from_name": "label", "type": "choices", "value": {"choices": ["model"]}}
    assert codec.answer_to([orange, answer], task["data"]) == 'LOC 5-8 "Bob"'


def test_what_counts_in_another_text_on_argilla_is_shown_as_that_text() -> None:
    form = [{"name": "marked", "settings": {"type": "span", "field": "held"}}]
    text = "Hi 😀 Bob\nHello Ann"
    content = ARGILLA["spans"].content(_request(held=TALK, text=text), form)
    assert content.fields["held"] == text
    assert content.suggested["marked"] == [{"label": "PER", "start": 6, "end": 9}]


def test_pages_draw_spans_by_the_label_whatever_units_the_result_has() -> None:
    drawn = drawn_label("Regions", "Hi 😀 Bob", 'PER 5-8 "Bob"', [in_talk("0", 6, 9, "Bob")])
    assert drawn is not None
    assert [(one.text, one.labels) for one in drawn.pieces] == [("Hi 😀 ", ""), ("Bob", "PER")]
    assert drawn_label("Regions", "Hi", "cat 0-1", [{"value": {"choices": ["cat 0-1"]}}]) is None


def test_a_model_is_told_the_control_that_the_project_has() -> None:
    assert "<HyperTextLabels" in label_config(schema("HyperText"), LABEL_STUDIO["spans"])
    told = label_config(schema("Paragraphs"), LABEL_STUDIO["spans"])
    assert schema_of(told, None, LABEL_STUDIO) == schema("Paragraphs")


@pytest.mark.parametrize(
    "config",
    [
        CONFIGS["HyperText"].replace('value="$held"', 'value="$held" valueType="url"'),
        f'<View><Image name="o" valueList="$held"/>{RECTANGLES}</View>',
        '<View><Labels name="ent" toName="o" value="$names"/><Text name="o" value="$held"/></View>',
    ],
)
def test_what_cannot_be_judged_is_named_with_its_control(config: str) -> None:
    with pytest.raises(Misconfigured, match="ent"):
        schema_of(config, "ent", LABEL_STUDIO)


def test_keys_of_html_are_read_again() -> None:
    label = bound("HyperText").read([in_html(5, 8)], schema("HyperText")).label
    assert KEYS.valid(label, schema("HyperText"))
    assert isinstance(LABEL_STUDIO["spans"], SpansOnLabelStudio)


def _setup(about: LabelSchema) -> ReviewSetup:
    return ReviewSetup("key", "title", about, 2, "")


def _request(*, held: Any, text: str) -> ReviewRequest:
    given = 'PER 5-8 "Bob"'
    request = ReviewRequest("k", "b", "t", "c", {"held": held}, ("PER", "LOC"), None, 0.9, "m", "spans")
    suggested = 'LOC 5-8 "Bob"'
    return replace(request, given=given, suggested=suggested, suggestion=suggested, around=given, text=text)


def test_words_of_two_paragraphs_fit_whatever_blanks_the_page_put_between_them() -> None:
    held = RenderedHtml("<p>Hi Bob</p><p>Smith</p>")
    spots = {"globalOffsets": {"start": 3, "end": 11}}
    assert held.marked({**spots, "text": "Bob\n\nSmith"}) is None
    assert held.marked({**spots, "text": "Bob Smyth"}) == "Bob Smyth"
