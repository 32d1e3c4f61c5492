"""What may be shown to whom. A reviewer who can look up an open question does not answer it.

Whoever is no operator of a project sees, of a question that is not settled, the item and the state alone:
no suggestion, probability, vote, rank or evidence, and nothing that follows from these, such as an order or
a filter. Never shown to them is which questions are controls, blind or about golden items: a golden question
looks as if it waited, for as long as it is stored. Pages, API and exports read through this module alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Select, and_, exists, false, not_, or_, select

from connector.model import IssueKind, IssueState, ReviewState
from connector.model.access import AccessRole, Principal
from connector.store.tables import issues, projects, review_tasks

View = TypeVar("View")  # one of the read models beside this file, which all read through here

SETTLED = (IssueState.ACCEPTED.value, IssueState.REJECTED.value, IssueState.UNRESOLVED.value)
WAITING = IssueState.IN_REVIEW.value
# When a question was made tells a golden one from the others: those are made beside a task that is pushed.
OF_AN_ISSUE = (
    *("kind", "given", "suggested", "probability", "quality", "rank", "method", "model_version"),
    *("reason", "outcome", "decided_label", "review", "correction", "created_at", "updated_at"),
)
MARKS = ("blind", "options", "neighbours")  # of neighbours it would tell labels that may be asked about
OF_A_REVIEW = ("blind", "overlap", "votes", "votes_counted", "issue_kind", "created_at", "pushed_at")


@dataclass(frozen=True, slots=True)
class Sight:
    """How much is seen: of which projects (None: all), and whether what is secret too."""

    projects: frozenset[str] | None = None
    secrets: bool = True

    def readable(self, query: Select[Any]) -> Select[Any]:
        """The query, over rows of projects that may be read; it must join `projects`."""
        return query if self.projects is None else query.where(projects.c.name.in_(sorted(self.projects)))

    def reads(self, project: str) -> bool:
        return self.projects is None or project in self.projects


EVERYTHING = Sight()


def sight_of(principal: Principal, project: str | None = None) -> Sight:
    """What somebody sees of one project, or of all that they may read at once.

    Over several projects secrets are shown only to those who may see them in each: an order or a cursor
    over all rows would tell of the others.
    """
    readable = principal.projects
    if project is not None:
        mine = principal.may(AccessRole.VIEWER, project)
        return Sight(frozenset({project} if mine else ()), principal.may(AccessRole.OPERATOR, project))
    everywhere = principal.may(AccessRole.OPERATOR)
    named = readable is not None and all(principal.may(AccessRole.OPERATOR, each) for each in readable)
    return Sight(readable, everywhere or named)


# --- in the database -------------------------------------------------------------------------------


def is_settled() -> ColumnElement[bool]:
    """Whether an issue's question is over, so that all of it may be shown."""
    return and_(issues.c.state.in_(SETTLED), issues.c.kind != IssueKind.GOLDEN.value)


def is_shown(state: str, kind: str | None, sight: Sight) -> bool:
    """Whether all of a question in this state may be shown."""
    return sight.secrets or (state in SETTLED and kind != IssueKind.GOLDEN.value)


def in_seen_state(sight: Sight, state: str) -> ColumnElement[bool]:
    """Issues that are shown in a state, as a condition that an index answers."""
    if sight.secrets:
        return issues.c.state == state
    if state == IssueState.MEASURED.value:
        return false()
    stored = (state, IssueState.MEASURED.value) if state == WAITING else (state,)
    return issues.c.state.in_(stored)


def in_seen_states(sight: Sight, states: Sequence[str]) -> ColumnElement[bool]:
    """The same for any of several states."""
    return or_(*(in_seen_state(sight, state) for state in states))


def in_seen_review_state(sight: Sight, state: ReviewState) -> ColumnElement[bool]:
    """Review tasks that are shown in a state: one about a golden item waits, though it was answered."""
    stored = review_tasks.c.state == state.value
    if sight.secrets:
        return stored
    golden = issues.c.kind == IssueKind.GOLDEN.value
    answered = and_(golden, review_tasks.c.state == ReviewState.DECIDED.value)
    return or_(stored, answered) if state is ReviewState.PUSHED else and_(stored, not_(answered))


def of_settled_items(item_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Rows about items of which no question is open; and rows about no item."""
    asked = exists(select(issues.c.id).where(issues.c.item_id == item_id, not_(is_settled())))
    return or_(item_id.is_(None), not_(asked))


# --- of what was read ------------------------------------------------------------------------------


def seen_issue(view: View, sight: Sight) -> View:
    """An IssueView as it may be shown."""
    result: Any = view
    if sight.secrets:
        return view
    if is_shown(result.state, result.kind, sight):
        return _with(view, kind=None, rank=None, evidence=_without_marks(result.evidence))
    state = shown_state(result.state, result.kind)
    return _with(view, state=state, evidence={}, **dict.fromkeys(OF_AN_ISSUE))


def seen_review(view: View, sight: Sight) -> View:
    """A ReviewView as it may be shown."""
    result: Any = view
    if sight.secrets:
        return view
    golden = result.issue_kind == IssueKind.GOLDEN.value
    if result.issue_state in SETTLED and not golden:
        return _with(view, blind=None, issue_kind=None)
    answered = golden and result.state == ReviewState.DECIDED.value
    state = ReviewState.PUSHED.value if answered else result.state
    issue_state = shown_state(result.issue_state, result.issue_kind)
    return _with(view, state=state, issue_state=issue_state, **dict.fromkeys(OF_A_REVIEW))


def seen_project(view: View, sight: Sight) -> View:
    """A ProjectView without the counts that tell golden questions from others."""
    result: Any = view
    if sight.secrets:
        return view
    counts: dict[str, int] = {}
    for state, n in result.issues.items():
        counts[shown_state(state)] = counts.get(shown_state(state), 0) + n
    return _with(view, issues=counts)


def seen_reviewers(view: View, sight: Sight) -> View:
    """A ReviewersView without what rises when a golden question is answered: that would tell of it."""
    result: Any = view
    if sight.secrets:
        return view
    people = tuple(_with(one, golden=None, golden_right=None) for one in result.people)
    return _with(view, people=people, golden=None, golden_doubted=None)


def _with(view: View, **values: Any) -> View:
    changed: Any = view
    shown: View = replace(changed, **values)
    return shown


def shown_state(state: str, kind: str | None = None) -> str:
    """The state that is shown of a question to who may not see secrets."""
    golden = kind == IssueKind.GOLDEN.value and state in SETTLED
    return WAITING if golden or state == IssueState.MEASURED.value else state


def _without_marks(evidence: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in evidence.items() if name not in MARKS}
