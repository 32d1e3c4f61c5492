from __future__ import annotations

import base64
import io
import zlib
from typing import Any

import numpy as np
import pytest
from PIL import Image

from workers.detect.predictions.errors import NoPredictions
from workers.detect.predictions.features import FeatureKind, detect, extract
from workers.detect.predictions.skipping import Skip


def data_uri(image: Image.Image, fmt: str = "PNG") -> str:
    stream = io.BytesIO()
    image.save(stream, fmt)
    return f"data:image/{fmt.lower()};base64,{base64.b64encode(stream.getvalue()).decode()}"


def grey(size: tuple[int, int] = (8, 8), shade: int = 128) -> str:
    return data_uri(Image.new("L", size, shade))


def reasons(items: list[Any], kind: FeatureKind | None = None) -> dict[int, Skip]:
    features = extract([{"x": item} for item in items], "x", kind)
    return {skip.index: skip.reason for skip in features.skipped}


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("a text", "text"),
        ([0.1, 2], "vector"),
        (grey(), "image"),
        ("https://host/cat.png", "text"),
        (None, "text"),
    ],
)
def test_the_kind_is_told_by_the_first_value(value: Any, kind: str) -> None:
    assert detect([{}, {"x": ""}, {"x": value}], "x") == kind


def test_texts_become_one_row_each_and_others_are_skipped_with_a_reason() -> None:
    items = [{"x": "red apple"}, {"x": " "}, {"x": 7}, {"y": "no"}, {"x": "green pear"}]
    features = extract(items, "x", FeatureKind.TEXT)
    assert features.rows.tolist() == [0, 4]
    assert features.matrix.shape[0] == len(features) == 2
    assert [(skip.index, skip.reason) for skip in features.skipped] == [
        (1, Skip.EMPTY),
        (2, Skip.NOT_TEXT),
        (3, Skip.MISSING),
    ]


def test_texts_without_words_in_common_still_share_pieces() -> None:
    features = extract([{"x": "walking"}, {"x": "talking"}], "x")
    assert (features.matrix[0] @ features.matrix[1].T).toarray()[0, 0] > 0


def test_texts_with_nothing_at_all_in_common_are_refused() -> None:
    with pytest.raises(NoPredictions, match="no term occurs"):
        extract([{"x": chr(0x4E00 + number)} for number in range(300)], "x")


def test_vectors_of_odd_length_or_content_are_skipped() -> None:
    found = reasons(
        [[1, 2], [3, 4.5], [1, 2, 3], [1, "2"], [1, float("nan")], [[1], [2]], [True, False], [10**400, 1]]
    )
    assert found == {2: Skip.WRONG_LENGTH} | dict.fromkeys(range(3, 8), Skip.NOT_NUMBERS)


def test_small_images_of_one_size_keep_their_pixels() -> None:
    pixels = np.arange(64, dtype=np.uint8).reshape(8, 8) * 4
    features = extract([{"x": data_uri(Image.fromarray(pixels))}, {"x": grey()}], "x")
    assert features.matrix.shape == (2, 64)
    assert features.matrix[0] == pytest.approx(pixels.ravel() / 255)


def test_images_of_different_sizes_are_brought_to_one() -> None:
    features = extract([{"x": grey((8, 8))}, {"x": grey((40, 20))}], "x")
    assert features.matrix.shape == (2, 256)
    assert features.matrix == pytest.approx(128 / 255, abs=1e-6)


def test_one_coloured_image_makes_all_coloured() -> None:
    red = data_uri(Image.new("RGB", (8, 8), (255, 0, 0)))
    features = extract([{"x": grey()}, {"x": red}], "x")
    assert features.matrix.shape == (2, 192)
    assert features.matrix[1][:3].tolist() == [1, 0, 0]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_usual_mode_is_read(mode: str) -> None:
    features = extract([{"x": data_uri(Image.new(mode, (8, 8)))}], "x")
    assert np.isfinite(features.matrix).all()
    assert 0 <= features.matrix.min() <= features.matrix.max() <= 1


def chunk(name: bytes, content: bytes) -> bytes:
    checksum = zlib.crc32(name + content).to_bytes(4, "big")
    return len(content).to_bytes(4, "big") + name + content + checksum


def bomb() -> str:
    """A PNG that claims 40,000 by 40,000 pixels in a few bytes."""
    head = (40_000).to_bytes(4, "big") * 2 + bytes([8, 0, 0, 0, 0])
    content = (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    )
    return "data:image/png;base64," + base64.b64encode(content).decode()


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("https://host/cat.png", Skip.NOT_INLINE),
        (17, Skip.NOT_AN_IMAGE),
        ("data:image/png;base64,AAAA", Skip.NOT_AN_IMAGE),
        ("data:image/png;base64,%%%", Skip.NOT_AN_IMAGE),
        (grey()[:80], Skip.NOT_AN_IMAGE),
        (bomb(), Skip.TOO_LARGE),
        (data_uri(Image.new("1", (2500, 2500))), Skip.TOO_LARGE),
    ],
)
def test_images_that_cannot_be_used_are_skipped_with_the_reason(value: Any, reason: Skip) -> None:
    assert reasons([grey(), value], FeatureKind.IMAGE) == {1: reason}


def test_no_usable_item_at_all_is_an_error_that_names_field_and_reasons() -> None:
    with pytest.raises(NoPredictions, match=r"x: no item can be used as image \(missing, not_inline\)"):
        extract([{"x": "https://host/cat.png"}, {}], "x", FeatureKind.IMAGE)
