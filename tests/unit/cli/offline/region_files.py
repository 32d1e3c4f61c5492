"""Small files of boxes and spans with planted errors, in every form."""

from __future__ import annotations

from typing import Any

W, H = 800.0, 600.0
CLASSES = ("car", "dog")


def box_at(picture: int, place: int) -> tuple[str, float, float, float, float]:
    """Two boxes a picture, of both classes, at places that differ: class, x1, y1, x2, y2."""
    x, y = 40 + 17 * picture % 300 + 350 * place, 60 + 13 * picture % 200
    return CLASSES[(picture + place) % 2], x, y, x + 120 + picture % 30, y + 90 + place * 20


def truth(picture: int) -> list[tuple[str, float, float, float, float]]:
    return [box_at(picture, 0), box_at(picture, 1)]


def given(picture: int) -> list[tuple[str, float, float, float, float]]:
    """Picture 3 lacks a box, in 5 one has the other class, in 7 one is shifted."""
    boxes = truth(picture)
    if picture == 3:
        return boxes[:1]
    if picture == 5:
        return [("dog" if boxes[0][0] == "car" else "car", *boxes[0][1:]), boxes[1]]
    if picture == 7:
        name, x1, y1, x2, y2 = boxes[0]
        return [(name, x1 + 65, y1 + 20, x2 + 65, y2 + 20), boxes[1]]
    return boxes


PLANTED = {("3", "overlooked"), ("5", "swapped"), ("7", "badly_located")}


def ls_region(
    box: tuple[Any, ...], name: str | None, score: float | None = None, **more: Any
) -> dict[str, Any]:
    label, x1, y1, x2, y2 = box
    value = {
        "x": 100 * x1 / W,
        "y": 100 * y1 / H,
        "width": 100 * (x2 - x1) / W,
        "height": 100 * (y2 - y1) / H,
        "rotation": 0,
        "rectanglelabels": [label],
    }
    region = {
        "from_name": "box",
        "to_name": "im",
        "type": "rectanglelabels",
        "original_width": W,
        "original_height": H,
        "value": value,
    }
    if name is not None:
        region["id"] = name
    if score is not None:
        region["score"] = score
    return region | more


def ls_picture(picture: int, *, predicted: bool = True) -> dict[str, Any]:
    made = {
        "id": picture,
        "data": {"image": f"/data/p{picture}.jpg"},
        "annotations": [
            {
                "id": picture,
                "completed_by": 1,
                "result": [ls_region(box, f"r{n}") for n, box in enumerate(given(picture))],
            }
        ],
    }
    if predicted:
        found = [ls_region(box, f"p{n}", 0.9 + n / 100) for n, box in enumerate(truth(picture))]
        made["predictions"] = [{"model_version": "a", "result": found}]
    return made


def ls_pictures(n: int = 30, *, predicted: bool = True) -> list[dict[str, Any]]:
    return [ls_picture(picture, predicted=predicted) for picture in range(n)]


def coco(n: int = 30) -> dict[str, Any]:
    boxes = [(picture, box) for picture in range(n) for box in given(picture)]
    return {
        "images": [{"id": k, "file_name": f"p{k}.jpg", "width": W, "height": H} for k in range(n)],
        "categories": [{"id": 10 + k, "name": name} for k, name in enumerate(CLASSES)],
        "annotations": [
            {
                "id": at,
                "image_id": picture,
                "category_id": 10 + CLASSES.index(name),
                "bbox": [x1, y1, x2 - x1, y2 - y1],
            }
            for at, (picture, (name, x1, y1, x2, y2)) in enumerate(boxes)
        ],
    }


def coco_results(n: int = 30) -> list[dict[str, Any]]:
    return [
        {
            "image_id": picture,
            "category_id": 10 + CLASSES.index(name),
            "bbox": [x1, y1, x2 - x1, y2 - y1],
            "score": 0.9 + k / 100,
        }
        for picture in range(n)
        for k, (name, x1, y1, x2, y2) in enumerate(truth(picture))
    ]


def yolo_line(box: tuple[Any, ...], *more: float) -> str:
    name, x1, y1, x2, y2 = box
    numbers = ((x1 + x2) / 2 / W, (y1 + y2) / 2 / H, (x2 - x1) / W, (y2 - y1) / H, *more)
    return f"{CLASSES.index(name)} {' '.join(f'{number:.6f}' for number in numbers)}"


def voc_file(picture: int) -> str:
    objects = "".join(
        f"<object><name>{name}</name><bndbox><xmin>{x1}</xmin><ymin>{y1}</ymin><xmax>{x2}</xmax>"
        f"<ymax>{y2}</ymax></bndbox></object>"
        for name, x1, y1, x2, y2 in given(picture)
    )
    size = f"<size><width>{W:.0f}</width><height>{H:.0f}</height><depth>3</depth></size>"
    return f"<annotation><filename>p{picture}.jpg</filename>{size}{objects}</annotation>"


# --- texts ---------------------------------------------------------------------------------------

NAMES = ("Anna", "Boris", "Clara", "David", "Elena")
TOWNS = ("Paris", "Rome", "Oslo", "Lima", "Cairo")
SENTENCES = ("{0} lives in {1} now .", "Yesterday {0} flew to {1} again .", "In {1} we met {0} twice .")
LOST_TEXT, TURNED_TEXT = 11, 22  # one lacks a span, one has the other label


def sentence(n: int) -> tuple[str, list[tuple[int, int, str]]]:
    """A text with a name and a town, and its true spans."""
    name, town = NAMES[n % 5], TOWNS[(n // 2) % 5]
    text = SENTENCES[n % 3].format(name, town)
    spots = [(text.index(word), word, label) for word, label in ((name, "PER"), (town, "LOC"))]
    return text, sorted((at, at + len(word), label) for at, word, label in spots)


def marked(n: int) -> tuple[str, list[tuple[int, int, str]]]:
    text, spans = sentence(n)
    if n == LOST_TEXT:
        return text, spans[1:]
    if n == TURNED_TEXT:
        start, end, label = spans[0]
        return text, [(start, end, "LOC" if label == "PER" else "PER"), *spans[1:]]
    return text, spans


def ls_span(
    start: Any, end: Any, label: str | None, text: str | None, name: str, **more: Any
) -> dict[str, Any]:
    value: dict[str, Any] = {"start": start, "end": end}
    value |= {"labels": [label]} if label is not None else {}
    value |= {"text": text} if text is not None else {}
    return {"id": name, "from_name": "ent", "to_name": "t", "type": "labels", "value": value} | more


def ls_text(n: int) -> dict[str, Any]:
    text, spans = marked(n)
    result = [ls_span(a, b, label, text[a:b], f"s{k}") for k, (a, b, label) in enumerate(spans)]
    return {"id": n, "data": {"text": text}, "annotations": [{"id": n, "completed_by": 1, "result": result}]}


def ls_other(n: int, form: str) -> dict[str, Any]:
    """The text as HTML, or as what the second of two people says; spans in the units of the tag."""
    text, spans = marked(n)
    kind = f"{form.removesuffix('s')}labels"
    result = []
    for k, (start, end, label) in enumerate(spans):
        value: dict[str, Any] = {"globalOffsets": {"start": start, "end": end}}
        if form == "paragraphs":
            value = {"start": "1", "end": "1", "startOffset": start, "endOffset": end}
        named = {"id": f"s{k}", "from_name": "ent", "to_name": "t", "type": kind}
        result.append({**named, "value": {**value, kind: [label]}})
    talk = [{"a": "Q", "text": "Who \U0001f600?"}, {"a": "A", "text": text}]
    held = f"<p>{text}</p>" if form == "hypertext" else talk
    return {"id": n, "data": {"t": held}, "annotations": [{"id": n, "completed_by": 1, "result": result}]}


def ls_texts(n: int = 60) -> list[dict[str, Any]]:
    return [ls_text(k) for k in range(n)]


def conll(n: int = 60, columns: int = 2, scheme: str = "IOB2") -> str:
    lines = ["-DOCSTART- -X- O O", ""]
    for k in range(n):
        text, spans = marked(k)
        at = 0
        for token in text.split(" "):
            label = next((label for start, _, label in spans if start == at), None)
            first = {"IOB2": "B", "IOB1": "I", "IOBES": "S"}[scheme]
            tag = "O" if label is None else f"{first}-{label}"
            lines.append(" ".join([token, *["X"] * (columns - 2), tag]))
            at += len(token) + 1
        lines.append("")
    return "\n".join(lines)
