"""How large a picture is, from its file's head; and folders that hold pictures."""

from __future__ import annotations

import warnings
from pathlib import Path

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
