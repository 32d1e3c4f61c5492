"""From votes to notes, and from notes to what the instructions say. Pure."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence

from connector import wording
from connector.model import Decision, GuidelineNote, Issue, NoteState, Vote, label_pair
from connector.store.repositories.guidelines import Confused
from workers.label_types.base import LabelType

Pair = tuple[str, str]


def notes_of(kind: LabelType, issue: Issue, decision: Decision, votes: Sequence[Vote]) -> list[GuidelineNote]:
    """Drafts from what voters wrote who chose the label that was decided on.

    Where the given label was right, the note says why it is not the suggested one.
    """
    other = issue.suggested if decision.label == issue.given else issue.given
    if decision.label is None or decision.label == other:
        return []
    label, against = kind.told_apart(decision.label, other)
    return [
        GuidelineNote(
            id=str(uuid.uuid4()),
            project_id=issue.project_id,
            issue_id=issue.id,
            given=against,
            label=label,
            text=vote.note,
            author=vote.reviewer,
            state=NoteState.DRAFT.value,
            created_at=decision.decided_at,
        )
        for vote in votes
        if vote.note and kind.alike(vote.label or "", decision.label) and not vote.problems
    ]


def acceptable(
    notes: Sequence[GuidelineNote], accept_after: int, person_of: Callable[[str], str]
) -> list[GuidelineNote]:
    """Drafts about pairs of labels that enough people left a note about, whatever accounts they have."""
    authors: dict[Pair, set[str]] = {}
    for note in notes:
        authors.setdefault(note.pair, set()).add(person_of(note.author))
    return [
        note for note in notes if note.state == NoteState.DRAFT and len(authors[note.pair]) >= accept_after
    ]


def guidelines_of(
    notes: Sequence[GuidelineNote], confused: Mapping[Pair, int], most: int
) -> list[wording.Guideline]:
    """What the instructions say: at most `most` entries, those about the most confused labels first.

    Notes in the same words about the same two labels, the same way round, are one entry. The two
    directions of a pair stand together. Equal notes give equal entries, in whatever order they come.
    """
    by_pair: dict[tuple[str, str, str], list[GuidelineNote]] = {}
    for note in sorted(notes, key=lambda one: (one.created_at, one.id)):
        by_pair.setdefault((note.given, note.label, wording.note_text(note.text)), []).append(note)

    def place(key: tuple[str, str, str]) -> tuple[int, Pair, int, tuple[str, str, str]]:
        pair = label_pair(key[0], key[1])
        return -confused.get(pair, 0), pair, -len({note.author for note in by_pair[key]}), key

    return [wording.Guideline(*key, notes=tuple(by_pair[key])) for key in sorted(by_pair, key=place)[:most]]


def confused_names(
    kind: LabelType, confused: Mapping[Pair, Confused]
) -> dict[Pair, tuple[Confused, tuple[str, ...]]]:
    """What guidelines call confused labels → how often they were, and the labels meant."""
    result: dict[Pair, tuple[Confused, tuple[str, ...]]] = {}
    for (one, other), counts in confused.items():
        pair = label_pair(*kind.told_apart(one, other))
        before, labels = result.get(pair, (Confused(), ()))
        both = Confused(before.moved + counts.moved, before.ambiguous + counts.ambiguous)
        result[pair] = both, (*labels, one, other)
    return result


def guidelines_fact(project_id: int) -> str:
    """The fact that tells when confused pairs of labels were last looked for."""
    return f"guidelines_looked:{project_id}"
