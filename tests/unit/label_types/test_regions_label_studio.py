"""Boxes and spans in Label Studio's JSON: read, asked about, answered, written, put back."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given as over
from hypothesis import strategies as st

from connector.errors import Misconfigured, Rejected
from connector.model import LabelSchema, LabelStatus, ObjectTag, ReviewRequest
from connector.platforms.label_studio import mapping
from connector.platforms.label_studio.config import schema_of
from tests.support.codecs import LABEL_STUDIO
from workers.label_types.boxes.label_studio import BoxesOnLabelStudio
from workers.label_types.spans.label_studio import SpansOnLabelStudio

BOXES, SPANS = BoxesOnLabelStudio(), SpansOnLabelStudio()
SCHEMA = LabelSchema("box", "image", ("boat", "ship"), (ObjectTag("image", "Image", "image"),), "boxes")
SPAN_SCHEMA = LabelSchema("ner", "text", ("LOC", "PER"), (ObjectTag("text", "Text", "text"),), "spans")
META = {"secondlook": "0123-4567-89ab-cdef", "secondlook_by": "1"}

Raw = dict[str, Any]


def box(
    region_id: Any, label: str | None, x: float, y: float, w: float = 20, h: float = 15, **more: Any
) -> Raw:
    value = {"x": x, "y": y, "width": w, "height": h, "rotation": more.pop("rotation", 0)}
    labels = {} if label is None else {"rectanglelabels": [label]}
    item = {"id": region_id, "from_name": "box", "to_name": "image", "type": "rectanglelabels"}
    return {**item, "original_width": 800, "original_height": 600, "value": value | labels, **more}


def span(region_id: str, label: str, start: int, end: int, text: str) -> Raw:
    value = {"start": start, "end": end, "text": text, "labels": [label]}
    return {"id": region_id, "from_name": "ner", "to_name": "text", "type": "labels", "value": value}


ONE, TWO = box("r1", "ship", 10, 20, meta={"text": ["odd"]}), box("r2", "boat", 50, 50)
SURE = {"id": "r1", "from_name": "sure", "to_name": "image", "type": "choices"}
SURE["value"] = {**ONE["value"], "choices": ["yes"]}  # type: ignore[assignment] # said of the region
RELATION = {"type": "relation", "from_id": "r1", "to_id": "r2", "direction": "right"}
WHOLE = {
    "id": "w",
    "from_name": "scene",
    "to_name": "image",
    "type": "choices",
    "value": {"choices": ["sea"]},
}
RESULT = [ONE, SURE, WHOLE, TWO, RELATION]
SHIP, BOAT = "ship 80,120 160x90 of 800x600", "boat 400,300 160x90 of 800x600"


def test_percents_are_pixels_and_a_size_is_taken_from_a_neighbour() -> None:
    bare = box("r2", "boat", 50, 50)
    del bare["original_width"], bare["original_height"]
    reading = BOXES.read([ONE, bare], SCHEMA)
    assert reading.label == f"{BOAT}\n{SHIP}"


@pytest.mark.parametrize(
    ("region", "status"),
    [
        (box("r1", None, 1, 1), LabelStatus.UNKNOWN_CLASS),
        (box("r1", "whale", 1, 1), LabelStatus.UNKNOWN_CLASS),
        (box("r1", "ship", float("nan"), 1), LabelStatus.UNREADABLE),
        (box("r1", "ship", 1, 1, w=-1), LabelStatus.UNREADABLE),
        (box("r2", "ship", 1, 1), LabelStatus.UNREADABLE),  # the id of its neighbour
        (box("r1", "ship", 1, 1) | {"value": None}, LabelStatus.UNKNOWN_CLASS),
        (
            box("r1", "ship", 1, 1, rotation=30, original_width=None, original_height=0)
            | {"from_name": "box"},
            LabelStatus.VALID,  # the neighbour says how large the picture is
        ),
    ],
)
def test_what_cannot_be_read_is_not_judged_and_says_why(region: Raw, status: LabelStatus) -> None:
    assert BOXES.read([region, TWO], SCHEMA).status is status


def test_a_region_that_another_control_has_drawn_under_its_id_is_not_judged() -> None:
    mask = {"id": "r1", "from_name": "brush", "type": "brushlabels", "value": {"format": "rle", "rle": [1]}}
    assert BOXES.read([*RESULT, mask], SCHEMA).status is LabelStatus.UNREADABLE
    assert BOXES.read([*RESULT, {**mask, "id": "other"}], SCHEMA).status is LabelStatus.VALID
    twin = {**ONE, "from_name": "plain", "type": "rectangle"}  # the same region, drawn with two tags
    assert BOXES.read([*RESULT, twin, note("r1", "odd")], SCHEMA).status is LabelStatus.VALID


def test_boxes_without_any_size_are_compared_in_percent_unless_one_is_turned() -> None:
    bare = box("r1", "ship", 10, 20)
    del bare["original_width"]
    assert BOXES.read([bare], SCHEMA).label == "ship 10,20 20x15 of 100x100"
    bare["value"]["rotation"] = 5
    assert BOXES.read([bare], SCHEMA).status is LabelStatus.UNREADABLE


def test_percents_beyond_100_zero_areas_and_a_thousand_regions_are_read() -> None:
    far = [box(f"r{n}", "ship", 90, 90, w=30, h=0) for n in range(1000)]
    label = BOXES.read(far, SCHEMA).label
    assert label is not None
    assert len(label.split("\n")) == 1000
    assert BOXES.valid(label, SCHEMA)


def test_a_prediction_with_a_region_that_cannot_be_read_says_nothing_rather_than_half() -> None:
    whole = [box("p1", "ship", 10, 20, score=0.9), box("p2", None, 1, 1), box("p3", "whale", 1, 1)]
    assert BOXES.scores(whole, SCHEMA) == {SHIP: 0.9, "whale 8,6 160x90 of 800x600": -1}
    assert BOXES.scores([*whole, box("p4", "boat", float("nan"), 1)], SCHEMA) is None
    bare = {**box("p1", "ship", 10, 20, rotation=30), "original_width": None}
    assert BOXES.scores([bare], SCHEMA) is None
    assert BOXES.scores([], SCHEMA) == {}


def test_no_region_is_an_answer_and_rubbish_is_none() -> None:
    assert BOXES.read([], SCHEMA).label == "(none)"
    for rubbish in (None, "x", [1], {"id": 1}):
        assert BOXES.read(rubbish, SCHEMA).status is LabelStatus.UNREADABLE


def test_a_region_is_relabelled_and_everything_else_stays_verbatim_and_in_order() -> None:
    before = copy.deepcopy(RESULT)
    after = BOXES.patch(RESULT, SCHEMA, SHIP, "boat 80,120 160x90 of 800x600", META)
    assert before == RESULT
    assert after[1:] == RESULT[1:]
    assert after[0]["value"] == {**ONE["value"], "rectanglelabels": ["boat"]}
    assert after[0]["meta"] == {"text": ["odd"], **META}
    assert BOXES.restore(after, before, SCHEMA, SHIP, "boat 80,120 160x90 of 800x600", META) == before


def test_a_region_is_moved_with_all_that_is_said_of_it() -> None:
    moved = "ship 88,126 160x90 @10 of 800x600"
    after = BOXES.patch(RESULT, SCHEMA, SHIP, moved, META)
    for item in after[:2]:
        assert (item["value"]["x"], item["value"]["y"], item["value"]["rotation"]) == (11, 21, 10)
    assert after[1]["value"]["choices"] == ["yes"]
    assert BOXES.read(after, SCHEMA).label == f"{BOAT}\n{moved}"
    assert BOXES.restore(after, RESULT, SCHEMA, SHIP, moved, META) == RESULT


def test_a_removed_region_takes_its_relations_along_and_both_come_back() -> None:
    nothing = SHIP.replace("ship", "(nothing)")
    after = BOXES.patch(RESULT, SCHEMA, SHIP, nothing, META)
    assert after == [WHOLE, TWO]
    assert BOXES.restore(after, RESULT, SCHEMA, SHIP, nothing, META) == RESULT


def test_an_added_region_has_an_id_of_ours_and_the_size_of_its_neighbours() -> None:
    new = "boat 8,6 16x12 of 800x600"
    after = BOXES.patch(RESULT, SCHEMA, "(nothing) 8,6 16x12 of 800x600", new, META)
    assert after[:-1] == RESULT
    assert after[-1]["id"] == "sl-0123456789ab"
    assert (after[-1]["original_width"], after[-1]["value"]["width"]) == (800, 2)
    assert "readonly" not in after[-1]
    assert BOXES.restore(after, RESULT, SCHEMA, "(nothing) 8,6 16x12 of 800x600", new, META) == RESULT


def test_a_box_without_the_pictures_size_is_never_added_because_exports_would_fail() -> None:
    new, nothing = "boat 1,1 2x2 of 100x100", "(nothing) 1,1 2x2 of 100x100"
    with pytest.raises(Rejected, match="nothing tells how large the picture is"):
        BOXES.patch([WHOLE], SCHEMA, nothing, new, META)
    beside = BOXES.patch([ONE], SCHEMA, nothing, new, META)
    assert (beside[-1]["original_width"], beside[-1]["value"]["width"]) == (800, 2)


@over(
    st.lists(
        st.tuples(st.sampled_from(["boat", "ship"]), st.integers(0, 60), st.integers(0, 60)),
        max_size=6,
        unique=True,
    ),
    st.sampled_from([str, int, lambda _: None]),
    st.data(),
)
def test_a_correction_changes_one_region_and_is_undone_whatever_its_id(
    rows: list[tuple[str, int, int]], as_id: Callable[[int], Any], data: st.DataObject
) -> None:
    result = [box(as_id(n), label, x, y) for n, (label, x, y) in enumerate(rows)]
    label = BOXES.read(result, SCHEMA).label or ""
    parts = BOXES.keys.lines(label)
    given = data.draw(st.sampled_from([*parts, "(nothing) 700,500 40x40 of 800x600"]))
    part = data.draw(
        st.sampled_from(
            [
                "ship 700,500 40x40 of 800x600",
                *([] if "(n" in given else ["(nothing) " + given.split(" ", 1)[1]]),
            ]
        )
    )
    after = BOXES.patch(result, SCHEMA, given, part, META)
    assert [item for item in after if item in result] == [item for item in result if item in after]
    assert BOXES.read(after, SCHEMA).label == BOXES.keys.replaced(label, given, part)
    assert BOXES.restore(after, result, SCHEMA, given, part, META) == result


def note(region_id: str, text: str, **more: Any) -> Raw:
    return {"id": region_id, "from_name": "note", "type": "textarea", "value": {"text": [text], **more}}


@over(
    st.lists(st.sampled_from(["relabel", "move", "remove", "add"]), min_size=1, max_size=5),
    st.permutations(range(5)),
)
def test_corrections_of_one_picture_are_taken_back_in_any_order(kinds: list[str], order: list[int]) -> None:
    first = [part for n in range(5) for part in (box(f"r{n}", "ship", 15 * n, 10), note(f"r{n}", "odd"))]
    result, done = first, []
    for n, kind in enumerate(kinds):
        given = f"ship {120 * n},60 160x90 of 800x600"
        there = {
            "relabel": given.replace("ship", "boat"),
            "move": given.replace(",60", ",300"),
            "remove": given.replace("ship", "(nothing)"),
        }.get(kind, f"boat {120 * n},480 16x9 of 800x600")
        given = given if kind != "add" else there.replace("boat", "(nothing)")
        before, meta = result, {"secondlook": f"{n}{n}{n}-{n}", "secondlook_by": "1"}
        result = BOXES.patch(before, SCHEMA, given, there, meta)
        done.append((before, given, there, meta))
    for n in (each for each in order if each < len(done)):
        before, given, there, meta = done[n]
        result = BOXES.restore(result, before, SCHEMA, given, there, meta)
    by_name = {(item["id"], item["from_name"]): item for item in result}
    assert by_name == {(item["id"], item["from_name"]): item for item in first}
    assert len(result) == len(first)
    gone = {f"r{n}" for n, kind in enumerate(kinds) if kind == "remove"}
    kept = [item["id"] for item in result if item["id"] not in gone]
    assert kept == [item["id"] for item in first if item["id"] not in gone]
    if len(gone) < 2:
        assert result == first


def test_a_region_is_gone_also_where_another_still_lies_over_it() -> None:
    over, gone = "ship 80,120 160x95 of 800x600", SHIP.replace("ship", "(nothing)")
    before = f"{SHIP}\n{over}"
    assert not BOXES.carries(over, gone)
    assert BOXES.follows(over, SHIP, gone, before)
    assert not BOXES.follows(before, SHIP, gone, before)
    assert not BOXES.follows(f"{over}\nship 80,125 160x90 of 800x600", SHIP, gone, before), "drawn since"
    assert BOXES.follows(SHIP, SHIP, gone, f"{SHIP}\n{SHIP}"), "it was there twice"
    assert BOXES.follows(BOAT, gone, BOAT)
    assert not BOXES.follows(over, SHIP, BOAT)


def test_what_people_have_said_of_a_region_since_stays_when_it_is_taken_back() -> None:
    moved = "boat 88,126 160x90 of 800x600"
    written = BOXES.patch(RESULT, SCHEMA, SHIP, moved, META)
    later = copy.deepcopy(written)
    later[0]["meta"]["text"] = ["mine"]
    later[0]["id"] = later[1]["id"] = "drawn-again"
    later[1]["value"]["choices"] = ["no"]
    later.append(note("drawn-again", "since", x=11, y=21, width=20, height=15, rotation=0))
    back = BOXES.restore(later, RESULT, SCHEMA, SHIP, moved, META)
    assert back[0] == {**ONE, "id": "drawn-again", "meta": {"text": ["mine"]}}
    assert back[1]["value"] == {**SURE["value"], "choices": ["no"]}
    assert back[2:5] == RESULT[2:]
    assert back[5]["value"] == {"text": ["since"], **{k: ONE["value"][k] for k in ONE["value"] if k in PLACE}}


PLACE = ("x", "y", "width", "height", "rotation")


# --- the review task ---


def asked(given: str, suggested: str | None, *, blind: bool = False, around: str = "") -> ReviewRequest:
    return ReviewRequest(
        key="k",
        batch="b",
        title="t",
        context="c",
        data={},
        options=SCHEMA.classes,
        suggestion=None if blind else suggested,
        suggestion_score=0.9,
        model_version="m",
        kind="boxes",
        given=given,
        suggested=suggested or given,
        around=around or given,
        blind=blind,
    )


NOTHING_THERE = "(nothing) 80,120 160x90 of 800x600"
BLUE = "ship 120,150 160x90 of 800x600"


def answered(request: ReviewRequest, code: str, *orange: Raw | None) -> str | None:
    content = BOXES.content(request, "")
    kept = [item for item in content.suggested if item["from_name"] != "box"]
    shown = [item for item in content.suggested if item["from_name"] == "box"]
    drawn = shown if not orange else [item for item in orange if item is not None]
    verdict = {"from_name": "label", "type": "choices", "value": {"choices": [code]}}
    return BOXES.answer_to([*drawn, *kept, verdict], content.fields)


def test_the_region_under_review_comes_first_the_others_are_readonly_and_stand_for_context() -> None:
    content = BOXES.content(asked(SHIP, BLUE, around=f"{BOAT}\n{SHIP}"), "")
    assert [item["from_name"] for item in content.suggested] == ["box", "model", "around"]
    assert [item.get("readonly", False) for item in content.suggested] == [False, True, True]
    assert [one["alias"] for one in content.fields["secondlook_answers"]] == [
        "given", "model", "as_mended", "remove", "cannot tell",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "stands_for"),
    [("given", SHIP), ("model", BLUE), ("remove", NOTHING_THERE), ("as_mended", None), ("cannot tell", None)],
)
def test_a_verdict_stands_for_a_part(code: str, stands_for: str | None) -> None:
    assert answered(asked(SHIP, BLUE), code) == stands_for


def test_mending_names_what_was_drawn_and_contradictions_name_nothing() -> None:
    mended = box("review", "ship", 14, 24)
    assert answered(asked(SHIP, BLUE), "as_mended", mended) == "ship 112,144 160x90 of 800x600"
    assert answered(asked(SHIP, BLUE), "given", mended) is None
    assert answered(asked(SHIP, BLUE), "model", mended) is None
    assert answered(asked(SHIP, BLUE), "remove", mended) is None
    assert answered(asked(SHIP, BLUE), "as_mended", mended, box("n", "boat", 1, 1)) is None
    assert answered(asked(SHIP, BLUE), "given", None) is None, "the region was deleted"
    assert answered(asked(SHIP, BLUE), "given", box("review", "boat", 10, 20)) is None, "relabelled"


def test_what_is_drawn_counts_in_the_size_of_what_was_asked_about() -> None:
    percent = "ship 10,20 20x15 of 100x100"
    drawn = box("review", "ship", 14, 24)  # the page has filled in the picture's size
    mended = answered(asked(percent, "(nothing) 10,20 20x15 of 100x100"), "as_mended", drawn)
    assert mended == "ship 14,24 20x15 of 100x100"
    bare = box("r1", "ship", 10, 20)
    del bare["original_width"], bare["original_height"]
    after = BOXES.patch([bare], SCHEMA, percent, mended or "", META)
    assert BOXES.read(after, SCHEMA).label == mended
    turned = answered(
        asked(percent, "(nothing) 10,20 20x15 of 100x100"),
        "as_mended",
        box("review", "ship", 14, 24, rotation=30),
    )
    after = BOXES.patch([bare], SCHEMA, percent, turned or "", META)
    assert BOXES.read(after, SCHEMA).label == turned == "ship 112,144 160x90 @30 of 800x600"
    assert BOXES.restore(after, [bare], SCHEMA, percent, turned or "", META) == [bare]


def test_a_missing_region_is_shown_as_the_one_to_add() -> None:
    request = asked(NOTHING_THERE, SHIP)
    assert BOXES.content(request, "").suggested[0]["value"]["rectanglelabels"] == ["ship"]
    assert answered(request, "model") == SHIP
    assert answered(request, "remove") == NOTHING_THERE


def test_a_blind_question_shows_the_place_alone() -> None:
    request = asked(SHIP, None, blind=True, around=f"{BOAT}\n{SHIP}")
    content = BOXES.content(request, "")
    assert [item["value"]["rectanglelabels"] for item in content.suggested] == [["?"]]
    assert "ship" not in str([value for key, value in content.fields.items() if key != "secondlook_answers"])
    assert answered(request, "label:boat", None) == SHIP.replace("ship", "boat")
    assert answered(request, "remove", None) == NOTHING_THERE


def test_no_key_of_an_answer_names_a_class_of_the_region_as_well() -> None:
    names = tuple(f"class {n}" for n in range(12))
    schema = replace(SCHEMA, classes=names)
    request = replace(asked("class 1 80,120 160x90 of 800x600", None, blind=True), options=names)
    buttons = BOXES.content(request, "").fields["secondlook_answers"]
    keys = [each["hotkey"] for each in buttons if "hotkey" in each]
    drawn = [label.get("hotkey") for role in BOXES.form(schema, "") for label in role.iter("Label")]
    assert len(set(keys)) == len(keys) == len(names) + 2
    assert not set(keys) & set(drawn)
    assert not set(keys) & set("vhbeokprmwu")


def test_where_the_place_is_in_doubt_a_blind_reviewer_draws() -> None:
    request = asked(SHIP, BLUE, blind=True)
    content = BOXES.content(request, "")
    assert content.fields["secondlook_spot"] == "? 80,120 200x120 of 800x600"
    assert content.fields["secondlook_answers"][0]["alias"] == "as_mended"
    drawn = box("n", "ship", 15, 25)
    assert answered(request, "as_mended", drawn) == BLUE
    assert answered(request, "as_mended", None) is None, "nothing was drawn"
    assert answered(request, "remove", drawn) is None, "and here something was"


# --- spans ---


def test_offsets_are_code_points_and_words_are_kept() -> None:
    text = "Smile 😀 Ana in Paris"
    result = [span("s1", "PER", 8, 11, "Ana"), span("s2", "LOC", 15, 20, "Paris")]
    label = SPANS.read(result, SPAN_SCHEMA).label
    assert label == 'LOC 15-20 "Paris"\nPER 8-11 "Ana"'
    assert [text[part.spot.start : part.spot.end] for part in SPANS.keys.parts(label)] == ["Paris", "Ana"]


TEXT = "Smile \U0001f600 Ana in Paris"


@pytest.mark.parametrize(
    ("region", "label", "status"),
    [
        (span("s1", "PER", 8, 11, "Ana"), 'PER 8-11 "Ana"', LabelStatus.VALID),
        (span("s1", "PER", 9, 12, "Ana"), 'PER 8-11 "Ana"', LabelStatus.VALID),  # UTF-16 units: mended
        (span("s1", "PER", 9, 12, "Bob"), None, LabelStatus.MISPLACED),
        (span("s1", "PER", 8, 99, "Ana in Paris"), None, LabelStatus.MISPLACED),
        (span("s1", "PER", 30, 33, ""), None, LabelStatus.MISPLACED),
        (span("s1", "PER", 8, 11, ""), 'PER 8-11 "Ana"', LabelStatus.VALID),
    ],
)
def test_a_span_is_held_against_its_text(region: Raw, label: str | None, status: LabelStatus) -> None:
    raw = {"id": 1, "data": {"ticket": {"body": TEXT}}, "annotations": [{"id": 2, "result": [region]}]}
    schema = replace(SPAN_SCHEMA, objects=(ObjectTag("text", "Text", "ticket.body"),))
    (found,) = mapping.item(raw, schema, SPANS).annotations
    assert (found.label, found.status) == (label, status)
    elsewhere = {**raw, "data": {"ticket": {"body": "https://example.org/one.txt"}}}
    assert mapping.item(elsewhere, schema, SPANS).annotations[0].status is LabelStatus.VALID


def test_a_span_is_mended_and_put_back() -> None:
    result = [span("s1", "PER", 8, 11, "Ana"), span("s2", "LOC", 12, 20, "in Paris")]
    given, part = 'LOC 12-20 "in Paris"', 'LOC 15-20 "Paris"'
    after = SPANS.patch(result, SPAN_SCHEMA, given, part, META)
    assert after[0] == result[0]
    assert after[1]["value"] == {"start": 15, "end": 20, "text": "Paris", "labels": ["LOC"]}
    assert SPANS.restore(after, result, SPAN_SCHEMA, given, part, META) == result


def test_a_text_that_is_said_of_a_span_stays_when_it_is_mended() -> None:
    said = note("s1", "who is this?", start=8, end=11)
    result = [span("s1", "PER", 8, 11, "Ana"), said]
    after = SPANS.patch(result, SPAN_SCHEMA, 'PER 8-11 "Ana"', 'PER 8-14 "Ana in"', META)
    assert after[1]["value"] == {"start": 8, "end": 14, "text": ["who is this?"]}
    assert SPANS.restore(after, result, SPAN_SCHEMA, 'PER 8-11 "Ana"', 'PER 8-14 "Ana in"', META) == result


def test_an_empty_span_is_not_read() -> None:
    assert SPANS.read([span("s1", "PER", 8, 8, "")], SPAN_SCHEMA).status is LabelStatus.UNREADABLE


def test_a_config_with_one_class_of_boxes_is_judged() -> None:
    control = '<RectangleLabels name="b" toName="i"><Label value="x"/></RectangleLabels>'
    boxes = f'<View><Image name="i" value="$i"/>{control}</View>'
    assert schema_of(boxes, None, LABEL_STUDIO).kind == "boxes"


@pytest.mark.parametrize(
    "xml",
    [
        '<Image name="a" value="$a"/><Image name="b" value="$b"/><RectangleLabels name="x" toName="a,b">',
        '<Text name="a" value="$a"/><Text name="b" value="$b"/><Labels name="x" toName="a,b">',
        '<Text name="a" value="$a" encoding="base64"/><Labels name="x" toName="a">',
    ],
)
def test_regions_of_several_objects_and_of_encoded_texts_are_not_judged(xml: str) -> None:
    tag = xml.rpartition("<")[2].split()[0]
    with pytest.raises(Misconfigured, match=rf"x \({tag}\)"):
        schema_of(f'<View>{xml}<Label value="y"/></{tag}></View>', None, LABEL_STUDIO)
