"""A report as one HTML file that needs nothing else: no script, no style sheet, no network."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from connector.model import Json
from connector.wording import (
    day_text,
    guideline_effect,
    held_by_others,
    moment_text,
    note_text,
    number_of,
    one_line,
    report_headline,
)
from workers.report.validation import Chain, ValidationEntry, answer_text

NAME_CHARS = 60  # of a class or a person
CHUNK = 200  # pieces of the page that are joined before they are passed on


def html(
    figures: Json, entries: Iterator[ValidationEntry] | None = None, chain: Chain | None = None
) -> Iterator[str]:
    """The page in pieces; every value that somebody typed is escaped.

    `figures` is a report as stored. With `entries` the page holds the validation record, however long.
    """
    template = _environment().get_template("report.html")
    stream = template.stream(report=figures, headline=report_headline(figures), entries=entries, chain=chain)
    stream.enable_buffering(CHUNK)
    yield from stream


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("workers.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    filters: dict[str, Callable[..., str]] = {
        "share": lambda value: "–" if value is None else f"{value:.1%}",
        "plain": lambda value: "–" if value is None else f"{value:.3g}",
        "signed": lambda value: "–" if value is None else f"{value:+.3g}",
        "name": lambda text: one_line(str(text), NAME_CHARS),
        "note": note_text,
        "day": lambda text: day_text(_read(text)),
        "moment": lambda text: moment_text(_read(text)),
        "number_of": number_of,
        "effect": guideline_effect,
        "said": answer_text,
        "others": held_by_others,
        "json": _json,
    }
    environment.filters.update(filters)
    return environment


def _read(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _json(value: Any) -> str:
    return "–" if value is None else json.dumps(value, sort_keys=True, ensure_ascii=False)
