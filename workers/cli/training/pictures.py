"""COCO and YOLO: boxes by picture."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from connector.wording import number_of
from workers.cli.offline.regions.data import PERCENT
from workers.cli.offline.regions.pictures import file_of
from workers.cli.training.shapes import TrainingExample
from workers.cli.training.writers import ExportPlan
from workers.issues.geometry import as_boxes, enclosing

UNSAFE = str.maketrans(dict.fromkeys('/\\:*?"<>|\0', "_"))

Row = dict[str, Any]
Odd = tuple[str, str]  # what is said of one, and of several

NO_SIZE: Odd = (
    "picture whose size is not known: its boxes are left out",
    "pictures whose size is not known: their boxes are left out",
)
TURNED: Odd = (
    "turned box is written as the upright one about it",
    "turned boxes are written as the upright ones about them",
)
ONE_NAME: Odd = (
    "picture has the name of an earlier one: a number stands behind it",
    "pictures have the names of earlier ones: a number stands behind each",
)


class CocoFile:
    """One JSON file. A turned box is written as the upright one about it, with its angle in `attributes`.

    Images and annotations are collected in files of their own and put together at the end, so that nothing
    grows with the project.
    """

    def __init__(self, path: Path, plan: ExportPlan) -> None:
        self._path, self._plan = path, plan
        self._number = {name: k for k, name in enumerate(plan.classes, start=1)}
        self._parts = {name: path.with_name(f".{path.name}.{name}") for name in ("images", "annotations")}
        self._streams = {name: part.open("w", encoding="utf-8") for name, part in self._parts.items()}
        self._n = Counter[str]()
        self._odd = Counter[Odd]()

    @property
    def remarks(self) -> Sequence[str]:
        return _sentences(self._odd)

    def add(self, example: TrainingExample) -> None:
        for name, rows in by_picture(example, self._plan):
            image = self._n["images"] + 1
            size = _size(rows)
            if size is None and rows:
                self._odd[NO_SIZE] += 1
            self._put("images", _image(image, name, size, example))
            for row in rows if size is not None else ():
                self._put("annotations", self._annotation(image, row))

    def close(self) -> None:
        for stream in self._streams.values():
            stream.close()
        categories = [{"id": number, "name": name} for name, number in self._number.items()]
        with self._path.open("w", encoding="utf-8") as out:
            out.write(f'{{"categories": {json.dumps(categories, ensure_ascii=False)}')
            for name, part in self._parts.items():
                out.write(f',\n"{name}": [')
                with part.open(encoding="utf-8") as lines:
                    out.writelines(lines)
                out.write("]")
                part.unlink()
            out.write("}\n")

    def _put(self, name: str, row: Row) -> None:
        comma = ",\n" if self._n[name] else ""
        self._streams[name].write(f"{comma}{json.dumps(row, ensure_ascii=False)}")
        self._n[name] += 1

    def _annotation(self, image: int, row: Row) -> Row:
        x1, y1, x2, y2 = upright(row)
        turned = bool(row["rotation"] % 360)
        self._odd[TURNED] += turned
        result = {
            "id": self._n["annotations"] + 1,
            "image_id": image,
            "category_id": self._number.setdefault(row["label"], len(self._number) + 1),
            "bbox": [round(value, 3) for value in (x1, y1, x2 - x1, y2 - y1)],
            "area": round((row["x2"] - row["x1"]) * (row["y2"] - row["y1"]), 3),
            "iscrowd": 0,
        }
        return result | ({"attributes": {"rotation": row["rotation"]}} if turned else {})


class YoloFolder:
    """`labels/NAME.txt` a picture, and data.yaml with the names of the classes."""

    def __init__(self, folder: Path, plan: ExportPlan) -> None:
        (folder / "labels").mkdir()
        self._folder, self._plan = folder, plan
        self._number = {name: k for k, name in enumerate(plan.classes)}
        self._odd = Counter[Odd]()
        self._taken: set[str] = set()

    @property
    def remarks(self) -> Sequence[str]:
        return _sentences(self._odd)

    def add(self, example: TrainingExample) -> None:
        for name, rows in by_picture(example, self._plan):
            lines = [self._line(row, _size(rows) or PERCENT) for row in rows]
            self._file(name or example.id).write_text("".join(lines), encoding="utf-8", newline="\n")

    def close(self) -> None:
        names = "".join(
            f"  {k}: {json.dumps(name, ensure_ascii=False)}\n" for name, k in self._number.items()
        )
        text = f"path: .\ntrain: images\nval: images\nnames:\n{names}"
        (self._folder / "data.yaml").write_text(text, encoding="utf-8", newline="\n")

    def _file(self, name: str) -> Path:
        """By the picture's name; of two pictures of one name the second has a number behind."""
        stem = file_of(name).stem.translate(UNSAFE)[:150] or "picture"
        if stem.casefold() in self._taken:
            self._odd[ONE_NAME] += 1
            stem = next(
                numbered
                for n in range(2, len(self._taken) + 3)
                if (numbered := f"{stem}_{n}").casefold() not in self._taken
            )
        self._taken.add(stem.casefold())
        return self._folder / "labels" / f"{stem}.txt"

    def _line(self, row: Row, size: Sequence[float]) -> str:
        x1, y1, x2, y2 = upright(row)
        self._odd[TURNED] += bool(row["rotation"] % 360)
        width, height = size
        numbers = ((x1 + x2) / 2 / width, (y1 + y2) / 2 / height, (x2 - x1) / width, (y2 - y1) / height)
        label = self._number.setdefault(row["label"], len(self._number))
        return f"{label} {' '.join(f'{number:.6f}' for number in numbers)}\n"


def by_picture(example: TrainingExample, plan: ExportPlan) -> Iterator[tuple[str, list[Row]]]:
    """The boxes of each picture of an item; an item without boxes is a picture without boxes."""
    if not example.label:
        yield plan.picture(example.data), []
    for name, rows in groupby(example.label, key=lambda row: row["image"]):
        yield name, list(rows)


def upright(row: Row) -> tuple[float, float, float, float]:
    """The corners of the least upright box about a box."""
    box = as_boxes(np.array([[row[key] for key in ("x1", "y1", "x2", "y2", "rotation")]]))
    x1, y1, x2, y2 = enclosing(box)[0, :4].tolist() if row["rotation"] % 360 else box[0, :4].tolist()
    return x1, y1, x2, y2


def _size(rows: Sequence[Row]) -> tuple[float, float] | None:
    known = [(row["width"], row["height"]) for row in rows if row["width"] and row["height"]]
    return known[0] if known else None


def _image(number: int, name: str, size: tuple[float, float] | None, example: TrainingExample) -> Row:
    row: Row = {"id": number, "file_name": name, "item": example.id, "status": example.standing.value}
    row |= {"weight": example.weight}
    return row if size is None else row | {"width": size[0], "height": size[1]}


def _sentences(odd: Counter[Odd]) -> tuple[str, ...]:
    return tuple(f"{number_of(n, *what)}." for what, n in odd.items() if n)
