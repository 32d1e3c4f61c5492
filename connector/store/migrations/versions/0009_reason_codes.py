"""Reasons as codes: what was stored as a sentence is translated where it is one of ours.

Sentences with something in them (a tally, a name, a platform's message) stay: they are shown as they are.
The audit log is left alone; it says what was said.
"""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

# Copies of the sentences of that version: they must not follow what is worded later.
ISSUES: Mapping[str, str] = {
    "waits for a free place in the review queue": "budget",
    "its class has reached the cap of flags": "class_cap",
    "its class has too few examples to be judged": "rare_class",
    "the model's own guess is the given label": "no_alternative",
    "a later scan no longer flags it": "no_longer_flagged",
    "the label changed before a decision": "label_changed",
    "the item or its annotation was deleted before a decision": "item_gone",
    "its class is not in the labelling config any more": "class_gone",
    "the review task was deleted on the platform": "task_gone",
}
VOTES: Mapping[str, str] = {
    "the reviewer labeled this item before": "own_label",
    "someone else edited this answer": "edited",
    "skipped": "skipped",
    "the same reviewer answered again later": "superseded",
    "the same person answered later from another account": "other_account",
    "neither a label nor a problem was chosen": "no_answer",
    "the label is not among the project's classes": "unknown_label",
}
CORRECTIONS: Mapping[str, str] = {
    "the decision behind it was reopened before it was written": "decision_withdrawn",
    "the correction before it could not be taken back: see there why": "not_taken_back",
}


def upgrade() -> None:
    _translate("issues", "reason", ISSUES)
    _translate("votes", "reason", VOTES)
    _translate("corrections", "error", CORRECTIONS)


def _translate(table: str, column: str, codes: Mapping[str, str]) -> None:
    """In one pass over the table: there may be as many issues as labels that look wrong."""
    target = sa.table(table, sa.column(column, sa.Text()))
    stored = target.c[column]
    op.execute(
        sa.update(target)
        .where(stored.in_(list(codes)))
        .values({column: sa.case(codes, value=stored, else_=stored)})
    )
