"""Sheets for people to read: one HTML file that needs nothing else, or Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from connector import wording
from workers.people.feedback.sheet import Sheet

MARKS = re.compile(r"([\\`*_{}\[\]<>()#+\-!|~&])")


def html(sheets: Sequence[Sheet], now: datetime) -> str:
    """The sheets as a page; what somebody typed is escaped."""
    return (
        _environment()
        .get_template("feedback.html")
        .render(sheets=sheets, now=now, nothing=wording.feedback_no_confusions())
    )


def markdown(sheets: Sequence[Sheet]) -> str:
    """The sheets as Markdown; what somebody typed formats nothing."""
    return "\n".join(line for sheet in sheets for line in _lines(sheet))


def _lines(sheet: Sheet) -> list[str]:
    lines = [f"# {_plain(sheet.title)}", "", _plain(sheet.opening), ""]
    if sheet.trend:
        lines += [_plain(sheet.trend), ""]
    if sheet.decided and not sheet.confusions:
        lines += [_plain(wording.feedback_no_confusions()), ""]
    for one in sheet.confusions:
        lines += [f"## {_plain(one.said)}", ""]
        lines += [f"> {_plain(text)}\n" for text in one.guidelines]
        if one.without_guideline:
            lines += [_plain(one.without_guideline), ""]
        lines += [*(f"- {_plain(example.shown)}" for example in one.examples), ""]
    return lines


def _plain(text: str) -> str:
    return MARKS.sub(r"\\\1", text)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("workers.people.feedback"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["day"] = wording.day_text
    return environment
