"""Turn votes into decisions; what follows from them is stored with them."""

from __future__ import annotations

from collections import Counter

from connector.model import IssueKind, IssueState, Outcome, ReviewState, ReviewTask
from connector.model.jobs import JobKind
from connector.model.lanes import job
from connector.store.unit_of_work import UnitOfWork
from workers.consensus.quorum import Reason
from workers.context import Context, Summary
from workers.decide.reopening import reopen_if_overturned
from workers.decide.settling import STATES, settle
from workers.decide.verdicts import Case, DecisionRules, WeighedVerdict, case_of, rules_for
from workers.review.golden import close_if_answered
from workers.review.quality.conclusions import keep as keep_quality
from workers.review.quality.controls import wants_controls
from workers.review.room import room_for
from workers.review.votes import submitted_without_counting

AT_ONCE = 200
LATE = "late"
DECIDED = frozenset(STATES.values())


def handle(context: Context) -> Summary:
    outcomes: Counter[str] = Counter()
    run_id = context.job.id  # corrections of one run can be reverted together
    with context.begin() as unit:
        rules = rules_for(context, unit)
    while True:
        with context.begin() as unit:
            tasks = unit.reviews.undecided(context.project.id, AT_ONCE)
            for task in tasks:
                outcomes[_decide_one(context, rules, unit, task, run_id)] += 1
            if not tasks:
                _conclude(context, unit)
        if not tasks:
            return {"run": run_id, **outcomes}


def _conclude(context: Context, unit: UnitOfWork) -> None:
    """Keep the figures, open what there is room for; where only controls are left a scan draws them."""
    project = context.project
    figures = keep_quality(unit, project, context.settings.quality)
    if room_for(unit, project, context.settings.policy) and unit.issues.waiting_for_budget(project.id, 1):
        unit.enqueue(job(JobKind.PUSH, project.id))
    nothing_open = unit.reviews.open_count(project.id) == 0
    if nothing_open and wants_controls(figures, context.settings):
        unit.enqueue(job(JobKind.SCAN, project.id))


def _decide_one(
    context: Context, rules: DecisionRules, unit: UnitOfWork, task: ReviewTask, run_id: str
) -> str:
    """Decide one review task if its votes suffice; what came of it."""
    unit.reviews.note_weighed(task.key)
    issue = unit.issues.get(task.issue_id)
    if issue is None:
        return LATE
    asked = task.state is ReviewState.PUSHED and issue.state is IssueState.IN_REVIEW
    if issue.kind is IssueKind.GOLDEN:
        return close_if_answered(unit, context.project, context.settings, task, issue) if asked else LATE
    decided = task.state is ReviewState.DECIDED and issue.state in DECIDED
    if not (asked or decided):
        return LATE
    case: Case | None = case_of(unit, task, issue, rules)
    if decided and case is not None:
        case = reopen_if_overturned(context, rules, unit, case)
    if case is None:
        return LATE
    judged = rules.weigh(case, unit.now)
    if Outcome(judged.verdict.outcome.value) in STATES:
        return settle(context, unit, case, judged, run_id)
    return _ask_on(context, unit, case, judged)


def _ask_on(context: Context, unit: UnitOfWork, case: Case, judged: WeighedVerdict) -> str:
    """Ask one more person, or an adjudicator, unless that was done before."""
    task, verdict = case.task, judged.verdict
    outcome = Outcome(verdict.outcome.value)
    # Answers about one's own label are among the wanted ones where they count for something.
    others = [vote for vote in case.votes if vote not in case.counted]
    wanted = verdict.wanted_votes + submitted_without_counting(others)
    escalates = outcome is Outcome.ESCALATE and task.escalated_at is None
    if escalates:
        unit.reviews.escalate(task.key)
    if wanted > task.overlap:
        # Only votes beyond the usual ones have to wait for their turn.
        extra = outcome is Outcome.ASK_MORE and verdict.reason is not Reason.TOO_FEW_VOTES
        unit.overlaps.want(task.key, wanted, judged.score if extra else None)
        unit.enqueue(job(JobKind.PUSH, context.project.id))
    if escalates or wanted > task.overlap:
        detail = {"votes": len(case.votes), "wanted": wanted, "reason": verdict.reason.value}
        action = f"review.{outcome.value}"
        unit.audit.append("secondlook", action, case.issue.id, detail, context.project.name)
    return outcome.value
