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

NAME_FILES = ("classes.txt", "obj.names", "data.yaml", "data.yml", "dataset.yaml", "_darknet.labels")
NOT_BOXES = re.compile(r"classes|notes|readme.*|train|val|valid|test", re.IGNORECASE)
DARKNET = re.compile(r"obj(_\w+)?(_data)?", re.IGNORECASE)  # folders of lists beside their pictures
NO_SIZE = "picture that is not there or cannot be read: its boxes are compared in percent"
NO_SCORE = "prediction whose confidence is none from 0 to 1"
LABELS = "labels"
BOX, CORNERS = 5, 9  # columns of a line; a prediction's confidence is one more


def is_yolo(folder: Path, *, stated: bool = False) -> bool:
    """Whether it holds lists of boxes with, or beside, the names of their classes.

    A folder `labels`, or who states that it holds boxes, is enough: that no class has a name is said then.
    """
    files = _files(folder)
    meant = stated or any(LABELS in (folder.name, *file.relative_to(folder).parts) for file in files)
    return bool(files) and (_name_file(folder) is not None or meant)


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
    """The lists of boxes: in `labels` (of each split) and below, or darknet's folders, else in the folder."""
    inner = [folder / LABELS, *sorted(folder.glob(f"*/{LABELS}"))]
    inner += sorted(path for path in folder.glob("*") if DARKNET.fullmatch(path.name))
    inner = [path for path in inner if path.is_dir()]
    result = {path for one in inner for path in one.rglob("*.txt")} if inner else folder.glob("*.txt")
    return sorted(path for path in result if not NOT_BOXES.fullmatch(path.stem) and path.is_file())


def _name_file(folder: Path) -> Path | None:
    places = [where / name for where in (folder, folder / LABELS, folder.parent) for name in NAME_FILES]
    found = next((path for path in places if path.is_file()), None)
    other = sorted((*folder.glob("*.yaml"), *folder.glob("*.yml")))
    return found or next((path for path in other if _yaml_names(path.read_text("utf-8", "replace"))), None)


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
    inner = Path(*(part for part in file.parent.relative_to(folder).parts if part != LABELS))
    beside = Path(*("images" if part == LABELS else part for part in file.parent.relative_to(folder).parts))
    picture = picture_of(file.stem, [folder / beside, folder / "images", file.parent])
    size = None if picture is None else size_of(picture)
    if size is None:
        remarks.add(NO_SIZE, file.name)
    regions = tuple(boxes_of(file, size or PERCENT, names, left_out, remarks))
    name = str(inner / file.stem) if inner != Path() else file.stem
    shown = file.stem if picture is None else picture.name
    return RegionItem(name, file.name, (RegionAnswer(None, regions),), shown, size=size)


def _region(cells: list[str], size: tuple[float, float], names: tuple[str, ...], number: str) -> Region | str:
    try:
        first, *values = map(float, cells)
    except ValueError:
        return NO_NUMBER
    if not all(map(math.isfinite, (first, *values))):
        return NO_NUMBER
    label = int(first)
    if label != first or not 0 <= label < len(names):
        return "class whose number has no name"
    score = values.pop() if len(cells) in (BOX + 1, CORNERS + 1) else None
    if score is not None and not 0 <= score <= 1:
        return NO_SCORE
    if len(values) == BOX - 1:
        x, y, width, height = values
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
    elif len(values) == CORNERS - 1:
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
