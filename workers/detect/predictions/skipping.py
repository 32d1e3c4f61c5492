"""Items that a model cannot use, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Skip(StrEnum):
    MISSING = "missing"  # the field is not in the item's data
    EMPTY = "empty"  # it is there, and holds nothing
    NOT_TEXT = "not_text"
    NOT_NUMBERS = "not_numbers"  # something other than a flat list of finite numbers
    WRONG_LENGTH = "wrong_length"  # a vector of another length than most
    NOT_INLINE = "not_inline"  # an image by address: only data URIs are read
    NOT_AN_IMAGE = "not_an_image"  # a data URI that does not decode
    TOO_LARGE = "too_large"  # more pixels than a small image has


@dataclass(frozen=True, slots=True)
class Skipped:
    """One item left out: its position in the list given, and the reason."""

    index: int
    reason: Skip
