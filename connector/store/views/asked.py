"""Of each item that a question was ever asked about: where the last one stands, for who may see it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from connector.model import IssueState
from connector.store.tables import issues
from connector.store.unit_of_work import UnitOfWork
from connector.store.views.secrecy import Sight, is_shown, shown_state

NOBODYS = Sight(secrets=False)
ACTIVE = (IssueState.OPEN.value, IssueState.IN_REVIEW.value, IssueState.SUPPRESSED.value)


@dataclass(frozen=True, slots=True)
class AskedItem:
    """`state_seen` and `hidden` (the label) are for those who do not see open questions; doubt is 0..1."""

    state: str
    state_seen: str
    doubt: float
    hidden: bool


def asked_items(unit: UnitOfWork, project_id: int) -> dict[int, AskedItem]:
    """By our id of the item; an open question counts before one that is over, a later one before others."""
    query = select(
        issues.c.item_id, issues.c.state, issues.c.kind, issues.c.quality, issues.c.created_at
    ).where(issues.c.project_id == project_id)
    rows = sorted(unit.connection.execute(query).all(), key=lambda row: (row.state in ACTIVE, row.created_at))
    result: dict[int, AskedItem] = {}
    for row in rows:
        before = result.get(row.item_id)
        hidden = not is_shown(row.state, row.kind, NOBODYS) or (before is not None and before.hidden)
        if row.state == IssueState.STALE.value and before is not None:
            result[row.item_id] = AskedItem(before.state, before.state_seen, before.doubt, hidden)
            continue
        seen = shown_state(row.state, row.kind)
        result[row.item_id] = AskedItem(row.state, seen, 1.0 - min(1.0, max(0.0, row.quality)), hidden)
    return result
