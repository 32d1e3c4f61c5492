"""YOLO's folders: a text file a picture, a line a box, in shares of the picture."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workers.cli.offline.errors import ARGUMENT, BadFile
from workers.cli.offline.kinds import FileKind
from workers.cli.offline.record import LeftOut
from workers.cli.offline.regions.data import PERCENT, Region, RegionAnswer, RegionData, RegionItem, Remarks
from workers.cli.offline.regions.pictures import picture_of, size_of
from workers.detect.predictions.region_values import BEYOND, NO_NUMBER, checked_box, is_beyond

NAME_FILES = ("classes.txt", "obj.names", "data.yaml", "data.yml", "dataset.yaml")
NOT_BOXES = frozenset({"classes.txt", "notes.txt", "readme.txt", "train.txt", "val.txt", "test.txt"})
NO_SIZE = "picture that is not there or cannot be read: its boxes are compared in percent"
BOX, SCORED, CORNERS = 5, 6, 9  # columns of a line


def is_yolo(folder: Path) -> bool:
    """Whether it holds lists of boxes with, or beside, the names of their classes."""
    return bool(_files(folder)) and _name_file(folder) is not None


def read_yolo(folder: Path) -> RegionData:
    """The boxes by picture."""
    remarks = Remarks()
    left_out: list[LeftOut] = []
    names = class_names(folder)
    items = tuple(_item(file, folder, names, left_out, remarks) for file in _files(folder))
    return RegionData(
        FileKind.BOXES,
        items,
        "classes",
        ("image",),
        tuple(left_out),
        notes=remarks.sentences(),
        classes=names,
    )


def class_names(folder: Path) -> tuple[str, ...]:
    """The classes in the order of their numbers. BadFile where nothing names them."""
    path = _name_file(folder)
    if path is None:
        raise BadFile(
            f"the folder has none of {', '.join(NAME_FILES)}, so that no class has a name",
            argument=ARGUMENT,
            remedy="Put the file with the classes' names into the folder",
        )
    text = path.read_text("utf-8", "replace")
    names = (
        _yaml_names(text)
        if path.suffix in (".yaml", ".yml")
        else [line.strip() for line in text.splitlines()]
    )
    while names and not names[-1]:
        names.pop()
    if not names or not all(names):
        problem = f"{path.name} does not name each class"
        raise BadFile(problem, argument=ARGUMENT, remedy="Give one name a line, or `names:` in data.yaml")
    return tuple(names)


def boxes_of(
    file: Path, size: tuple[float, float], names: tuple[str, ...], left_out: list[LeftOut], remarks: Remarks
) -> Iterator[Region]:
    """The boxes of one picture; a sixth column is a prediction's probability."""
    for number, line in enumerate(file.read_text("utf-8", "replace").splitlines(), start=1):
        cells = line.split()
        if not cells:
            continue
        place = f"{file.name}, line {number}"
        region = _region(cells, size, names, f"{number}")
        if isinstance(region, str):
            left_out.append(LeftOut(place, region))
            continue
        if is_beyond(region.spot, size):
            remarks.add(BEYOND, place)
        yield region


def _files(folder: Path) -> list[Path]:
    """The lists of boxes: in `labels` and below, else in the folder itself."""
    inner = folder / "labels"
    result = inner.rglob("*.txt") if inner.is_dir() else folder.glob("*.txt")
    return sorted(path for path in result if path.name.lower() not in NOT_BOXES and path.is_file())


def _name_file(folder: Path) -> Path | None:
    places = [where / name for where in (folder, folder / "labels", folder.parent) for name in NAME_FILES]
    return next((path for path in places if path.is_file()), None)


def _yaml_names(text: str) -> list[str]:
    """`names:` of data.yaml: a list in brackets, a list of lines, or numbers with names."""
    result = re.search(r"^names\s*:(.*(?:\n(?:[ \t]+.*|\s*-.*|\s*))*)", text, re.MULTILINE)
    if result is None:
        return []
    body = re.sub(r"(?m)\s+#.*$", "", result[1]).strip()
    if body[:1] in ("[", "{"):
        parts = body.strip("[]{}").split(",")
    else:
        parts = [re.sub(r"^\s*-\s*", "", line) for line in body.splitlines()]
    named = [part.strip() for part in parts if part.strip()]
    if all(re.match(r"\d+\s*:", part) for part in named):
        by_number = {int(part.split(":", 1)[0]): part.split(":", 1)[1] for part in named}
        named = [by_number.get(k, "") for k in range(max(by_number, default=-1) + 1)]
    return [part.strip().strip("'\"") for part in named]


def _item(
    file: Path, folder: Path, names: tuple[str, ...], left_out: list[LeftOut], remarks: Remarks
) -> RegionItem:
    inner = file.parent.relative_to(folder / "labels") if (folder / "labels") in file.parents else Path()
    picture = picture_of(file.stem, [folder / "images" / inner, folder / "images", file.parent])
    size = None if picture is None else size_of(picture)
    if size is None:
        remarks.add(NO_SIZE, file.name)
    regions = tuple(boxes_of(file, size or PERCENT, names, left_out, remarks))
    name = str(inner / file.stem) if inner != Path() else file.stem
    shown = file.stem if picture is None else picture.name
    return RegionItem(name, file.name, (RegionAnswer(None, regions),), shown, size=size)


def _region(cells: list[str], size: tuple[float, float], names: tuple[str, ...], number: str) -> Region | str:
    try:
        label, values = int(cells[0]), [float(cell) for cell in cells[1:]]
    except ValueError:
        return NO_NUMBER
    if not all(map(math.isfinite, values)):
        return NO_NUMBER
    if not 0 <= label < len(names):
        return "class whose number has no name"
    score = values[4] if len(cells) == SCORED else None
    if len(cells) in (BOX, SCORED):
        x, y, width, height = values[:4]
        across, down = size
        spot = checked_box(
            (
                (x - width / 2) * across,
                (y - height / 2) * down,
                (x + width / 2) * across,
                (y + height / 2) * down,
                0.0,
            )
        )
    elif len(cells) == CORNERS:
        spot = checked_box(turned_box(np.reshape(values, (4, 2)) * size))
    else:
        return f"line of {len(cells)} numbers, which is no box (a polygon?)"
    return spot if isinstance(spot, str) else Region(names[label], spot, number, score)


def turned_box(corners: NDArray[np.float64]) -> tuple[float, ...]:
    """x1, y1, x2, y2 and the rotation about the first of four corners (4, 2) in pixels, clockwise."""
    (x, y), along, across = corners[0], corners[1] - corners[0], corners[3] - corners[0]
    angle = math.degrees(math.atan2(along[1], along[0]))
    width, height = math.hypot(*along), math.hypot(*across)
    return float(x), float(y), float(x + width), float(y + height), angle % 360
