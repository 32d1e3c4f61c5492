"""Carry out a verdict: the decision is stored, and what follows from it planned in the same transaction."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from connector import wording
from connector.model import (
    Correction,
    CorrectionEvidence,
    CorrectionState,
    Decision,
    Issue,
    IssueState,
    Outcome,
    ReviewState,
    Vote,
    WriteMode,
)
from connector.model.jobs import JobKind
from connector.model.lanes import job
from connector.model.reasons import coded
from connector.store.unit_of_work import UnitOfWork
from workers.context import Context
from workers.decide.dispositions import dispositions_of
from workers.decide.verdicts import Case, WeighedVerdict
from workers.label_types.registry import kind_of
from workers.review.quality.fairness import loses_too_much
from workers.review.release import release_stale_issues
from workers.write_back.notes import notes_of

STATES = {
    Outcome.ACCEPT: IssueState.ACCEPTED,
    Outcome.REJECT: IssueState.REJECTED,
    Outcome.UNRESOLVED: IssueState.UNRESOLVED,
}


def settle(context: Context, unit: UnitOfWork, case: Case, judged: WeighedVerdict, run_id: str) -> str:
    """Decide the issue as the verdict says; what came of it."""
    issue, verdict = case.issue, judged.verdict
    if not case.asks_about_the_label:
        release_stale_issues(unit, context.project, [issue.item_id])
        return "stale"
    decision = _decision(unit, case, judged)
    unit.issues.decide(decision)
    unit.issues.set_state([issue.id], STATES[decision.outcome], decision.reason)
    unit.label_events.note([issue.id])
    unit.reviews.set_state([case.task.key], ReviewState.DECIDED)
    detail = {
        "label": decision.label,
        "reason": wording.reason_text(decision.reason),
        "votes": list(decision.votes),
        "probability": None if decision.probability is None else round(decision.probability, 4),
    }
    unit.audit.append(
        "secondlook", f"decision.{decision.outcome.value}", issue.id, detail, context.project.name
    )
    for note in notes_of(kind_of(context.project.schema), issue, decision, case.counted):
        unit.notes.save(note)
    unit.dispositions.add(dispositions_of(issue, decision, case.counted, verdict.problem))
    _carry_out(context, unit, case, decision, run_id, hold=judged.held)
    unit.enqueue(job(JobKind.PUSH, context.project.id))  # a place in the queue is free
    return decision.outcome.value


def _decision(unit: UnitOfWork, case: Case, judged: WeighedVerdict) -> Decision:
    verdict = judged.verdict
    answers = [one for vote in case.counted for one in answers_of(vote)]
    return Decision(
        id=str(uuid.uuid4()),
        issue_id=case.issue.id,
        outcome=Outcome(verdict.outcome.value),
        label=verdict.label,
        reason=coded(
            verdict.reason.value,
            votes=answers,
            label=verdict.label,
            given=case.issue.given,
            probability=judged.probability,
        ),
        votes=tuple(vote.remote_id for vote in case.counted),
        decided_at=unit.now,
        probability=judged.probability,
    )


def answers_of(vote: Vote) -> list[str]:
    """What a vote counts for, in words."""
    return [problem.value for problem in vote.problems] or [vote.label or ""]


def _carry_out(
    context: Context, unit: UnitOfWork, case: Case, decision: Decision, run_id: str, *, hold: bool
) -> None:
    """What is written already stays if it is what was decided; else it is taken back first."""
    standing = case.standing
    if standing is not None:
        keeps = decision.outcome is Outcome.ACCEPT and decision.label == standing.label
        if keeps and standing.state is not CorrectionState.REVERTING:
            unit.corrections.adopt(standing.id, decision.id)
            return
        _take_back(context, unit, standing, decision)
    if decision.outcome is Outcome.ACCEPT:
        _correct(context, unit, case, decision, run_id, hold=hold)


def _take_back(context: Context, unit: UnitOfWork, standing: Correction, decision: Decision) -> None:
    """Ask for the revert. What is just being written is taken back by whoever writes it."""
    detail = {"decision": decision.id, "reason": wording.reason_text(decision.reason)}
    unit.audit.append("secondlook", "correction.revert_asked", standing.id, detail, context.project.name)
    if standing.state is CorrectionState.APPLIED:
        unit.corrections.set_state(standing.id, CorrectionState.REVERTING)
        unit.enqueue(job(JobKind.REVERT, context.project.id, {"correction": standing.id}))


def _correction_id(unit: UnitOfWork, issue: Issue, decision: Decision) -> str:
    """The marker of what is written: the same when our database was restored and the same is decided anew."""
    number = len(unit.corrections.all_of_issue(issue.id))
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{issue.id}/{number}/{decision.label}"))


def _correct(
    context: Context, unit: UnitOfWork, case: Case, decision: Decision, run_id: str, *, hold: bool
) -> None:
    """Store the correction with all its evidence."""
    issue, mode = case.issue, _mode(context)
    correction = Correction(
        id=_correction_id(unit, issue, decision),
        project_id=issue.project_id,
        issue_id=issue.id,
        decision_id=decision.id,
        run_id=run_id,
        item_id=issue.item_id,
        annotation_id=_annotation_to_correct(case),
        mode=mode,
        state=_first_state(context, unit, case, mode, hold=hold),
        given=issue.given,
        label=decision.label or "",
        actor="secondlook",
        evidence=_evidence(issue, decision, case.counted),
    )
    unit.corrections.add(correction)
    detail = {"given": correction.given, "label": correction.label, "mode": mode.value, "run": run_id}
    held = correction.state is CorrectionState.HELD
    action = "correction.held" if held else "correction.planned"
    unit.audit.append("secondlook", action, correction.id, detail, context.project.name)
    if correction.state is CorrectionState.PENDING:
        unit.enqueue(job(JobKind.WRITEBACK, issue.project_id, {"correction": correction.id}))


def _mode(context: Context) -> WriteMode:
    """As the settings say, else as is usual for the label type."""
    chosen = context.settings.writeback
    if "mode" in chosen.model_fields_set:
        return chosen.mode
    return kind_of(context.project.schema).write_mode(context.settings.platform)


def _annotation_to_correct(case: Case) -> int:
    """The one that carries the given label, which comes back when the standing correction is taken back."""
    if case.standing is not None:
        return case.standing.annotation_id
    return case.issue.annotation_id if case.current is None else case.current.annotation_id


def _first_state(
    context: Context, unit: UnitOfWork, case: Case, mode: WriteMode, *, hold: bool
) -> CorrectionState:
    settings = context.settings
    if mode is WriteMode.DRY_RUN:
        return CorrectionState.DRY_RUN
    # A rule for classes, where the label is one: a set of classes or a number has no size of its own.
    classes = kind_of(context.project.schema).classes(case.issue.given)
    quality = settings.quality
    if hold or any(loses_too_much(unit, context.project, one, settings.policy, quality) for one in classes):
        return CorrectionState.HELD
    return CorrectionState.PENDING if case.standing is None else CorrectionState.WAITING


def _evidence(issue: Issue, decision: Decision, votes: Sequence[Vote]) -> CorrectionEvidence:
    return CorrectionEvidence(
        issue_kind=issue.kind.value,
        method=issue.method,
        model_version=issue.model_version,
        suggested=issue.suggested,
        probability=issue.probability,
        quality=issue.quality,
        scan=issue.scan_id,
        decided_probability=decision.probability,
        votes=tuple(
            {
                "reviewer": vote.reviewer,
                "label": vote.label,
                "problems": [problem.value for problem in vote.problems],
                "blind": vote.blind,
                "origin": vote.origin,
                "answer": vote.remote_id,
            }
            for vote in votes
        ),
    )
