"""Small images, given as data URIs, as pixels of one size."""

from __future__ import annotations

import base64
import binascii
import io
import re
import urllib.parse
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from workers.detect.predictions.skipping import Skip

SIDE = 16  # pixels; images are brought to this size unless all are smaller and alike
MOST_PIXELS = 4_000_000  # larger ones are not small images, and cost memory to decode
GREY_MODES = frozenset({"1", "L", "LA", "I", "I;16", "F"})
_DATA_URI = re.compile(r"data:image/[\w.+-]+(;[\w=-]+)*,", re.ASCII)


def is_image_uri(value: Any) -> bool:
    """Whether the value is an image given in place."""
    return isinstance(value, str) and _DATA_URI.match(value) is not None


def usable_image(value: Any) -> Image.Image | Skip:
    """The decoded image, or why it cannot be used."""
    if not is_image_uri(value):
        return Skip.NOT_INLINE if isinstance(value, str) else Skip.NOT_AN_IMAGE
    try:
        return _decoded(_payload(value))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return Skip.TOO_LARGE
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, MemoryError):
        return Skip.NOT_AN_IMAGE  # what Pillow's decoders raise for files cut short or made up


def _payload(uri: str) -> bytes:
    head, _, body = uri.partition(",")
    if not head.endswith(";base64"):
        return urllib.parse.unquote_to_bytes(body)
    try:
        return base64.b64decode("".join(body.split()), validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error


def _decoded(content: bytes) -> Image.Image | Skip:
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        image = Image.open(io.BytesIO(content))
    if image.width * image.height > MOST_PIXELS:
        return Skip.TOO_LARGE
    image.load()
    return image


@dataclass(frozen=True, slots=True)
class Shape:
    """What all images are brought to: "L" (grey) or "RGB", and (width, height) in pixels."""

    mode: str
    size: tuple[int, int]


def usual_shape(images: Sequence[Image.Image]) -> Shape:
    """Grey if all images are. The own size is kept where all share one of at most 16 x 16 pixels."""
    mode = "L" if all(image.mode in GREY_MODES for image in images) else "RGB"
    sizes = {image.size for image in images}
    size = sizes.pop() if len(sizes) == 1 else (SIDE, SIDE)
    return Shape(mode, size if max(size) <= SIDE else (SIDE, SIDE))


def pixels(image: Image.Image, shape: Shape) -> NDArray[np.float64]:
    """Brightness (or red, green, blue) of each pixel, 0..1: (pixels or 3 x pixels,)."""
    if image.mode in {"I", "I;16", "F"}:  # convert() would clip 16 bits at 255
        values = np.asarray(image, dtype=np.float64)
        image = Image.fromarray((255 * values / max(1.0, float(values.max()))).astype(np.uint8))
    plain = image.convert("RGBA").convert(shape.mode) if image.mode == "P" else image.convert(shape.mode)
    if plain.size != shape.size:
        plain = plain.resize(shape.size, Image.Resampling.BOX)
    return np.asarray(plain, dtype=np.float64).ravel() / 255
