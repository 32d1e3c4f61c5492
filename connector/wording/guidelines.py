"""The managed part of the instructions for annotators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from connector.model import GuidelineNote
from connector.wording.text import listing, one_line

NOTE_CHARS = 500  # longest note shown in the guidelines


def guideline_block(notes: Sequence[GuidelineNote], names: Mapping[str, str]) -> str:
    """The managed part of a project's instructions, as HTML; empty without notes.

    A note that several reviewers left in the same words stands once, with the latest date. Equal notes
    give equal text, in whatever order they come.
    """
    if not notes:
        return ""
    said: dict[tuple[str, str, str], list[GuidelineNote]] = {}
    for note in sorted(notes, key=lambda one: (one.given, one.label, one.created_at, one.author)):
        said.setdefault((note.given, note.label, one_line(note.text, NOTE_CHARS)), []).append(note)
    parts = ["<h3>Notes from reviews</h3>", "<ul class='list-disc pl-6'>"]
    for (given, label, text), same in said.items():
        authors = listing(sorted({_first_name(note.author, names) for note in same}))
        parts.append(
            f"<li><b>{escape(one_line(label))}</b>, not <b>{escape(one_line(given))}</b>: "
            f"{escape(text)} ({escape(authors)}, {same[-1].created_at:%Y-%m-%d})</li>"
        )
    return "".join([*parts, "</ul>"])


def _first_name(author: str, names: Mapping[str, str]) -> str:
    """What annotators call a reviewer; of an e-mail address only the part before the @ is published."""
    return one_line(names.get(author, f"reviewer {author}").split("@", 1)[0])
