"""Spans in files: every form, what judges them, offsets in every unit, and input that cannot be judged."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.cli.offline import region_files as files
from tests.unit.cli.offline.test_boxes import planted, read, save
from workers.cli.offline.errors import BadFile
from workers.cli.offline.regions.conll import spans_of_tags
from workers.label_types.spans.offsets import Fit, placed

Ran = tuple[int, str, str]
EMOJI = "Smile 😀 Ana Pérez met 👩‍👩‍👧 Bob in Paris.\nThen she flew to Rome."

OTHER = ("hypertext", "paragraphs")


def kinds_of(found: Any, number: int, name: str = "{}") -> set[str]:
    return {kind for place, kind in planted(found) if place == name.format(number)}


# --- forms -------------------------------------------------------------------------------------------


def rows_of(form: str) -> list[dict[str, Any]]:
    rows = []
    for n in range(60):
        text, spans = files.marked(n)
        objects = [{"start": a, "end": b, "label": label} for a, b, label in spans]
        if form == "doccano":
            rows.append({"id": n, "text": text, "label": [list(span) for span in spans]})
        elif form == "doccano_relations":
            named = [
                {"id": k, "start_offset": a, "end_offset": b, "label": label}
                for k, (a, b, label) in enumerate(spans)
            ]
            rows.append({"id": n, "text": text, "entities": named, "relations": [{"from_id": 0, "to_id": 9}]})
        elif form == "prodigy":
            rows.append({"id": n, "text": text, "spans": objects, "tokens": [], "answer": "accept"})
        elif form == "argilla":
            # An emoji before it: two characters more, and three UTF-16 units, which the offsets count.
            units = [one | {"start": one["start"] + 3, "end": one["end"] + 3} for one in objects]
            answer = {"value": units, "user_id": "u1", "status": "submitted"}
            fields = {"t": "short", "text": f"{EMOJI[6]} {text}"}
            rows.append({"id": str(n), "fields": fields, "responses": {"ents": [answer]}})
        elif form in OTHER:
            rows.append(files.ls_other(n, form))
        elif form == "spacy":
            rows.append({"id": n, "text": text, "entities": objects})
        else:
            held = [
                one | {"labels": [one.pop("label")], "text": text[one["start"] : one["end"]]}
                for one in objects
            ]
            rows.append({"id": n, "text": text, "label": held, "annotator": 3})
    return rows


@pytest.mark.parametrize(
    "form", ["export", "doccano", "doccano_relations", "prodigy", "spacy", "json_min", "argilla", *OTHER]
)
def test_planted_errors_are_found_by_the_built_in_tagger_in_every_form(
    scan: Callable[..., Ran], tmp_path: Path, form: str
) -> None:
    if form == "export":
        save(tmp_path, "a.json", files.ls_texts())
    else:
        save(tmp_path, "a.json", "\n".join(map(json.dumps, rows_of(form))))
    code, out, err = scan("a.json", "--json")
    found = json.loads(out)
    assert code == 0, err
    assert (found["type"], found["n_items"], found["n_labels"]) == ("spans", 60, 119)
    assert found["judged_by"] == "the built-in tagger, cross-validated"
    assert "missing" in kinds_of(found, files.LOST_TEXT)
    assert "type" in kinds_of(found, files.TURNED_TEXT)
    missing = next(each for each in found["issues"] if each["kind"] == "missing")
    assert "here nobody marked it" in missing["reason"]
    assert found["model"]["span_f1"] > 0.5


def test_what_of_argillas_records_cannot_be_judged_is_counted(
    scan: Callable[..., Ran], tmp_path: Path
) -> None:
    rows = rows_of("argilla")
    entry = rows[0]["responses"]["ents"][0]
    rows[1]["responses"]["ents"] = [entry | {"status": "draft"}]
    rows[2]["responses"]["ents"] = [
        entry | {"value": [{"start": 1, "end": 4, "label": "PER"}]}
    ]  # half an emoji
    rows[3]["responses"]["ents"] = [entry | {"value": [{"start": 5, "end": 999, "label": "PER"}]}]
    rows[4]["fields"] = {"t": "short"}
    rows[5]["responses"]["ents"] = [entry | {"value": "PER"}]
    rows[6]["responses"] = None
    save(tmp_path, "a.json", json.dumps(rows))
    found = json.loads(scan("a.json", "--json")[1])
    said = json.dumps(found)
    assert found["n_items"] == 56
    for reason in (
        "answer that is no list of spans",
        "response draft",
        "span beyond its text, or within a character",
        "no text in 'text'",
    ):
        assert reason in said


@pytest.mark.parametrize(("columns", "scheme"), [(2, "IOB2"), (3, "IOB1"), (4, "IOBES")])
def test_conll_is_read_in_its_columns_and_schemes(
    scan: Callable[..., Ran], tmp_path: Path, columns: int, scheme: str
) -> None:
    save(tmp_path, "a.conll", files.conll(60, columns, scheme))
    found = json.loads(scan("a.conll", "--json")[1])
    assert (found["n_items"], found["n_labels"]) == (60, 119)
    assert {each["kind"] for each in found["issues"]} >= {"missing", "type"}
    assert all(each["place"].startswith("line ") for each in found["issues"])


def test_conll_without_an_ending_is_known_by_its_lines_and_a_broken_line_leaves_its_sentence_out(
    tmp_path: Path,
) -> None:
    text = files.conll(60).replace("Yesterday O", "Yesterday", 1)
    data = read(tmp_path, text, "words.txt")
    assert len(data.items) == 59
    assert [one.reason for one in data.left_out] == [
        "line without a token and a tag: its sentence is left out"
    ]


@given(st.lists(st.tuples(st.integers(1, 3), st.sampled_from(["A", "B", None])), max_size=12))
def test_every_scheme_of_tags_gives_the_spans_that_were_tagged(runs: list[tuple[int, str | None]]) -> None:
    expected, at = [], 0
    tags: dict[str, list[str]] = {"IOB2": [], "IOBES": []}
    for length, label in runs:
        if label is None:
            tags["IOB2"] += ["O"] * length
            tags["IOBES"] += ["O"] * length
        else:
            expected.append((at, at + length, label))
            tags["IOB2"] += [f"B-{label}", *[f"I-{label}"] * (length - 1)]
            tags["IOBES"] += (
                [f"S-{label}"]
                if length == 1
                else [f"B-{label}", *[f"I-{label}"] * (length - 2), f"E-{label}"]
            )
        at += length
    assert spans_of_tags(tags["IOB2"]) == expected == spans_of_tags(tags["IOBES"])


# --- who judges ------------------------------------------------------------------------------------------


def test_predictions_in_the_file_judge_with_their_scores(scan: Callable[..., Ran], tmp_path: Path) -> None:
    tasks = files.ls_texts()
    for n, task in enumerate(tasks):
        text, spans = files.sentence(n)
        found = [files.ls_span(a, b, label, text[a:b], f"p{k}") for k, (a, b, label) in enumerate(spans)]
        task["predictions"] = [{"score": 0.9, "result": found}]
    save(tmp_path, "a.json", tasks)
    result = json.loads(scan("a.json", "--json")[1])
    assert planted(result) == {(str(files.LOST_TEXT), "missing"), (str(files.TURNED_TEXT), "type")}
    assert result["judged_by"] == "the predictions in the file"


def test_a_file_of_predictions_judges_and_other_ends_are_said(
    scan: Callable[..., Ran], tmp_path: Path
) -> None:
    save(tmp_path, "a.json", files.ls_texts())
    rows = []
    for n in range(60):
        spans = [
            {"start": a - (n == 7 and a > 0), "end": b, "label": label, "score": 0.9}
            for a, b, label in files.sentence(n)[1]
        ]
        rows.append({"id": n, "spans": spans})
    save(tmp_path, "p.json", rows)
    found = json.loads(scan("a.json", "--predictions", "p.json", "--json")[1])
    assert kinds_of(found, 7) == {"boundary"}
    assert kinds_of(found, files.LOST_TEXT) == {"missing"}


def test_the_other_annotators_judge_where_there_are_some(scan: Callable[..., Ran], tmp_path: Path) -> None:
    tasks = files.ls_texts(30)
    for n, task in enumerate(tasks):
        text, spans = files.sentence(n)
        for person in (2, 3, 4):
            result = [files.ls_span(a, b, label, text[a:b], f"s{k}") for k, (a, b, label) in enumerate(spans)]
            task["annotations"].append({"id": f"{n}-{person}", "completed_by": person, "result": result})
    tasks[3]["annotations"][0]["result"].append(files.ls_span(0, 2, "LOC", None, "odd"))
    save(tmp_path, "a.json", tasks)
    found = json.loads(scan("a.json", "--json")[1])
    mine = {(each["id"], each["kind"]) for each in found["issues"] if each["annotator"] == "1"}
    assert mine >= {(str(files.LOST_TEXT), "missing"), (str(files.TURNED_TEXT), "type")}


def test_overlapping_spans_are_left_out_of_tags_and_counted(scan: Callable[..., Ran], tmp_path: Path) -> None:
    tasks = files.ls_texts()
    start, end, _ = files.marked(0)[1][0]
    tasks[0]["annotations"][0]["result"].append(files.ls_span(start, end - 1, "LOC", None, "in"))
    save(tmp_path, "a.json", tasks)
    found = json.loads(scan("a.json", "--json")[1])
    assert {
        "reason": "span that overlaps another: a token has one tag",
        "count": 1,
        "places": ["task 0, region in"],
    } in (found["left_out"])


def test_few_texts_are_refused_with_what_to_do(scan: Callable[..., Ran], tmp_path: Path) -> None:
    save(tmp_path, "a.json", files.ls_texts(5))
    code, _, err = scan("a.json")
    assert code == 1
    assert "Mark spans in 10 texts or more, or give predictions of your own" in err


# --- offsets ----------------------------------------------------------------------------------------------


@given(st.text(max_size=30), st.data())
def test_offsets_in_code_points_always_fit_and_those_of_utf16_are_found(
    text: str, data: st.DataObject
) -> None:
    if not text or any("\ud800" <= sign <= "\udfff" for sign in text):
        return
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    marked = text[start:end]
    assert placed(text, start, end, marked).fit is Fit.FITS
    units = [len(text[:at].encode("utf-16-le")) // 2 for at in (start, end)]
    found = placed(text, *units, marked)
    assert found.fit in (Fit.FITS, Fit.UTF16)
    assert text[found.start : found.end] == marked


def one_text(text: str, *regions: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"id": 1, "data": {"text": text}, "annotations": [{"id": 1, "result": list(regions)}]}]


def test_offsets_of_javascript_in_a_text_with_emoji_are_a_finding_and_mended(tmp_path: Path) -> None:
    at = len(EMOJI[: EMOJI.index("Bob")].encode("utf-16-le")) // 2
    odd, right = files.ls_span(at, at + 3, "PER", "Bob", "s1"), files.ls_span(8, 17, "PER", "Ana Pérez", "s2")
    data = read(tmp_path, one_text(EMOJI, odd, right))
    (fault,) = data.faults
    assert (fault.kind, fault.region) == ("text", "s1")
    assert "count UTF-16 units" in fault.reason
    start, end = data.items[0].answers[0].regions[0].spot
    assert EMOJI[int(start) : int(end)] == "Bob"


@pytest.mark.parametrize(
    ("region", "words", "reason"),
    [
        (
            files.ls_span(0, 5, "PER", "Paris", "s"),
            "there the text has",
            "span whose offsets do not fit its text",
        ),
        (
            files.ls_span(60, 200, "PER", "Rome", "s"),
            "and the text has",
            "span whose offsets do not fit its text",
        ),
        (
            files.ls_span(60, 200, "PER", None, "s"),
            "and the text has",
            "span whose offsets do not fit its text",
        ),
    ],
)
def test_a_text_that_does_not_match_its_offsets_is_a_finding_of_its_own(
    tmp_path: Path, region: dict[str, Any], words: str, reason: str
) -> None:
    data = read(tmp_path, one_text(EMOJI, region))
    assert [fault.kind for fault in data.faults] == ["text"]
    assert words in data.faults[0].reason
    assert [one.reason for one in data.left_out] == [reason]


@pytest.mark.parametrize(
    ("spot", "counted"),
    [
        ((12, 15), "characters up to the last one, not to the one behind it"),
        ((13, 17), "characters from 1"),
        ((13, 16), "characters from 1 up to the last one"),
        ((14, 18), "bytes (of UTF-8)"),
    ],
)
def test_offsets_that_count_something_else_are_told_by_their_words(
    tmp_path: Path, spot: tuple[int, int], counted: str
) -> None:
    data = read(tmp_path, one_text("Änö flew to Rome, not to Oslo", files.ls_span(*spot, "LOC", "Rome", "s")))
    assert data.faults[0].reason.endswith(f" Perhaps its offsets count {counted}.")


@pytest.mark.parametrize(
    ("counted", "moved"),
    [
        ("characters up to the last one, not to the one behind it", lambda _, start, end: (start, end - 1)),
        ("bytes (of UTF-8)", lambda text, *spot: tuple(len(text[:at].encode()) for at in spot)),
    ],
)
def test_offsets_by_which_most_spans_cut_words_are_said(
    tmp_path: Path, counted: str, moved: Callable[..., tuple[int, int]]
) -> None:
    rows = []
    for n in range(20):
        text, spans = files.marked(n)
        text = f"Çäöü {text}"
        held = [[*moved(text, start + 5, end + 5), label] for start, end, label in spans]
        rows.append({"id": n, "text": text, "label": held})
    data = read(tmp_path, rows)
    assert len(data.notes) == 1
    assert data.notes[0].endswith(f"spans cut words, as if offsets counted {counted}.")


@pytest.mark.parametrize(
    ("label", "names"),
    [
        ("LOC", ["LOC"]),
        (["LOC"], ["LOC"]),
        (7, ["7"]),
        ({"name": "LOC"}, []),
        (True, []),
        ([["LOC"]], []),
        (None, []),
    ],
)
def test_a_class_that_is_no_text_is_never_a_class(tmp_path: Path, label: Any, names: list[str]) -> None:
    rows = [{"text": "Ana flew to Rome", "label": [[0, 3, "PER"], [12, 16, label]]}]
    data = read(tmp_path, [*rows, {"text": "Bob", "label": []}])
    assert [region.label for region in data.items[0].answers[0].regions] == ["PER", *names]
    assert [one.reason for one in data.left_out] == ([] if names else ["region without a label"])


def test_contradicting_texts_are_listed_first_and_counted(scan: Callable[..., Ran], tmp_path: Path) -> None:
    tasks = files.ls_texts()
    tasks[4]["annotations"][0]["result"][0]["value"]["text"] = "elsewhere"
    save(tmp_path, "a.json", tasks)
    found = json.loads(scan("a.json", "--json")[1])
    assert (found["issues"][0]["id"], found["issues"][0]["kind"]) == ("4", "text")
    assert "1 text and offsets differ" in " ".join(scan("a.json")[1].split())


@pytest.mark.parametrize(
    ("region", "reason"),
    [
        (files.ls_span(3, 3, "PER", None, "s"), "span without a length"),
        (files.ls_span(9, 3, "PER", None, "s"), "span that ends before it starts"),
        (files.ls_span(1.5, 3, "PER", None, "s"), "span without whole offsets"),
        (files.ls_span(float("nan"), 3, "PER", None, "s"), "span without whole offsets"),
        (files.ls_span(None, 3, "PER", None, "s"), "span without whole offsets"),
        (files.ls_span(0, 3, None, None, "s"), "region without a label"),
        (
            files.ls_span("/p[1]/text()[1]", "/p[1]/text()[1]", "PER", None, "s"),
            "hypertext span without globalOffsets, at a node that cannot be told",
        ),
    ],
)
def test_a_span_that_is_none_is_counted(tmp_path: Path, region: dict[str, Any], reason: str) -> None:
    tasks = [*one_text(EMOJI, region), files.ls_text(2)]
    data = read(tmp_path, tasks)
    assert [(one.place, one.reason) for one in data.left_out] == [("task 1, region s", reason)]


def test_hypertext_counts_characters_between_tags(tmp_path: Path) -> None:
    html = "<p>Tom &amp; <b>Ana</b></p><script>x</script><p>met 😀 Bob</p>"
    rendered = "Tom & Anamet 😀 Bob"
    at = rendered.index("Bob")
    region = files.ls_span("/p[2]/text()[1]", "/p[2]/text()[1]", None, "Bob", "h")
    region["type"] = "hypertextlabels"
    region["value"] |= {"globalOffsets": {"start": at, "end": at + 3}, "hypertextlabels": ["PER"]}
    tasks = [{"id": 1, "data": {"page": html}, "annotations": [{"id": 1, "result": [region]}]}]
    data = read(tmp_path, tasks)
    assert data.faults == ()
    assert data.items[0].text == rendered
    assert data.items[0].answers[0].regions[0].spot == (at, at + 3)


def test_dialogues_count_utf16_units_within_an_utterance(tmp_path: Path) -> None:
    talk = [{"author": "a", "text": "Hi 😀 Ann"}, {"author": "b", "text": "From Rome"}]
    region = {
        "id": "d",
        "from_name": "ent",
        "to_name": "t",
        "type": "paragraphlabels",
        "value": {
            "start": "0",
            "end": "0",
            "startOffset": 6,
            "endOffset": 9,
            "text": "Ann",
            "paragraphlabels": ["PER"],
        },
    }
    data = read(tmp_path, [{"id": 1, "data": {"talk": talk}, "annotations": [{"id": 1, "result": [region]}]}])
    start, end = data.items[0].answers[0].regions[0].spot
    assert data.items[0].text[int(start) : int(end)] == "Ann"
    assert data.faults == ()


def test_line_ends_of_two_characters_are_told_from_wrong_offsets(tmp_path: Path) -> None:
    text = "One\r\nTwo\r\nRome is far"
    data = read(tmp_path, one_text(text, files.ls_span(8, 12, "LOC", "Rome", "s")))
    start, end = data.items[0].answers[0].regions[0].spot
    assert text[int(start) : int(end)] == "Rome"
    assert "line ends as one character" in data.faults[0].reason


def test_ranges_of_sound_are_no_spans_of_text(tmp_path: Path) -> None:
    region = files.ls_span(1.0, 2.0, "noise", None, "s")
    region["value"]["channel"] = 0
    region["original_length"] = 9.0
    with pytest.raises(BadFile):
        read(tmp_path, one_text("/a.wav", region))


def test_rejected_rows_are_left_out_and_rows_of_one_text_are_answers(tmp_path: Path) -> None:
    rows = []
    for person in ("ann", "bob"):
        for n in range(3):
            text, spans = files.marked(n)
            held = [{"start": a, "end": b, "label": label} for a, b, label in spans]
            answer = "reject" if (person, n) == ("bob", 2) else "accept"
            rows.append({"text": text, "spans": held, "answer": answer, "_annotator_id": person, "id": n})
    data = read(tmp_path, "\n".join(map(json.dumps, rows)), "a.jsonl")
    assert [[answer.annotator for answer in item.answers] for item in data.items] == [
        ["ann", "bob"],
        ["ann", "bob"],
        ["ann"],
    ]
    assert len(data.left_out) == 1


def test_a_thousand_spans_in_a_text_are_judged(scan: Callable[..., Ran], tmp_path: Path) -> None:
    tasks = files.ls_texts(30)
    text, spans = "", []
    for n in range(500):
        more, marks = files.sentence(n)
        spans += [(a + len(text), b + len(text), label) for a, b, label in marks]
        text += f"{more} "
    result = [files.ls_span(a, b, label, text[a:b], f"s{k}") for k, (a, b, label) in enumerate(spans)]
    tasks.append({"id": 99, "data": {"text": text}, "annotations": [{"id": 99, "result": result}]})
    save(tmp_path, "a.json", tasks)
    found = json.loads(scan("a.json", "--json")[1])
    assert found["n_labels"] == 1000 + 59


def test_the_page_marks_what_is_given_and_what_is_read(scan: Callable[..., Ran], tmp_path: Path) -> None:
    tasks = files.ls_texts()
    tasks[files.LOST_TEXT]["data"]["text"] += " <script>alert(1)</script>"
    save(tmp_path, "a.json", tasks)
    assert scan("a.json", "--out", "a.html")[0] == 0
    page = (tmp_path / "a.html").read_text()
    assert '<mark class="suggested">' in page
    assert '<mark class="both">' in page
    assert "<script>" not in page


def test_a_column_of_labels_beside_spans_is_named(tmp_path: Path) -> None:
    rows = [row | {"mood": ("good", "bad")[n % 2]} for n, row in enumerate(rows_of("doccano"))]
    text = "\n".join(map(json.dumps, rows))
    said = "Spans in 'label' are judged; 'mood' may hold labels too: name one with --label-column."
    assert said in read(tmp_path, text, "a.jsonl").notes
    assert said not in read(tmp_path, text, "a.jsonl", label="label").notes
