"""The managed part of the instructions for annotators, and the questions that call for a note."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from connector.model import GuidelineNote, Json, LabelSchema
from connector.model.item_data import value_at
from connector.wording.text import day_text, listing, number_of, one_line, quoted

NOTE_CHARS = 500  # longest note shown in the guidelines
EXAMPLE_CHARS = 80  # of an example item's text


@dataclass(frozen=True, slots=True)
class Guideline:
    """One entry of the instructions: notes in the same words about the same two labels."""

    given: str
    label: str
    text: str
    notes: tuple[GuidelineNote, ...]  # oldest first
    examples: tuple[str, ...] = ()


def note_text(text: str) -> str:
    """A note as it is published."""
    return one_line(text, NOTE_CHARS)


def guideline_block(entries: Sequence[Guideline], names: Mapping[str, str]) -> str:
    """The managed part of a project's instructions, as HTML; empty without entries.

    Only tags that Label Studio keeps: it strips most attributes, and shows what is left as it is.
    """
    if not entries:
        return ""
    lines = "".join(f"<li>{_entry(entry, names)}</li>" for entry in entries)
    return f"<h3>Notes from reviews</h3><ul class='list-disc pl-6'>{lines}</ul>"


def _entry(entry: Guideline, names: Mapping[str, str]) -> str:
    authors = listing(sorted({_author(note, names) for note in entry.notes}))
    latest = max(note.created_at for note in entry.notes)
    text = (
        f"<b>{escape(one_line(entry.label))}</b>, not <b>{escape(one_line(entry.given))}</b>: "
        f"{escape(entry.text)} ({escape(authors)}, {day_text(latest)})"
    )
    if not entry.examples:
        return text
    return f"{text}<br>For example {escape(listing(entry.examples))}"


def example_item(remote_id: str, data: Json, schema: LabelSchema | None) -> str:
    """An item as people find it again: its number, and its text where it has one that can be read."""
    text = next((value_at(data, tag.field) for tag in schema.objects), None) if schema else None
    item = f"item {one_line(remote_id)}"
    if not isinstance(text, str) or not text.strip() or "://" in text or text.startswith(("data:", "/")):
        return item  # a picture or a recording
    return f"{item}: “{one_line(text, EXAMPLE_CHARS)}”"


def guideline_question(first: str, second: str, confused: int, ambiguous: int) -> str:
    """Why somebody should write a note about two labels."""
    result = []
    if confused:
        result.append(f"moved {number_of(confused, 'item')} between {quoted(first)} and {quoted(second)}")
    if ambiguous:
        result.append(f"could not tell them apart for {number_of(ambiguous, 'item')}")
    if not confused:
        result = [f"could not tell {quoted(first)} from {quoted(second)} for {number_of(ambiguous, 'item')}"]
    return f"Reviewers {listing(result)}, and no guideline says how to tell. What should annotators look at?"


def guideline_instance(item: str, given: str, decided: str | None, suggested: str) -> str:
    """One decided item as an example of a question."""
    if decided is None:
        return f"{item}: labeled {quoted(given)}, perhaps {quoted(suggested)}; reviewers could not decide"
    return f"{item}: labeled {quoted(given)}, decided as {quoted(decided)}"


def accepted_by_rule(reviewers: int) -> str:
    """Who accepted a note that nobody looked at."""
    return f"rule: correction applied, notes of {number_of(reviewers, 'reviewer')} about the pair wanted"


def _author(note: GuidelineNote, names: Mapping[str, str]) -> str:
    """What annotators call who wrote it; of an e-mail address only the part before the @ is published.

    A reviewer is known by the platform's number; who answered a question of ours gave a name.
    """
    unnamed = note.author if note.issue_id is None else f"reviewer {note.author}"
    return one_line(names.get(note.author, unnamed).split("@", 1)[0])
