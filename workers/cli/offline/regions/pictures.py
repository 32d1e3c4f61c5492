"""How large a picture is, from its file's head; folders that hold pictures, and their addresses."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from pathlib import Path, PurePath
from urllib.parse import parse_qs, urlsplit

from PIL import Image, UnidentifiedImageError

ENDINGS = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".tif", ".tiff", ".webp")
ORIENTATION, TURNED = 0x0112, range(5, 9)  # EXIF: the picture is shown on its side


def picture_of(stem: str, folders: list[Path]) -> Path | None:
    """The picture of that name in one of the folders."""
    for folder in folders:
        for ending in ENDINGS:
            for name in (f"{stem}{ending}", f"{stem}{ending.upper()}"):
                if (folder / name).is_file():
                    return folder / name
    return None


def address_among(values: Iterable[object]) -> str:
    """The address of an item's picture among its values: the first that ends as one, else the first text."""
    texts = [one for one in values if isinstance(one, str) and not one.startswith("data:")]
    named = (one for one in texts if file_of(one).suffix.lower() in ENDINGS)
    return next(named, texts[0] if texts else "")


def file_of(address: str) -> PurePath:
    """The file that an address names; Label Studio's local storage names it in `d`."""
    try:
        within = parse_qs(urlsplit(address).query).get("d", ())
    except ValueError:  # brackets that are no host
        within = ()
    return PurePath(within[0] if within else address.split("?", 1)[0])


def size_of(path: Path) -> tuple[float, float] | None:
    """Width and height in pixels as the picture is shown, upright by EXIF; None where it cannot be read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # nothing is decoded
            with Image.open(path) as picture:
                turned = picture.getexif().get(ORIENTATION) in TURNED
                width, height = picture.size
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError):
        return None
    return (float(height), float(width)) if turned else (float(width), float(height))
