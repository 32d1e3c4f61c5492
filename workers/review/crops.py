"""Crops of pictures for review tasks that ask about a place in one: what is asked about, seen from near.

The pictures come as the pages have them: from allowed hosts, within bounds. A task without its crop works
all the same, so nothing that is wrong with a picture holds a question back.
"""

from __future__ import annotations

import base64
import binascii
import io
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from connector import logs
from connector.errors import Retryable, SecondlookError
from connector.model import Issue, Json, LabelSchema
from connector.model.item_data import value_at
from connector.model.item_text import labelled_object
from connector.platforms.media import START, PictureProxy, media_kind
from connector.ports import MediaAddress, MediaKeeper
from workers.context import Context
from workers.label_types.base import Frame
from workers.label_types.registry import kind_of

if TYPE_CHECKING:
    from PIL.Image import Image as PictureImage

log = logs.get(__name__)

# Of each crop: the page reserves room by the shape, and a tall one hides the answers.
WIDTH, HEIGHT = 280, 180
AROUND = 0.5  # of the place's own size, shown on each side of it
LEAST = 48.0  # pixels of the picture on each side: a small thing is shown with what it lies in
MOST_PIXELS = 50_000_000
MOST_BYTES = 20_000_000  # of a picture that stands in the task itself
SECONDS = 120.0  # for the pictures of one batch: questions do not wait longer for their crops
AWAY = 3  # servers that do not answer, one after the other, until no more are asked
INSIDE = "data:image/"
GREY = (128, 128, 128)


class NoCrop(Exception):
    """Why a picture cannot be cut."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    item: str  # on the platform
    value: str
    frame: Frame


def crops_of(
    context: Context,
    schema: LabelSchema,
    issues: Sequence[Issue],
    data: Mapping[int, Json],
    names: Mapping[int, str],
) -> dict[str, str]:
    """Issue → its crop as a data URI, for those of which there is one.

    `data` and `names`, what they are called on the platform, are of the items.
    """
    by_picture: dict[tuple[str, str], list[tuple[str, Frame]]] = {}
    missing: Counter[str] = Counter()
    for issue, wanted in _wanted(schema, issues, data, names):
        if wanted.value:
            by_picture.setdefault((wanted.item, wanted.value), []).append((issue.id, wanted.frame))
        else:
            missing["the item names no picture"] += 1
    proxy = PictureProxy(context.services.settings.dashboard.media_hosts)
    crops: dict[str, str] = {}
    away, until = 0, time.monotonic() + SECONDS
    for (item, value), frames in by_picture.items():
        if away == AWAY or time.monotonic() > until:
            missing["servers of pictures do not answer, or too slowly"] += len(frames)
            continue
        try:
            content = _content(context, proxy, item, value)
            crops |= {issue_id: cut(content, frame) for issue_id, frame in frames}
            away = 0
        except (SecondlookError, NoCrop) as error:
            away += isinstance(error, Retryable)
            missing[str(error)] += len(frames)
    if missing:
        log.info("review tasks without a crop", project=context.project.name, reasons=dict(missing))
    return crops


def _wanted(
    schema: LabelSchema, issues: Sequence[Issue], data: Mapping[int, Json], names: Mapping[int, str]
) -> Iterator[tuple[Issue, _Wanted]]:
    shown = labelled_object(schema)
    for issue in issues:
        frame = kind_of(schema).framed(issue.given, issue.suggested)
        value = None if shown is None else value_at(data[issue.item_id], shown.field)
        if frame is not None and issue.item_id in names:
            yield issue, _Wanted(names[issue.item_id], value if isinstance(value, str) else "", frame)


def _content(context: Context, proxy: PictureProxy, item: str, value: str) -> bytes:
    if value.startswith(INSIDE):
        return _inside(value)
    source = context.source
    address = (
        source.media(item, value)
        if isinstance(source, MediaKeeper)
        else MediaAddress(value, context.project.url)
    )
    return b"".join(proxy.fetch(address).parts)


def _inside(value: str) -> bytes:
    head, _, held = value.partition(",")
    if not head.endswith(";base64") or len(held) > MOST_BYTES * 4 // 3:
        raise NoCrop("the picture in the task is no base64, or too large")
    try:
        content = base64.b64decode(held, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoCrop("the picture in the task is no base64") from error
    media_kind(content[:START])  # as of what is fetched: no PostScript, which would be run to be drawn
    return content


def cut(content: bytes, frame: Frame) -> str:
    """What lies in a frame and around it, as a data URI of a JPEG of 280 x 180.

    Upright as the platform shows it; `frame` counts in a picture of its own size. NoCrop for what is no
    picture that can be read, or too large a one.
    """
    from PIL import Image  # only where there are pictures

    try:
        picture = _upright(content)
        corners = _corners(frame, picture.width, picture.height)
        near = picture.crop(corners)
        scale = min(WIDTH / near.width, HEIGHT / near.height)
        near = near.resize((max(1, round(near.width * scale)), max(1, round(near.height * scale))))
    except NoCrop:
        raise
    except Exception as error:  # decoders raise what they like for what is cut short or made up
        raise NoCrop(f"the picture cannot be read ({type(error).__name__})") from error
    page = Image.new("RGB", (WIDTH, HEIGHT), GREY)
    page.paste(near, ((WIDTH - near.width) // 2, (HEIGHT - near.height) // 2))
    held = io.BytesIO()
    page.save(held, "JPEG", quality=85)
    return f"data:image/jpeg;base64,{base64.b64encode(held.getvalue()).decode()}"


def _upright(content: bytes) -> PictureImage:
    from PIL import Image, ImageOps

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # its size is looked at below
        with Image.open(io.BytesIO(content)) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise NoCrop(f"the picture has more than {MOST_PIXELS // 1_000_000} million pixels")
            return ImageOps.exif_transpose(opened).convert("RGB")


def _corners(frame: Frame, width: int, height: int) -> tuple[int, int, int, int]:
    """The frame with its surroundings, in pixels of the picture, widened to the crop's shape within it."""
    right, down = width / frame.width, height / frame.height
    x1, x2 = frame.x1 * right, frame.x2 * right
    y1, y2 = frame.y1 * down, frame.y2 * down
    wide = max((x2 - x1) * (1 + 2 * AROUND), x2 - x1 + 2 * LEAST)
    tall = max((y2 - y1) * (1 + 2 * AROUND), y2 - y1 + 2 * LEAST)
    wide, tall = max(wide, tall * WIDTH / HEIGHT), max(tall, wide * HEIGHT / WIDTH)
    left, right_edge = _within((x1 + x2) / 2, wide, width)
    top, bottom = _within((y1 + y2) / 2, tall, height)
    return left, top, right_edge, bottom


def _within(middle: float, length: float, whole: int) -> tuple[int, int]:
    """A stretch about a middle, moved so that it lies within 0..whole; all of it where it is longer."""
    length = min(length, whole)
    first = min(max(middle - length / 2, 0), whole - length)
    start = min(int(first), whole - 1)
    return start, max(start + 1, min(whole, round(first + length)))
