"""What a person decides about guideline notes: accepted, reworded, withdrawn, or given as an answer."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from connector.errors import BadPayload, NotFound, Rejected
from connector.model import GuidelineNote, GuidelineQuestion, Json, NoteState, Project, QuestionState
from connector.model.jobs import JobKind
from connector.model.lanes import job
from connector.store.unit_of_work import UnitOfWork
from connector.wording import NOTE_CHARS, number_of


@dataclass(frozen=True, slots=True)
class NoteKeeper:
    """One person who decides about the notes of one project, in one transaction.

    Each change is audited and enqueues the job that carries it into the instructions.

    Raises
    ------
    Rejected
        On creation: adjudicators are named, and this person is none of them.
    BadPayload
        On creation: nobody is named. In each action: the words that were given cannot be published.
    """

    unit: UnitOfWork
    project: Project
    adjudicators: Sequence[str]
    by: str

    def __post_init__(self) -> None:
        if not self.by.strip():
            msg = "say who decides"
            raise BadPayload(msg)
        if self.adjudicators and self.by not in self.adjudicators:
            name = self.project.name
            raise Rejected(
                f"{self.by!r} is no adjudicator of {name!r}: projects.{name}.review.adjudicators names "
                f"{', '.join(self.adjudicators)}"
            )

    def accept(self, note_id: str, text: str | None = None) -> None:
        """Have a note published, a withdrawn one too; with other words where `text` gives them.

        Raises
        ------
        NotFound, Rejected
            There is no such note; it is accepted already.
        """
        note = get_note(self.unit, self.project, note_id)
        if note.state in (NoteState.ACCEPTED, NoteState.PUBLISHED) and text is None:
            raise Rejected(f"note {note_id} is {note.state} already")
        if text is not None:
            self._reword(note, text)
        self.unit.notes.accept([note_id], self.by)
        detail = {"given": note.given, "label": note.label, "text": text or note.text}
        self._record("guideline.accepted", note_id, detail)

    def reword(self, note_id: str, text: str) -> None:
        """Change the words of a note; NotFound where there is none."""
        self._reword(get_note(self.unit, self.project, note_id), text)
        self._publish()

    def withdraw(self, note_id: str) -> None:
        """Take a note back, out of the instructions too.

        Raises
        ------
        NotFound, Rejected
            There is no such note; it was withdrawn before.
        """
        get_note(self.unit, self.project, note_id)
        if not self.unit.notes.withdraw(note_id):
            raise Rejected(f"note {note_id} was withdrawn before")
        self.unit.questions.reopened(note_id)
        self._record("guideline.withdrawn", note_id, {})

    def answer(self, question_id: str, text: str, label: str | None = None) -> GuidelineNote:
        """Answer a question with a note, which is accepted; `label` is the one that the note explains.

        Raises
        ------
        NotFound, Rejected
            There is no such question; it is answered or closed already.
        """
        question = self.unit.questions.get(self.project.id, question_id)
        if question is None:
            raise NotFound(f"there is no question {question_id}")
        if question.state != QuestionState.OPEN:
            raise Rejected(f"question {question_id} is {question.state} already")
        note = self._note(question, _words(text), _explained(question, label))
        self.unit.notes.save(note)
        self.unit.notes.accept([note.id], self.by)
        self.unit.questions.answered(question_id, note.id, self.by)
        detail = {"given": note.given, "label": note.label, "text": note.text, "question": question_id}
        self._record("guideline.answered", note.id, detail)
        return note

    def _reword(self, note: GuidelineNote, text: str) -> None:
        words = _words(text)
        self.unit.notes.reword(note.id, words)
        detail = {"before": note.text, "after": words}
        self.unit.audit.append(self.by, "guideline.reworded", note.id, detail, self.project.name)

    def _record(self, action: str, note_id: str, detail: Json) -> None:
        self.unit.audit.append(self.by, action, note_id, detail, self.project.name)
        self._publish()

    def _publish(self) -> None:
        self.unit.enqueue(job(JobKind.GUIDELINES, self.project.id))

    def _note(self, question: GuidelineQuestion, text: str, label: str) -> GuidelineNote:
        return GuidelineNote(
            id=str(uuid.uuid4()),
            project_id=self.project.id,
            issue_id=None,
            given=question.first if label == question.second else question.second,
            label=label,
            text=text,
            author=self.by,
            state=NoteState.ACCEPTED.value,
            created_at=self.unit.now,
            question_id=question.id,
        )


def get_note(unit: UnitOfWork, project: Project, note_id: str) -> GuidelineNote:
    """One note of a project; NotFound where there is none."""
    note = unit.notes.get(project.id, note_id)
    if note is None:
        raise NotFound(f"project {project.name!r} has no note {note_id}")
    return note


def _words(text: str) -> str:
    if not text.strip():
        msg = "a note needs words"
        raise BadPayload(msg)
    if len(text) > NOTE_CHARS:
        msg = (
            f"{number_of(len(text), 'character is', 'characters are')} too many for the "
            f"instructions; {NOTE_CHARS} are shown"
        )
        raise BadPayload(msg)
    return text.strip()


def _explained(question: GuidelineQuestion, label: str | None) -> str:
    """The label of the pair that an answer speaks for: the one named, else the one decided most often."""
    pair = (question.first, question.second)
    if label is not None and label not in pair:
        msg = f"label: the question is about {question.first!r} and {question.second!r}"
        raise BadPayload(msg)
    decided: Sequence[str | None] = [example["decided"] for example in question.examples]
    return label or max(pair, key=decided.count)
