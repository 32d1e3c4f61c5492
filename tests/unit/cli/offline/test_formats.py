"""Dialects and wrappings: any table written in any of them is read back equal, or refused with a place."""

from __future__ import annotations

import contextlib
import csv
import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.cli.offline.conftest import csv_of, tasks
from workers.cli.offline.dataset import Columns, Dataset
from workers.cli.offline.errors import BadFile
from workers.cli.offline.formats import delimited, json_values
from workers.cli.offline.formats.source import InputFile, load, text_of
from workers.cli.offline.reading import entries_of, read_entries, read_file

ROWS = [{"text": f"words of item {n}", "label": "xy"[n % 2]} for n in range(6)]


def entries(content: str | bytes, suffix: str = "", encoding: str | None = None) -> list[dict[str, Any]]:
    data = content.encode() if isinstance(content, str) else content
    return [dict(row.values) for row in entries_of(InputFile("a", suffix, data, encoding)).rows]


def dataset(content: str | bytes, suffix: str = ".json", **columns: Any) -> Dataset:
    data = content.encode() if isinstance(content, str) else content
    return read_entries(entries_of(InputFile("a", suffix, data)), Columns(**columns))


CELL = st.text(
    st.characters(codec="utf-8", exclude_characters="\0\r", exclude_categories=["Cs"]), max_size=12
).filter(lambda text: text == text.strip())


@settings(max_examples=200, deadline=None)
@given(
    rows=st.lists(st.tuples(CELL.filter(bool), CELL.filter(bool)), min_size=1, max_size=8),
    delimiter=st.sampled_from(",;\t|"),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    ending=st.sampled_from(["\n", "\r\n"]),
    mark=st.booleans(),
    sep=st.booleans(),
    wide=st.booleans(),
    blank=st.booleans(),
)
def test_any_table_in_any_dialect_is_read_back(
    rows: list[tuple[str, str]],
    delimiter: str,
    quoting: Any,
    ending: str,
    mark: bool,
    sep: bool,
    wide: bool,
    blank: bool,
) -> None:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter, quoting=quoting, lineterminator=ending)
    writer.writerow(["what, it; is|said", "label"])
    writer.writerows(rows)
    text = f"sep={delimiter}{ending}" * sep + stream.getvalue() + f"{delimiter}{ending}" * blank
    content = text.encode("utf-16") if wide else (b"\xef\xbb\xbf" if mark else b"") + text.encode()
    try:
        found = entries(content, ".csv")
    except BadFile as error:
        assert error.where  # noqa: PT017 - a refusal is as good as an answer where it has a place
        return
    assert [tuple(row.values()) for row in found] == rows


@settings(max_examples=300, deadline=None)
@given(
    content=st.binary(max_size=60) | st.text(max_size=60).map(str.encode),
    suffix=st.sampled_from(["", ".csv", ".json"]),
)
def test_no_bytes_raise_anything_but_a_refusal(content: bytes, suffix: str) -> None:
    with contextlib.suppress(BadFile):
        read_entries(entries_of(InputFile("a", suffix, content)), Columns())


KEYS = (
    "id", "label", "text", "data", "annotations", "result", "value", "choices", "from_name", "type", "fields",
    "responses", "task", "answer", "label.responses",
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(KEYS) | st.text(max_size=3),
        inner, max_size=5,
    ),
    max_leaves=25,
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(value=JSON | st.lists(JSON, min_size=2, max_size=4))
def test_no_json_raises_anything_but_a_refusal(value: Any) -> None:
    with contextlib.suppress(BadFile):
        dataset(json.dumps(value))


def test_escapes_of_spark_are_read() -> None:
    assert entries('text,label\n"she said \\"hi, you\\" twice",x\nplain,y\n', ".csv") == [
        {"text": 'she said "hi, you" twice', "label": "x"},
        {"text": "plain", "label": "y"},
    ]


def test_spaces_before_quotes_short_rows_and_spare_cells_are_read_and_said() -> None:
    found = delimited.read_text('text, label, note\n"a, b", "x", 1\n"c", "y"\n"d", "y", 2,,\n')
    assert [row.values["label"] for row in found.rows] == ["x", "y", "y"]
    assert [row.place for row in found.rows] == ["line 2", "line 3", "line 4"]
    assert len(found.notes) == 2


def test_the_place_is_the_line_where_a_row_begins() -> None:
    found = delimited.read_text('text,label\n"a\nb",x\nc,y\n')
    assert [row.place for row in found.rows] == ["line 2", "line 4"]


def test_columns_without_names_are_ignored_where_they_are_empty() -> None:
    assert entries("text,label,,\na,x,,\n", ".csv") == [{"text": "a", "label": "x"}]


def test_a_file_that_is_not_utf_8_is_guessed_and_said_or_read_as_named() -> None:
    content = "text,label\ncafé,x\n".encode("cp1252")
    text, notes = text_of(InputFile("a", ".csv", content))
    assert "café" in text
    assert "line 2" in notes[0]
    assert "--encoding" in notes[0]
    assert text_of(InputFile("a", ".csv", "テ".encode("shift_jis"), "shift_jis")) == ("テ", ())


@pytest.mark.parametrize("name", ["nope", "zlib", "base64", "rot13"])
def test_an_encoding_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.csv").write_text("a")
    with pytest.raises(BadFile, match="is no text encoding"):
        load(tmp_path / "a.csv", name)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-16", "utf-32", "utf-8-sig"])
def test_wide_encodings_are_seen(encoding: str) -> None:
    assert entries("text,label\na,x\n".encode(encoding), ".csv") == [{"text": "a", "label": "x"}]


LINES = "\n".join(map(json.dumps, ROWS))
COLUMNS_FORM = {name: {str(n): row[name] for n, row in enumerate(ROWS)} for name in ("text", "label")}


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(ROWS),
        json.dumps(ROWS, indent=1),
        LINES,
        "\n\n".join(json.dumps(row, indent=2) for row in ROWS),
        json.dumps({"rows": ROWS, "total": 6}),
        json.dumps({"data": {"items": ROWS}}),
        json.dumps({"rows": [{"row_idx": n, "row": row} for n, row in enumerate(ROWS)]}),
        json.dumps(COLUMNS_FORM),
        json.dumps({name: [row[name] for row in ROWS] for name in ("text", "label")}),
        json.dumps({"columns": ["text", "label"], "data": [[row["text"], row["label"]] for row in ROWS]}),
        json.dumps(ROWS[:3]) + "\n" + json.dumps(ROWS[3:]),
    ],
)
@pytest.mark.parametrize("suffix", [".json", ".jsonl", ""])
def test_json_is_read_in_every_wrapping(content: str, suffix: str) -> None:
    assert entries(content, suffix) == ROWS


def test_gzip_is_unpacked_whatever_its_name(tmp_path: Path) -> None:
    (tmp_path / "a.csv.gz").write_bytes(
        gzip.compress(csv_of([["text", "label"], ["a", "x"], ["b", "y"]]).encode())
    )
    assert read_file(tmp_path / "a.csv.gz", Columns()).classes == ("x", "y")


def test_an_answer_of_a_server_is_quoted() -> None:
    with pytest.raises(BadFile, match="Authentication credentials were not provided"):
        entries(json.dumps({"detail": "Authentication credentials were not provided."}), ".json")


def test_several_lists_are_not_chosen_among() -> None:
    with pytest.raises(BadFile, match=r"several lists: 'train' \(6\), 'test' \(6\)"):
        entries(json.dumps({"train": ROWS, "test": ROWS}), ".json")


def test_places_in_json_are_lines_or_numbers() -> None:
    source = InputFile("a", ".json", LINES.encode())
    assert [row.place for row in json_values.read(source).rows][:2] == ["line 1", "line 2"]
    source = InputFile("a", ".json", json.dumps(ROWS).encode())
    assert [row.place for row in json_values.read(source).rows][:2] == ["entry 1", "entry 2"]


def test_parquet_and_arrow_are_read_with_the_names_of_classes(tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow import ipc, parquet

    table = pa.table({"text": ["a b", "c d"], "label": [0, 1]})
    noted = {"info": {"features": {"label": {"names": ["ham", "spam"], "_type": "ClassLabel"}}}}
    table = table.replace_schema_metadata({"huggingface": json.dumps(noted)})
    parquet.write_table(table, tmp_path / "a.parquet")
    folder = tmp_path / "saved"
    folder.mkdir()
    (folder / "dataset_info.json").write_text("{}")
    with ipc.new_stream(folder / "data-00000-of-00001.arrow", table.schema) as stream:
        stream.write_table(table)
    for path in (tmp_path / "a.parquet", folder, folder / "data-00000-of-00001.arrow"):
        assert read_file(path, Columns()).classes == ("ham", "spam")


def test_a_workbook_is_read_with_its_row_numbers(tmp_path: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    for row in [["text", "label"], ["a b", "x"], [], ["c d", 2]]:
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    found = read_file(tmp_path / "a.xlsx", Columns())
    assert [(each.place, each.label) for each in found.records] == [("row 2", "x"), ("row 4", "2")]


def test_storage_files_and_the_old_form_are_tasks(tmp_path: Path) -> None:
    for n, task in enumerate(tasks()[:8]):
        inner = {key: task[key] for key in ("id", "data")}
        (tmp_path / str(n)).write_text(json.dumps({**task["annotations"][0], "task": inner}))
    found = read_file(tmp_path, Columns())
    nameless = [{"result": [], "task": {"data": {"text": "a"}}}] * 2
    assert len(dataset(json.dumps([*tasks(), *nameless])).left_out) == 2
    old = [{"id": t["id"], "data": t["data"], "completions": t["annotations"]} for t in tasks()[:8]]
    expected = dataset(json.dumps(old))
    assert {(each.id, each.label) for each in found.records} == {(e.id, e.label) for e in expected.records}


def test_argilla_in_its_forms() -> None:
    nested = [
        {
            "id": f"r{n}",
            "fields": {"text": row["text"]},
            "responses": {
                "topic": [
                    {"value": row["label"], "user_id": "u1", "status": "submitted"},
                    {"value": "draft", "user_id": "u2", "status": "draft"},
                ]
            },
        }
        for n, row in enumerate(ROWS)
    ]
    flat = [
        {
            "id": f"r{n}",
            "text": row["text"],
            "topic.responses": [row["label"]],
            "topic.responses.users": ["u1"],
        }
        for n, row in enumerate(ROWS)
    ]
    for records in (nested, flat):
        found = dataset(json.dumps(records))
        assert (found.label_name, found.fields) == ("topic", ("text",))
        assert [each.label for each in found.records] == [row["label"] for row in ROWS]
        assert {each.annotator for each in found.records} == {"u1"}
    assert len(dataset(json.dumps(nested)).left_out) == 6


def test_results_of_regions_are_no_labels_of_items() -> None:
    region = {
        "id": "r",
        "from_name": "span",
        "type": "labels",
        "value": {"start": 0, "end": 1, "labels": ["P"]},
    }
    of_it = {"id": "r", "from_name": "sure", "type": "choices", "value": {"choices": ["yes"]}}
    made = [
        {"id": n, "data": {"text": "a b"}, "annotations": [{"result": [region, of_it]}]} for n in range(3)
    ]
    with pytest.raises(BadFile, match="'sure' \\(choices\\) labels regions or parts"):
        dataset(json.dumps(made))


def test_tasks_of_one_id_are_told_apart_by_their_place() -> None:
    found = dataset(json.dumps([*tasks()[:30], *tasks()[:30]]))
    assert len({each.id for each in found.records}) == 60
    assert found.records[30].place == "task 100 (entry 31)"


def test_rows_of_one_id_that_differ_are_kept_apart_or_refused() -> None:
    rows = [["id", "text", "label"], *([str(n % 3), f"text number {n}", "xy"[n % 2]] for n in range(6))]
    found = dataset(csv_of(rows), ".csv")
    assert len(found.records) == 6
    assert "line 2 and line 5" in found.notes[0]
    with pytest.raises(BadFile, match=r"--id-column.*'id' names different items by one id"):
        dataset(csv_of(rows), ".csv", id="id")


def test_dates_are_read_by_the_order_that_the_column_shows() -> None:
    rows = [["text", "label", "date"], ["a", "x", "31/01/2024"], ["b", "y", "01/02/2024"], ["c", "y", "soon"]]
    found = dataset(csv_of(rows), ".csv")
    assert found.records[1].at - found.records[0].at == 86_400
    assert "2 of 3 dates in 'date' could be read" in found.notes[0]


def test_numbers_and_sentences_are_no_classes() -> None:
    numbers = [["text", "target"], *([f"t {n}", f"{n}.{n % 7}5"] for n in range(40))]
    with pytest.raises(BadFile, match="'target' holds numbers"):
        dataset(csv_of(numbers), ".csv")
    sentences = [["text", "label"], *([f"t {n}", f"words {n}"] for n in range(40))]
    with pytest.raises(BadFile, match="40 different values in 40 rows"):
        dataset(csv_of(sentences), ".csv")


def test_spellings_are_merged_on_request() -> None:
    rows = [["text", "label"], *([f"t {n}", ["Yes", "yes", "no"][n % 3]] for n in range(9))]
    assert dataset(csv_of(rows), ".csv").classes == ("Yes", "no", "yes")
    merged = dataset(csv_of(rows), ".csv", merge_spellings=True)
    assert merged.classes == ("Yes", "no")
    assert "'Yes' (3) and 'yes' (3)" in merged.notes[0]


@pytest.mark.parametrize("form", ["parquet", "arrow", "stream"])
def test_a_small_file_of_packed_numbers_that_stands_for_many_is_refused(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import numpy as np
    import pyarrow as pa
    from pyarrow import ipc, parquet

    monkeypatch.setattr("workers.detect.predictions.parquet.ALLOWED_BYTES", 1 << 20)
    path = tmp_path / f"a.{'parquet' if form == 'parquet' else 'arrow'}"
    zeros = pa.array([np.zeros(100_000, dtype=np.int64)])
    table = pa.concat_tables([pa.table({"text": zeros})] * 20)  # 16 MB
    if form == "parquet":
        parquet.write_table(table, path)
    else:
        opened = ipc.new_file if form == "arrow" else ipc.new_stream
        with opened(str(path), table.schema, options=ipc.IpcWriteOptions(compression="zstd")) as out:
            out.write_table(table)
    assert path.stat().st_size < 1 << 17

    with pytest.raises(BadFile, match="stand for more than"):
        read_file(path, Columns())


def test_a_small_parquet_file_that_stands_for_terabytes_is_refused(tmp_path: Path) -> None:
    import numpy as np
    import pyarrow as pa
    from pyarrow import parquet

    rows = pa.array(np.zeros(20_000, dtype=np.int32))
    texts = pa.DictionaryArray.from_arrays(rows, pa.array(["x" * 200_000]))  # 4 GB
    parquet.write_table(pa.table({"text": texts}), tmp_path / "a.parquet")

    with pytest.raises(BadFile, match="stand for more than"):
        read_file(tmp_path / "a.parquet", Columns())
