"""Guideline questions: pairs of labels that call for a note."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select, update

from connector.model import GuidelineQuestion, Json, QuestionState
from connector.store.repositories.base import Repository
from connector.store.repositories.guidelines import Confused, Pair
from connector.store.tables import STANDING_QUESTION, guideline_questions

STANDING = (QuestionState.OPEN, QuestionState.ANSWERED)


class StoredQuestions(Repository):
    def ask(self, project_id: int, pair: Pair, confused: Confused, examples: Sequence[Json]) -> str | None:
        """Raise a question about two labels; its id, or None where one stands already."""
        question_id = str(uuid.uuid4())
        values = {
            "id": question_id,
            "project_id": project_id,
            "pair": _pair_key(pair),
            "first": pair[0],
            "second": pair[1],
            "state": QuestionState.OPEN.value,
            "confused": confused.moved,
            "ambiguous": confused.ambiguous,
            "examples": [dict(example) for example in examples],
            "created_at": self._now,
        }
        statement = self._insert(guideline_questions).values(values)
        statement = statement.on_conflict_do_nothing(
            index_elements=["project_id", "pair"], index_where=STANDING_QUESTION
        )
        result = self._connection.execute(statement.returning(guideline_questions.c.id))
        return result.scalar_one_or_none()

    def get(self, project_id: int, question_id: str) -> GuidelineQuestion | None:
        """One question; held in a transaction that may write."""
        query = select(guideline_questions).where(
            guideline_questions.c.id == question_id, guideline_questions.c.project_id == project_id
        )
        row = self._connection.execute(self._held(query, guideline_questions)).one_or_none()
        return None if row is None else _question(row)

    def listed(self, project_id: int, states: Sequence[QuestionState] = STANDING) -> list[GuidelineQuestion]:
        """Questions in these states, those about the most decisions first."""
        asked = guideline_questions.c
        query = (
            select(guideline_questions)
            .where(asked.project_id == project_id, asked.state.in_([state.value for state in states]))
            .order_by((asked.confused + asked.ambiguous).desc(), asked.created_at, asked.id)
        )
        return [_question(row) for row in self._connection.execute(query)]

    def open_count(self, project_id: int) -> int:
        query = select(func.count()).where(
            guideline_questions.c.project_id == project_id,
            guideline_questions.c.state == QuestionState.OPEN.value,
        )
        return int(self._connection.execute(query).scalar_one())

    def answered(self, question_id: str, note_id: str, by: str) -> None:
        self._set(
            guideline_questions.c.id == question_id,
            state=QuestionState.ANSWERED.value,
            note_id=note_id,
            answered_by=by,
            answered_at=self._now,
        )

    def reopened(self, note_id: str) -> None:
        """The note that answered a question was taken back before it was published."""
        self._set(
            and_(
                guideline_questions.c.note_id == note_id,
                guideline_questions.c.state == QuestionState.ANSWERED.value,
            ),
            state=QuestionState.OPEN.value,
            note_id=None,
            answered_by=None,
            answered_at=None,
        )

    def close(self, project_id: int, pairs: Mapping[Pair, str]) -> None:
        """The instructions tell these pairs apart now, by the note of that id."""
        for pair, note_id in pairs.items():
            self._set(
                and_(
                    guideline_questions.c.project_id == project_id,
                    guideline_questions.c.pair == _pair_key(pair),
                    STANDING_QUESTION,
                ),
                state=QuestionState.CLOSED.value,
                note_id=note_id,
                closed_at=self._now,
            )

    def _set(self, condition: ColumnElement[bool], **values: Any) -> None:
        self._connection.execute(update(guideline_questions).where(condition).values(**values))


def _pair_key(pair: Pair) -> str:
    return hashlib.sha256(json.dumps(pair).encode()).hexdigest()


def _question(row: Any) -> GuidelineQuestion:
    values = dict(row._mapping) | {"examples": tuple(row.examples)}  # noqa: SLF001 - SQLAlchemy's public accessor
    values.pop("pair")
    return GuidelineQuestion(**values)
