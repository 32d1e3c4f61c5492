"""Votes that changed after a decision: recorded always, and the decision reopened where they overturn it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

from connector import wording
from connector.model import CorrectionState, Decision, IssueState
from connector.model.jobs import JobKind
from connector.model.lanes import job
from connector.model.reasons import REOPENED, NotReopened, NotWritten, coded, decoded
from connector.store.unit_of_work import UnitOfWork
from workers.context import Context
from workers.decide.settling import answers_of
from workers.decide.verdicts import Case, DecisionRules

# A correction that a decision still asks for is taken back by nobody but a person.
TAKEN_BACK = (CorrectionState.REVERTED, CorrectionState.REVERTING)


def reopen_if_overturned(context: Context, rules: DecisionRules, unit: UnitOfWork, case: Case) -> Case | None:
    """The case to be decided anew, or None where the decision stands.

    It is reopened at most `review.reopen_limit` times by votes; once more it goes to an adjudicator, whose
    answer is final. What stands in the way of a reopening is said in the audit log.
    """
    decision = unit.issues.decision(case.issue.id)
    if decision is None or _only_confirmed(case, decision):
        return None
    if rules.weigh(case, unit.now).confirms(decision, _problem_of(unit, decision)):
        return None
    obstacle = _obstacle(context, rules, unit, case, decision)
    if obstacle is not None:
        detail = {"decision": decision.id, "reason": wording.reason_text(obstacle)}
        unit.audit.append("secondlook", "decision.upheld", case.issue.id, detail, context.project.name)
        return None
    return _reopen(context, unit, case, decision, escalated=case.reopened >= rules.reopen_limit)


def _only_confirmed(case: Case, decision: Decision) -> bool:
    """Whether all answers that bore the decision still are given, and whatever came since says the same.

    Then it stands whatever the rules or the trust in people have become meanwhile.
    """
    known = decoded(decision.reason)
    if known is None:
        return False
    before: Counter[str] = Counter(known[1].get("votes", ()))
    now = Counter(answer for vote in case.counted for answer in answers_of(vote))
    agree = set(now) == {decision.label} and now.total() >= before.total()
    return agree or (not before - now and set(now - before) <= {decision.label})


def _problem_of(unit: UnitOfWork, decision: Decision) -> str | None:
    """The problem that led to the decision, where it put the item on a list."""
    listed = unit.dispositions.of_issue(decision.issue_id)
    return next((one.problem for one in listed if one.decision_id == decision.id and one.problem), None)


def _obstacle(
    context: Context, rules: DecisionRules, unit: UnitOfWork, case: Case, decision: Decision
) -> NotReopened | None:
    if unit.now - decision.decided_at > timedelta(days=context.settings.review.reopen_days):
        return NotReopened.TOO_LATE
    most = rules.reopen_limit + bool(rules.policy.adjudicators)
    if case.reopened >= most:
        return NotReopened.REOPENED_ENOUGH
    if any(
        one.decision_id == decision.id and one.state in TAKEN_BACK
        for one in unit.corrections.all_of_issue(case.issue.id)
    ):
        return NotReopened.REVERTED_BY_HAND
    others = unit.issues.active(case.issue.project_id, [case.issue.item_id])
    if any((one.control, one.place) == (case.issue.control, case.issue.place) for one in others):
        return NotReopened.OTHER_QUESTION
    return None if case.asks_about_the_label else NotReopened.LABEL_CHANGED


def _reopen(context: Context, unit: UnitOfWork, case: Case, decision: Decision, *, escalated: bool) -> Case:
    """Take the decision off: its question is open again. What is written stays until it is decided anew."""
    issue, project = case.issue, context.project
    votes = [one for vote in case.counted for one in answers_of(vote)]
    reason = coded(REOPENED, was=decision.reason, votes=votes)
    unit.issues.supersede(decision.id)
    unit.issues.set_state([issue.id], IssueState.IN_REVIEW, reason)
    unit.label_events.note([issue.id])
    unit.reviews.reopen(case.task.key)
    if escalated:
        unit.reviews.escalate(case.task.key)
    unit.dispositions.withdraw_of_issue(issue.id)
    if unit.notes.withdraw_of_issue(issue.id):
        unit.enqueue(job(JobKind.GUIDELINES, project.id))
    detail = {
        "decision": decision.id,
        "outcome": decision.outcome.value,
        "reason": wording.reason_text(reason),
    }
    unit.audit.append("secondlook", "decision.reopened", issue.id, detail, project.name)
    for correction in unit.corrections.all_of_issue(issue.id):
        if unit.corrections.cancel(correction.id, NotWritten.DECISION_WITHDRAWN):
            cause = {"reason": wording.reason_text(NotWritten.DECISION_WITHDRAWN)}
            unit.audit.append("secondlook", "correction.cancelled", correction.id, cause, project.name)
    task = replace(
        case.task, asked_at=unit.now, escalated_at=unit.now if escalated else case.task.escalated_at
    )
    standing = unit.corrections.standing([issue.id]).get(issue.id)
    return replace(case, task=task, standing=standing, reopened=case.reopened + 1)
