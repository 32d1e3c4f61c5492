"""COCO's JSON: images, annotations and categories."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from connector.platforms.results import dicts, finite
from connector.wording import one_line
from workers.cli.offline.errors import ARGUMENT, BadFile
from workers.cli.offline.formats.encodings import marked, wide
from workers.cli.offline.formats.entries import FileEntry
from workers.cli.offline.formats.json_values import parse_json
from workers.cli.offline.formats.source import InputFile, text_of
from workers.cli.offline.kinds import FileKind
from workers.cli.offline.record import LeftOut, person
from workers.cli.offline.regions.data import PIXELS, Region, RegionAnswer, RegionData, RegionItem, Remarks
from workers.detect.predictions.region_values import BEYOND, FARTHEST, box_from_corner, is_beyond, names_in

Raw = Mapping[str, Any]
KEYS = ((b'"categories"',), (b'"images"', b'"annotations"', b'"bbox"'))  # of COCO's object
LISTED = ((b'"categories"', b'"images"', b'"annotations"'),)  # of a list of such objects
RESULT = frozenset({"image_id", "category_id", "bbox"})  # keys of a result, which is a prediction
SAMPLE = 20  # rows that show what they are
SHOWN = 40  # characters of what is no name
CROWD = "box of a crowd (iscrowd)"
TURNED = "box with attributes.rotation, which COCO does not define: compared as upright"


PANOPTIC = "segments_info"  # in an annotation of a whole picture


def is_coco(value: Any) -> bool:
    """Whether an object is a data set in COCO's form."""
    return isinstance(value, Mapping) and all(
        isinstance(value.get(key), list) for key in ("images", "annotations", "categories")
    )


def coco_in(source: InputFile, argument: str) -> Raw | None:
    """The data set that a file of JSON holds, None where it is another form."""
    content = source.content
    if source.encoding or marked(content) or wide(content):
        content = text_of(source, argument)[0].encode()
    keys = {b"{": KEYS, b"[": LISTED}.get(content.lstrip()[:1], ())
    if not any(all(key in content for key in each) for each in keys):
        return None
    value = _only_one(parse_json(text_of(source)[0], argument), argument)
    if not isinstance(value, Mapping):
        return None
    if is_coco({"categories": [], **value}) and "categories" not in value:
        raise BadFile("it names no categories", argument=argument, remedy="Export the categories too")
    return value if is_coco(value) else None


def _only_one(value: Any, argument: str) -> Any:
    """The data set within a list, or under the name of its part, where it stands alone in it."""
    inner = value.items() if isinstance(value, Mapping) else enumerate(value, start=1)
    sets = {str(key): one for key, one in inner if is_coco(one)}
    if len(sets) > 1:
        problem = f"it holds several data sets in COCO's form: {', '.join(sets)}"
        raise BadFile(problem, argument=argument, remedy="Save the one to judge as a file of its own")
    return next(iter(sets.values())) if sets else value


def read_coco(value: Raw) -> RegionData:
    """The boxes by picture. Annotations may name an `annotator`; without one they are one person's."""
    left_out: list[LeftOut] = []
    remarks = Remarks()
    _refuse_panoptic(dicts(value["annotations"]))
    names = category_names(value["categories"])
    for name, n in Counter(names.values()).items():
        if n > 1:
            remarks.add("category that has the name of another: they are one class", f"'{name}'", n - 1)
    with_id = [one for one in dicts(value["images"]) if one.get("id") is not None]
    images = {str(one["id"]): one for one in with_id}
    twice = len(with_id) - len(images)
    if twice:
        remarks.add("image id that occurs more than once: the last one counts", "images", twice)
    boxes: dict[str, dict[str | None, list[Region]]] = defaultdict(lambda: defaultdict(list))
    ids: Counter[Any] = Counter()
    for one in value["annotations"]:
        region = _region(one, names, images, left_out, remarks)
        if region is not None:
            boxes[str(one["image_id"])][person(one.get("annotator"))].append(region)
            ids[region.id] += region.id is not None
    repeated = sum(n - 1 for n in ids.values() if n > 1)
    if repeated:
        remarks.add("annotation id that occurs more than once", "annotations", repeated)
    items = tuple(_item(image, boxes[key]) for key, image in images.items())
    return RegionData(
        FileKind.BOXES,
        items,
        "categories",
        ("file_name",),
        tuple(left_out),
        notes=remarks.sentences(),
        classes=tuple(dict.fromkeys(names.values())),
        class_ids=names,
    )


def refuse_results(rows: Sequence[FileEntry]) -> None:
    """BadFile for COCO's results in place of labels."""
    if rows and all(set(row.values) >= RESULT for row in rows[:SAMPLE]):
        problem = "it holds COCO's results, which are predictions"
        raise BadFile(problem, argument=ARGUMENT, remedy="Give the labels, and these with --predictions")


def _refuse_panoptic(annotations: Sequence[Raw]) -> None:
    if annotations and all(PANOPTIC in one and "bbox" not in one for one in annotations[:SAMPLE]):
        raise BadFile(
            "it is COCO's panoptic form, an annotation a picture",
            argument=ARGUMENT,
            remedy="Give the instances of the same pictures: an annotation with a bbox for each object",
        )


def category_names(categories: Any) -> dict[str, str]:
    """A category's number → its name, itself where it has none. BadFile where that can be no name."""
    with_id = [one for one in dicts(categories) if one.get("id") is not None]
    if not with_id:
        raise BadFile("no category has an id", argument=ARGUMENT, remedy="Export the categories too")
    names: dict[str, str] = {}
    for one in with_id:
        held = one["id"] if one.get("name") is None else one["name"]
        name = "" if isinstance(held, list) else "".join(names_in(held))
        if not name:
            problem = f"category {one['id']} has a name that is no text: {one_line(str(held), SHOWN)}"
            raise BadFile(problem, argument=ARGUMENT, remedy="Give each category a name")
        names[str(one["id"])] = name
    return names


def _region(
    one: Any, names: Mapping[str, str], images: Mapping[str, Raw], left_out: list[LeftOut], remarks: Remarks
) -> Region | None:
    if not isinstance(one, Mapping):
        left_out.append(LeftOut("annotations", "annotation that is no object"))
        return None
    name = None if one.get("id") is None else str(one["id"])
    place = f"image {one.get('image_id')}, annotation {name}"
    spot = box_from_corner(one.get("bbox"))
    reason = (
        "annotation of an image that is not among the images"
        if str(one.get("image_id")) not in images
        else "category that is not among the categories"
        if str(one.get("category_id")) not in names
        else CROWD
        if one.get("iscrowd")
        else "annotation without a bbox"
        if "bbox" not in one
        else spot
        if isinstance(spot, str)
        else None
    )
    if reason is not None or isinstance(spot, str):
        left_out.append(LeftOut(place, str(reason)))
        return None
    attributes = one.get("attributes")
    turned = finite(attributes.get("rotation")) if isinstance(attributes, Mapping) else None
    if turned is not None and turned % 360:
        remarks.add(TURNED, place)
    size = _size(images[str(one["image_id"])])
    if size is not None and is_beyond(spot, size):
        remarks.add(BEYOND, place)
    return Region(names[str(one["category_id"])], spot, name)


def _item(image: Raw, boxes: Mapping[str | None, list[Region]]) -> RegionItem:
    name = str(image.get("file_name", image["id"]))
    answers = tuple(RegionAnswer(who, tuple(regions)) for who, regions in boxes.items())
    size = _size(image) or PIXELS
    return RegionItem(
        str(image["id"]), f"image {image['id']}", answers or (RegionAnswer(None, ()),), name, size=size
    )


def _size(image: Raw) -> tuple[float, float] | None:
    width, height = finite(image.get("width")), finite(image.get("height"))
    return (width, height) if width and height and 0 < width <= FARTHEST and 0 < height <= FARTHEST else None
