"""Where a problem that reviewers agreed on leads. Pure."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from connector.model import (
    Decision,
    Disposition,
    DispositionKind,
    DispositionState,
    Issue,
    Problem,
    Vote,
)

# Who cannot tell has said nothing of the item: that question goes to another person.
LEADS_TO: dict[str, tuple[DispositionKind, ...]] = {
    Problem.SEVERAL_FIT.value: (DispositionKind.MULTI_LABEL,),
    Problem.AMBIGUOUS.value: (DispositionKind.MULTI_LABEL, DispositionKind.GUIDELINE_QUESTION),
    Problem.NONE_FITS.value: (DispositionKind.EXCLUDE,),
    Problem.BAD_DATA.value: (DispositionKind.EXCLUDE,),
}


def dispositions_of(
    issue: Issue, decision: Decision, votes: Sequence[Vote], problem: str | None
) -> list[Disposition]:
    """The lists that an item goes to, by the problem that was agreed on; none without one."""
    named = tuple(sorted({vote.label for vote in votes if vote.label is not None}))
    pair = tuple(sorted({issue.given, issue.suggested}))
    return [
        Disposition(
            id=str(uuid.uuid4()),
            project_id=issue.project_id,
            issue_id=issue.id,
            decision_id=decision.id,
            item_id=issue.item_id,
            kind=kind,
            problem=problem or "",
            labels=pair if kind is DispositionKind.GUIDELINE_QUESTION else named,
            state=DispositionState.OPEN,
            decided_at=decision.decided_at,
        )
        for kind in LEADS_TO.get(problem or "", ())
    ]
