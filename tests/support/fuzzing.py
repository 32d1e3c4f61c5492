"""Spoiled files for the readers: each is read, or refused with a sentence, and never anything else.

`python -m tests.support.fuzzing --inputs 100000 --seed 1` tells how many of each there were.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import random
import sys
import tempfile
import traceback
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from workers.cli.offline.array_files import read_classes, read_probabilities
from workers.cli.offline.dataset import Columns
from workers.cli.offline.errors import BadFile
from workers.cli.offline.regions.reading import read_any

READ, REFUSED = "read", "refused"
MOST_SPOILS = 6
LONGEST_CUT = 60  # bytes
PIECES = (
    b'"', b"'", b",", b";", b"\t", b"\n", b"\r", b"\\", b"[", b"]", b"{", b"}", b"(", b")", b":", b"#", b"|",
    b"\x00", b"\xff", b"\xef\xbb\xbf", b"\xff\xfe", b"null", b"NaN", b"-1", b"1e999", b"true", b"[[]]",
    b'"\\ud800"', "\u202e\u0000".encode(), "😀".encode(), b"sep=;\n",
)  # fmt: skip
WORDS = ("purr meow", "bark fetch", "den brush")
LABELS = ("cat", "dog", "fox")

Seed = tuple[str, bytes]  # name, content


@cache
def seeds() -> list[Seed]:
    """One small file of every form that is read."""
    rows = [{"id": n, "text": f"{WORDS[n % 3]} {n}", "label": LABELS[n % 3]} for n in range(12)]
    flat = [[f"{row['text']}", row["label"]] for row in rows]
    tasks = [_task(row) for row in rows]
    spans = [{"text": row["text"], "label": [[0, 4, row["label"]]]} for row in rows]
    argilla = [
        {"id": row["id"], "fields": {"text": row["text"]}, "responses": {"q": [{"value": row["label"]}]}}
        for row in rows
    ]
    prodigy = [{**row, "answer": "accept", "spans": [{"start": 0, "end": 4, "label": "A"}]} for row in rows]
    probs = [{"label": row["label"], "cat": 0.9, "dog": 0.05, "fox": 0.05} for row in rows]
    found: list[tuple[str, Any]] = [
        ("a.json", rows), ("b.json", {"data": rows}), ("c.json", {"text": [r[0] for r in flat]}),
        ("d.json", tasks), ("e.json", argilla), ("f.json", _coco()),
        ("g.json", {str(row["id"]): row for row in rows}),
        ("h.json", flat), ("i.json", _labelbox(rows)),
    ]  # fmt: skip
    lines = [("a.jsonl", rows), ("b.jsonl", spans), ("c.jsonl", prodigy), ("d.jsonl", probs)]
    return [
        *((name, json.dumps(value).encode()) for name, value in found),
        *((name, "".join(json.dumps(each) + "\n" for each in value).encode()) for name, value in lines),
        *((f"{n}.csv", _table(rows, mark).encode()) for n, mark in enumerate(",;\t|")),
        ("sep.csv", b"sep=;\n" + _table(rows, ";").encode()),
        ("probs.csv", _table(probs, ",").encode()),
        ("wide.csv", _table(rows, ",").encode("utf-16")),
        ("old.csv", _table([{**row, "text": f"é {row['text']}"} for row in rows], ",").encode("cp1252")),
        ("fast.txt", "".join(f"__label__{label} {text}\n" for text, label in flat).encode()),
        ("tags.conll", "".join(f"{text.split()[0]} B-{label}\nof O\n\n" for text, label in flat).encode()),
        ("one.zip", _archive(_table(rows, ","))),
    ]  # fmt: skip


def spoiled(seed: int) -> Seed:
    """The file of that number: bytes put in, cut out, doubled, cut off."""
    chance = random.Random(seed)  # noqa: S311 - it is to be repeated
    name, content = chance.choice(seeds())
    found = bytearray(content)
    for _ in range(chance.randint(1, MOST_SPOILS)):
        place, how = chance.randrange(len(found) + 1), chance.random()
        if how < 0.5:
            found[place:place] = chance.choice(PIECES)
        elif how < 0.75:
            del found[place : place + chance.randint(1, LONGEST_CUT)]
        elif how < 0.93:
            start = chance.randrange(len(found) + 1)
            found[place:place] = found[start : start + chance.randint(1, LONGEST_CUT)]
        else:
            del found[place:]
    return name, bytes(found)


def outcome(folder: Path, seed: int) -> str:
    """What became of one file; whatever is no sentence is raised."""
    name, content = spoiled(seed)
    file = folder / name
    file.write_bytes(content)
    readers = (read_classes, read_probabilities)
    try:
        if seed % 5 < len(readers):  # as `evaluate` would
            readers[seed % 5](file, "--labels")
        else:
            read_any(file, Columns())
    except BadFile as refusal:
        sentence = str(refusal)
        if not sentence.isprintable() or "Traceback" in sentence:
            raise AssertionError(sentence) from refusal
        return REFUSED
    return READ


def faults(first: int, n: int, counts: Counter[str]) -> Iterator[tuple[int, str]]:
    """The files that broke a reader, with where it broke; the others are counted."""
    with tempfile.TemporaryDirectory(prefix="secondlook-fuzz-") as folder:
        for seed in range(first, first + n):
            try:
                counts[outcome(Path(folder), seed)] += 1
            except Exception:  # noqa: BLE001 - what it looks for
                yield seed, traceback.format_exc()


def _task(row: Mapping[str, Any]) -> dict[str, Any]:
    result = {"from_name": "kind", "to_name": "t", "type": "choices", "value": {"choices": [row["label"]]}}
    box = {"x": 10, "y": 10, "width": 20, "height": 20, "rectanglelabels": [row["label"]]}
    region = {"id": "r", "from_name": "b", "to_name": "i", "type": "rectanglelabels", "value": box}
    sizes = {"original_width": 100, "original_height": 50}
    annotation = {"id": row["id"], "completed_by": 1, "result": [result, {**region, **sizes}]}
    return {"id": row["id"], "data": {"text": row["text"]}, "annotations": [annotation]}


def _coco() -> dict[str, Any]:
    images = [{"id": n, "file_name": f"{n}.png", "width": 64, "height": 48} for n in range(4)]
    boxes = [{"id": n, "image_id": n % 4, "category_id": n % 2, "bbox": [1, 2, 9, 8 + n]} for n in range(8)]
    return {
        "images": images,
        "annotations": boxes,
        "categories": [{"id": 0, "name": "cat"}, {"id": 1, "name": "dog"}],
    }


def _labelbox(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "data_row": {"id": row["id"], "row_data": row["text"]},
            "projects": {
                "p": {
                    "labels": [
                        {
                            "annotations": {
                                "classifications": [{"name": "q", "radio_answer": {"name": row["label"]}}]
                            }
                        }
                    ]
                }
            },
        }
        for row in rows
    ]


def _table(rows: list[dict[str, Any]], mark: str) -> str:
    stream = io.StringIO(newline="")
    writer = csv.DictWriter(stream, list(rows[0]), delimiter=mark)
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def _archive(text: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("rows.csv", text)
    return stream.getvalue()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0, help="of the first file")
    arguments = parser.parse_args()
    counts: Counter[str] = Counter()
    broken = list(faults(arguments.seed, arguments.inputs, counts))
    for seed, words in broken[:20]:
        sys.stdout.write(f"file {seed}:\n{words}\n")
    sys.stdout.write(f"{counts[READ]:,} read, {counts[REFUSED]:,} refused, {len(broken):,} broke a reader\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
