"""One item of a file, and what is left out of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connector.model import LabelStatus


@dataclass(frozen=True, slots=True)
class Record:
    """One item with the label it carries. `place` says where in the file it stands, for people."""

    id: str
    place: str
    data: Mapping[str, Any]
    label: str
    annotator: str | None
    answers: tuple[tuple[str | None, str], ...]  # (annotator, label) of all valid answers
    at: float = math.nan  # when the label was given, in seconds; NaN where that is not known
    times: tuple[float, ...] = ()  # the same of each answer; empty where none is known
    scores: Mapping[str, float] | None = None  # what the file's own model predicts, where it does
    corrected: bool = False  # whether the label is a correction of ours, which reviewers decided


@dataclass(frozen=True, slots=True)
class LeftOut:
    """An item, or an answer of one, that is not judged, and why.

    `status` is what the service calls an annotation like this; None where it is no fault of the label.
    """

    place: str
    reason: str
    status: LabelStatus | None = None


def person(value: Any) -> str | None:
    """Who: a name or number, or an object with an address."""
    if isinstance(value, Mapping):
        value = value.get("email") or value.get("username") or value.get("id")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    return str(value).strip() or None
