"""Pascal VOC's folders: one XML file a picture."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

from workers.cli.offline.kinds import FileKind
from workers.cli.offline.record import LeftOut
from workers.cli.offline.regions.data import PIXELS, Region, RegionAnswer, RegionData, RegionItem, Remarks
from workers.detect.predictions.region_values import BEYOND, NO_LABEL, NO_NUMBER, box_from_corners, is_beyond

CORNERS = ("xmin", "ymin", "xmax", "ymax")
PLACE = "Annotations"  # in the folder, or in those of several years
MOST_BYTES = 20_000_000  # of one picture's annotations


def is_voc(folder: Path) -> bool:
    """Whether it holds XML files of annotations, there or in `Annotations` (also of the folders of years)."""
    return bool(_files(folder))


def read_voc(folder: Path) -> RegionData:
    """The boxes by picture; a file that cannot be read is left out."""
    left_out: list[LeftOut] = []
    remarks = Remarks()
    result = [_item(file, left_out, remarks) for file in _files(folder)]
    items = tuple(item for item in result if item is not None)
    return RegionData(
        FileKind.BOXES, items, "name", ("filename",), tuple(left_out), notes=remarks.sentences()
    )


def _files(folder: Path) -> list[Path]:
    inner = [path for path in (folder / PLACE, *sorted(folder.glob(f"*/{PLACE}"))) if path.is_dir()]
    return sorted(file for path in inner or [folder] for file in path.glob("*.xml"))


def _item(file: Path, left_out: list[LeftOut], remarks: Remarks) -> RegionItem | None:
    root = _root(file)
    if root is None:
        left_out.append(LeftOut(file.name, "file that is no XML of annotations"))
        return None
    width, height = (_number(root.findtext(f"size/{name}")) for name in ("width", "height"))
    size = (width, height) if width and height and width > 0 and height > 0 else None
    if size is None:
        remarks.add("picture without a size", file.name)
    regions = []
    for number, one in enumerate(root.iter("object"), start=1):
        place = f"{file.name}, object {number}"
        region = _region(one, str(number))
        if isinstance(region, str):
            left_out.append(LeftOut(place, region))
            continue
        if size is not None and is_beyond(region.spot, (size[0] + 1, size[1] + 1)):  # VOC counts from 1
            remarks.add(BEYOND, place)
        regions.append(region)
    name = root.findtext("filename") or file.stem
    return RegionItem(file.stem, file.name, (RegionAnswer(None, tuple(regions)),), name, size=size or PIXELS)


def _root(file: Path) -> ET.Element | None:
    try:
        if file.stat().st_size > MOST_BYTES:
            return None
        root = ET.fromstring(file.read_bytes())  # noqa: S314 - expat bounds how far entities may grow
    except (ET.ParseError, OSError, ValueError, LookupError):
        return None
    return root if root.tag == "annotation" else None


def _region(one: ET.Element, number: str) -> Region | str:
    name = (one.findtext("name") or "").strip()
    if not name:
        return NO_LABEL
    if one.find("bndbox") is None:
        return "object without a bndbox"
    values = [_number(one.findtext(f"bndbox/{corner}")) for corner in CORNERS]
    spot = NO_NUMBER if None in values else box_from_corners(values)
    return spot if isinstance(spot, str) else Region(name, spot, number)


def _number(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None
