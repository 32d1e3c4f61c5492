"""Archives, folders of parts and of classes, code pages: read, or refused with what to do."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from workers.cli.offline.dataset import Columns, Dataset
from workers.cli.offline.errors import BadFile
from workers.cli.offline.reading import read_file

ROWS = [(f"number {n} {'purr' if n % 2 else 'bark'}", "cat" if n % 2 else "dog") for n in range(8)]
LABELS = [label for _, label in ROWS]


def table(rows: list[tuple[str, str]] = ROWS, header: str = "text,label") -> str:
    return "\n".join([header, *(",".join(row) for row in rows)]) + "\n"


def archive(path: Path, **files: str) -> Path:
    with zipfile.ZipFile(path, "w") as stream:
        for name, text in files.items():
            stream.writestr(name, text)
    return path


def labels(data: Dataset) -> list[str]:
    return [each.label for each in data.records]


def test_the_one_file_of_an_archive_is_read_whatever_a_file_manager_put_beside_it(tmp_path: Path) -> None:
    objects = "".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in ROWS)
    path = archive(
        tmp_path / "data.zip",
        **{"in/data.jsonl": objects, "__MACOSX/in/._data.jsonl": "\0", ".DS_Store": "x"},
    )
    assert labels(read_file(path, Columns())) == LABELS


def test_an_archive_of_several_files_names_them(tmp_path: Path) -> None:
    path = archive(tmp_path / "data.zip", **{"train.csv": table(), "test.csv": table()})
    with pytest.raises(BadFile, match=r"ZIP archive with 'train\.csv', 'test\.csv'.* or the folder"):
        read_file(path, Columns())


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "data.zip", **{"data.csv": table()})
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(BadFile):
        read_file(path, Columns())


def test_files_of_one_table_are_its_parts_and_rows_keep_their_places(tmp_path: Path) -> None:
    (tmp_path / "part-0.csv").write_text(table(ROWS[:4]), encoding="utf-8")
    (tmp_path / "part-1.csv").write_text(table(ROWS[4:]) + "short\n", encoding="utf-8")
    (tmp_path / "README.md").write_text("about", encoding="utf-8")
    data = read_file(tmp_path, Columns())
    assert labels(data) == LABELS
    assert data.records[4].place == "part-1.csv, line 2"
    assert data.notes[:3] == (
        "2 files are taken as parts of one table: part-0.csv to part-1.csv.",
        "part-1.csv: 1 row ends early: what is lacking is taken as empty.",
        "1 other file is passed over.",
    )


def test_files_of_different_tables_are_no_parts(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(table(), encoding="utf-8")
    (tmp_path / "b.csv").write_text(table(header="body,topic"), encoding="utf-8")
    with pytest.raises(BadFile, match=r"no parts of one table: 'a\.csv', 'b\.csv'"):
        read_file(tmp_path, Columns())


def test_a_text_in_the_folder_of_its_class_has_that_label(tmp_path: Path) -> None:
    for n, (text, label) in enumerate(ROWS):
        (tmp_path / label).mkdir(exist_ok=True)
        (tmp_path / label / f"{n}.txt").write_text(text, encoding="utf-8")
    data = read_file(tmp_path, Columns())
    assert labels(data) == sorted(LABELS)
    assert data.records[0].id == "cat/1.txt"
    assert data.notes == ("Labels are the names of the 2 folders that texts lie in.",)


def test_a_folder_that_cannot_be_read_says_what_it_holds(tmp_path: Path) -> None:
    for label in ("cat", "dog"):
        (tmp_path / label).mkdir()
        (tmp_path / label / "1.jpg").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(BadFile, match=r"no data that can be read \(2 with \.jpg\)"):
        read_file(tmp_path, Columns())


@pytest.mark.parametrize(
    ("encoding", "word"),
    [
        ("cp1251", "Здравствуйте"),
        ("gb18030", "您好我想问"),
        ("shift_jis", "こんにちは"),
        ("euc_kr", "안녕하세요"),
        ("cp1250", "żółćężó"),
    ],
)
def test_letters_that_are_not_western_are_never_read_as_western(
    tmp_path: Path, encoding: str, word: str
) -> None:
    file = tmp_path / "file.csv"
    file.write_bytes(table([(f"{word} {text}", label) for text, label in ROWS]).encode(encoding))
    with pytest.raises(BadFile, match=rf"line 2: it is not UTF-8.*'{word}' in {encoding}.*--encoding"):
        read_file(file, Columns())
    assert read_file(file, Columns(), encoding).records[0].data["text"].startswith(word)


def test_western_letters_are_read_and_the_guess_is_said(tmp_path: Path) -> None:
    file = tmp_path / "file.csv"
    file.write_bytes(table([(f"café déjà “vu” {text}", label) for text, label in ROWS]).encode("cp1252"))
    data = read_file(file, Columns())
    assert data.records[0].data["text"].startswith("café déjà “vu”")
    assert "read as cp1252" in data.notes[0]
