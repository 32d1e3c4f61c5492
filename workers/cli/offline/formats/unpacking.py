"""Packed files: gzip, bzip2, xz, and a ZIP archive of one file."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable
from pathlib import PurePosixPath

from workers.cli.offline.errors import BadFile

PACKINGS: dict[bytes, tuple[str, Callable[[bytes], bytes]]] = {
    b"\x1f\x8b": ("gzip", gzip.decompress),
    b"BZh": ("bzip2", bz2.decompress),
    b"\xfd7zXZ\0": ("xz", lzma.decompress),
}
PACKED = (".gz", ".bz2", ".xz", ".zip")
ZIP = b"PK\x03\x04"
WORKBOOK = "[Content_Types].xml"  # an .xlsx is a ZIP archive with this in it
LARGEST = 1 << 32  # bytes of the file within; more is no file of labels
SHOWN = 4  # files named in a message
REMEDY = "Pack or download it again"


def unpacked(content: bytes, name: str, argument: str) -> tuple[bytes, str]:
    """The bytes within, and the name of the file that they are; both as they were where nothing is packed."""
    if content.startswith(ZIP):
        return _of_archive(content, name, argument)
    packing = next((packing for mark, packing in PACKINGS.items() if content.startswith(mark)), None)
    if packing is None:
        return content, name
    kind, unpack = packing
    try:
        return unpack(content), name
    except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError) as error:
        raise BadFile(f"its {kind} packing is damaged ({error})", argument=argument, remedy=REMEDY) from error


def _of_archive(content: bytes, name: str, argument: str) -> tuple[bytes, str]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if WORKBOOK in archive.namelist():
                return content, name
            files = [each for each in archive.infolist() if not each.is_dir() and not _is_of_system(each)]
            if len(files) != 1:
                raise _not_one(files, argument)
            if files[0].file_size > LARGEST:
                problem = f"'{files[0].filename}' in it is larger than 4 GB"
                raise BadFile(problem, argument=argument, remedy="Unpack it, and give a part of it")
            return archive.read(files[0]), files[0].filename
    except zipfile.BadZipFile:
        return content, name  # reported as a broken workbook
    except (RuntimeError, NotImplementedError, OSError, EOFError, ValueError, zlib.error) as error:
        problem = f"its ZIP packing cannot be opened ({error})"
        raise BadFile(problem, argument=argument, remedy="Unpack it, and give the file within") from error


def _not_one(files: list[zipfile.ZipInfo], argument: str) -> BadFile:
    named = ", ".join(f"'{each.filename}'" for each in files[:SHOWN]) or "nothing"
    more = f" and {len(files) - SHOWN} more" if len(files) > SHOWN else ""
    remedy = "Unpack it, and give the file within" + (", or the folder" if files else "")
    return BadFile(f"it is a ZIP archive with {named}{more}", argument=argument, remedy=remedy)


def _is_of_system(file: zipfile.ZipInfo) -> bool:
    """What file managers put beside the data: __MACOSX/, .DS_Store."""
    parts = PurePosixPath(file.filename).parts
    return "__MACOSX" in parts or parts[-1].startswith(".")
