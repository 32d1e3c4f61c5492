"""Turn votes into decisions, and decisions into corrections."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence

from connector import wording
from connector.jobs import JobKind
from connector.model import (
    Correction,
    CorrectionState,
    Decision,
    GuidelineNote,
    Issue,
    IssueState,
    LabelledItem,
    Outcome,
    ReviewState,
    ReviewTask,
    Vote,
    WriteMode,
)
from connector.store.unit_of_work import UnitOfWork
from workers.absorb import release_stale_issues
from workers.consensus.quorum import QuorumPolicy, QuorumVote, Verdict, decide
from workers.context import Context, Summary
from workers.counting import submitted_without_counting
from workers.plan import job

AT_ONCE = 200

STATES = {
    Outcome.ACCEPT: IssueState.ACCEPTED,
    Outcome.REJECT: IssueState.REJECTED,
    Outcome.UNRESOLVED: IssueState.UNRESOLVED,
}


def handle(context: Context) -> Summary:
    outcomes: Counter[str] = Counter()
    run_id = context.job.id  # corrections of one run can be reverted together
    while True:
        with context.begin() as unit:
            tasks = unit.reviews.undecided(context.project.id, AT_ONCE)
            for task in tasks:
                outcomes[_look_at(context, unit, task, run_id)] += 1
        if not tasks:
            return {"run": run_id, **outcomes}


def _look_at(context: Context, unit: UnitOfWork, task: ReviewTask, run_id: str) -> str:
    """Decide one review task if its votes suffice; what came of it."""
    unit.reviews.looked_at(task.key)
    issue = unit.issues.get(task.issue_id)
    if issue is None or issue.state is not IssueState.IN_REVIEW or task.state is not ReviewState.PUSHED:
        return "late"
    votes = unit.votes.of([task.key])[task.key]
    verdict = decide(_ballot(votes), issue.given, _policy(context))
    outcome = Outcome(verdict.outcome.value)
    if outcome in STATES:
        return _settle(context, unit, task, issue, votes, verdict, run_id)
    wanted = verdict.wanted_votes + submitted_without_counting(votes)
    if wanted > task.overlap:
        unit.reviews.want_overlap(task.key, wanted)
        unit.enqueue(job(JobKind.PUSH, context.project.id))
        detail = {"votes": len(votes), "wanted": wanted}
        unit.audit.append("secondlook", f"review.{outcome.value}", issue.id, detail, context.project.name)
    return outcome.value


def _ballot(votes: Sequence[Vote]) -> list[QuorumVote]:
    return [
        QuorumVote(vote.reviewer, vote.label, tuple(problem.value for problem in vote.problems))
        for vote in votes
        if vote.counted
    ]


def _said(vote: Vote) -> list[str]:
    return [problem.value for problem in vote.problems] or [vote.label or ""]


def _policy(context: Context) -> QuorumPolicy:
    review = context.settings.review
    return QuorumPolicy(review.quorum, review.max_votes, frozenset(review.adjudicators))


def _settle(
    context: Context,
    unit: UnitOfWork,
    task: ReviewTask,
    issue: Issue,
    votes: Sequence[Vote],
    verdict: Verdict,
    run_id: str,
) -> str:
    outcome = Outcome(verdict.outcome.value)
    current = next(iter(unit.items.labelled(issue.project_id, [issue.item_id])), None)
    if current is None or current.label != issue.given:
        release_stale_issues(unit, context.project, [issue.item_id])
        return "stale"
    counted = [vote for vote in votes if vote.counted]
    said = [one for vote in counted for one in _said(vote)]
    decision = Decision(
        id=str(uuid.uuid4()),
        issue_id=issue.id,
        outcome=outcome,
        label=verdict.label,
        reason=wording.decision_reason(verdict.reason.value, said, verdict.label, issue.given),
        votes=tuple(vote.remote_id for vote in counted),
        decided_at=unit.now,
    )
    unit.issues.decide(decision)
    unit.issues.set_state([issue.id], STATES[outcome], decision.reason)
    unit.reviews.set_state([task.key], ReviewState.DECIDED)
    detail = {"label": decision.label, "reason": decision.reason, "votes": list(decision.votes)}
    unit.audit.append("secondlook", f"decision.{outcome.value}", issue.id, detail, context.project.name)
    if outcome is Outcome.ACCEPT:
        _correct(context, unit, issue, decision, counted, current, run_id)
    unit.enqueue(job(JobKind.PUSH, context.project.id))  # a place in the queue is free
    return outcome.value


def _correct(
    context: Context,
    unit: UnitOfWork,
    issue: Issue,
    decision: Decision,
    votes: Sequence[Vote],
    current: LabelledItem,
    run_id: str,
) -> None:
    """Store the correction with all its evidence, and the notes of those who voted for it."""
    mode = context.settings.writeback.mode
    dry = mode is WriteMode.DRY_RUN
    correction = Correction(
        id=str(uuid.uuid4()),
        project_id=issue.project_id,
        issue_id=issue.id,
        decision_id=decision.id,
        run_id=run_id,
        item_id=issue.item_id,
        annotation_id=current.annotation_id,
        mode=mode,
        state=CorrectionState.DRY_RUN if dry else CorrectionState.PENDING,
        given=issue.given,
        label=decision.label or "",
        actor="secondlook",
        evidence=_evidence(issue, votes),
    )
    unit.corrections.add(correction)
    detail = {"given": correction.given, "label": correction.label, "mode": mode.value, "run": run_id}
    unit.audit.append("secondlook", "correction.planned", correction.id, detail, context.project.name)
    for vote in votes:
        if vote.note and vote.label == decision.label and not vote.problems:
            unit.notes.save(_note(issue, decision, vote))
    if not dry:
        payload = {"correction": correction.id}
        unit.enqueue(job(JobKind.WRITEBACK, issue.project_id, payload))


def _evidence(issue: Issue, votes: Sequence[Vote]) -> dict[str, object]:
    return {
        "issue_kind": issue.kind.value,
        "method": issue.method,
        "model_version": issue.model_version,
        "suggested": issue.suggested,
        "probability": issue.probability,
        "quality": issue.quality,
        "scan": issue.scan_id,
        "votes": [
            {
                "reviewer": vote.reviewer,
                "label": vote.label,
                "problems": [problem.value for problem in vote.problems],
                "blind": vote.blind,
                "origin": vote.origin,
                "answer": vote.remote_id,
            }
            for vote in votes
        ],
    }


def _note(issue: Issue, decision: Decision, vote: Vote) -> GuidelineNote:
    return GuidelineNote(
        id=str(uuid.uuid4()),
        project_id=issue.project_id,
        issue_id=issue.id,
        given=issue.given,
        label=decision.label or "",
        text=vote.note or "",
        author=vote.reviewer,
        state="accepted",
        created_at=decision.decided_at,
    )
