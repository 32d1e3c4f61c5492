"""What a box question is about, seen from near: cut from its picture where that can be had."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given as over
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from connector.model import LabelSchema, ObjectTag, ReviewRequest, ReviewSetup
from connector.platforms.label_studio.config import parsed
from connector.platforms.label_studio.review_config import CROP, NO_CROP, build
from connector.platforms.label_studio.review_tasks import LabelStudioForm, task_for
from tests.support.codecs import LABEL_STUDIO
from tests.support.world import World
from workers.label_types.base import Frame
from workers.label_types.boxes.label_type import Boxes
from workers.review.crops import HEIGHT, WIDTH, NoCrop, cut

SCHEMA = LabelSchema("box", "image", ("car", "dog"), (ObjectTag("image", "Image", "text"),), "boxes")
RED, BLUE = (200, 30, 30), (30, 30, 200)


def picture(width: int = 800, height: int = 600, kind: str = "PNG", **more: Any) -> bytes:
    """Blue, with a red box of 100 x 80 at (400, 300)."""
    drawn = Image.new("RGB", (width, height), BLUE)
    ImageDraw.Draw(drawn).rectangle((400, 300, 500, 380), fill=RED)
    held = io.BytesIO()
    drawn.save(held, kind, **more)
    return held.getvalue()


def as_uri(content: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


def opened(uri: str) -> Image.Image:
    head, _, held = uri.partition(",")
    assert head == "data:image/jpeg;base64"
    return Image.open(io.BytesIO(base64.b64decode(held)))


def red_at(crop: Image.Image, x: float, y: float) -> bool:
    seen = crop.getpixel((round(x), round(y)))
    return isinstance(seen, tuple) and seen[0] > 120


def test_a_crop_has_the_place_in_its_middle_and_what_is_around() -> None:
    found = opened(cut(picture(), Frame(400, 300, 500, 380, 800, 600)))
    assert found.size == (WIDTH, HEIGHT)
    assert red_at(found, WIDTH / 2, HEIGHT / 2)
    assert not red_at(found, 5, HEIGHT / 2)
    assert not red_at(found, WIDTH / 2, 5)


def test_boxes_count_in_their_own_size_of_the_picture() -> None:
    percent = cut(picture(), Frame(50, 50, 62.5, 380 / 6, 100, 100))
    assert percent == cut(picture(), Frame(400, 300, 500, 380, 800, 600))


def test_a_picture_that_lies_on_its_side_is_turned_upright_first() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned by a quarter, clockwise
    side = picture(kind="JPEG", exif=exif, quality=95)
    found = opened(cut(side, Frame(600 - 380, 400, 600 - 300, 500, 600, 800)))
    assert red_at(found, WIDTH / 2, HEIGHT / 2)
    assert not red_at(found, 5, 5)


@over(
    st.tuples(*[st.floats(-500, 1500)] * 4),
    st.tuples(st.integers(1, 60), st.integers(1, 60)),
)
def test_any_place_makes_a_crop_of_the_same_size(corners: tuple[float, ...], size: tuple[int, int]) -> None:
    x1, y1, x2, y2 = corners
    frame = Frame(min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2), 800, 600)
    held = io.BytesIO()
    Image.new("RGB", size).save(held, "PNG")
    assert opened(cut(held.getvalue(), frame)).size == (WIDTH, HEIGHT)


@pytest.mark.parametrize(
    "content", [b"", b"no picture", b"<svg/>", picture()[:200], picture(kind="JPEG")[:300]]
)
def test_a_picture_that_cannot_be_read_has_no_crop(content: bytes) -> None:
    with pytest.raises(NoCrop):
        cut(content, Frame(0, 0, 1, 1, 8, 6))


@pytest.mark.parametrize("frame", [Frame(0, 0, 1, 1, 0, 0), Frame(math.nan, 0, 1, 1, 8, 6)])
def test_a_place_that_is_none_has_no_crop(frame: Frame) -> None:
    with pytest.raises(NoCrop):
        cut(picture(), frame)


def test_a_picture_of_too_many_pixels_is_not_decoded() -> None:
    held = io.BytesIO()
    Image.new("1", (8000, 7000)).save(held, "PNG")
    with pytest.raises(NoCrop, match="more than 50 million pixels"):
        cut(held.getvalue(), Frame(0, 0, 1, 1, 8, 6))


def test_a_question_is_framed_by_what_is_given_and_what_is_suggested() -> None:
    framed = Boxes().framed("car 10,20 100x50 of 800x600", "(nothing) 200,10 40x40 of 800x600")
    assert framed == Frame(10, 10, 240, 70, 800, 600)
    assert Boxes().framed("nonsense", "") is None


CAR = "car 50,50 100x80 of 800x600"
DOG, SWAPPED = (f"{label} 400,300 100x80 of 800x600" for label in ("dog", "car"))


def asked(build: Callable[..., World], value: str) -> dict[str, Any]:
    """The review task about a swapped box on an item that shows `value`."""
    world = build(schema=SCHEMA)
    for n in range(20):
        world.item(f"right {n}", f"{CAR}\n{DOG}", **{CAR: 0.95, DOG: 0.95})
    world.item(value, f"{CAR}\n{SWAPPED}", **{CAR: 0.95, DOG: 0.95})
    return only_question(world)


def only_question(world: World) -> dict[str, Any]:
    world.settle()
    (task,) = world.review.held.values()
    return dict(task.item.data)


def test_a_question_carries_the_crop_of_its_picture(build: Callable[..., World]) -> None:
    crop = opened(asked(build, as_uri(picture()))[CROP])
    assert red_at(crop, WIDTH / 2, HEIGHT / 2)


def test_a_picture_within_an_items_data_is_shown_and_cut(build: Callable[..., World]) -> None:
    tag = ObjectTag("image", "Image", "photo.small")
    world = build(schema=replace(SCHEMA, objects=(tag,)))
    for n in range(21):
        data = {"photo": {"small": as_uri(picture()), "n": n}}
        item = world.server.add_item(world.source_id, data)
        world.server.annotate(world.source_id, item, f"{CAR}\n{DOG if n else SWAPPED}", "ann")
        world.server.predict(world.source_id, item, None, class_scores={CAR: 0.95, DOG: 0.95})
    task = only_question(world)
    assert task["photo.small"] == as_uri(picture())
    assert red_at(opened(task[CROP]), WIDTH / 2, HEIGHT / 2)


@pytest.mark.parametrize(
    "value",
    [
        as_uri(b"no picture"),
        as_uri(picture(kind="EPS")),
        "data:image/png;base64,%%%",
        "data:image/png,abc",
        "/no/such.png",
        "ftp://x/y",
    ],
)
def test_a_question_is_asked_all_the_same_where_the_picture_cannot_be_read(
    build: Callable[..., World], value: str
) -> None:
    task = asked(build, value)
    assert task["text"] == value
    assert CROP not in task


def test_the_page_shows_the_crop_or_nothing_and_old_projects_stay_as_they_are() -> None:
    codec, setup = LABEL_STUDIO["boxes"], ReviewSetup("key", "title", SCHEMA, 2, "")
    config = build(setup, codec)
    fields = tuple(str(one.value_name) for one in parsed(config).objects)
    assert fields == (CROP, "text")
    request = ReviewRequest("k", "b", "t", "c", {"text": "/a.png"}, (), CAR, 0.9, "m", "boxes", CAR, CAR, CAR)
    form = LabelStudioForm(fields, config)
    assert task_for(request, form, codec)["data"][CROP] == NO_CROP
    assert build(setup, codec, now=config) == config
    before = build(setup, codec, now="<View/>")
    assert CROP not in before
    assert build(setup, codec, now=before) == before
