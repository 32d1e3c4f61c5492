"""A report from what stands in the store: counts come summed from the database, votes as a stream."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from connector.config.project import ProjectSettings
from connector.model import Audit, IssueKind, NoteState, Project, QuestionState, ScanReport, ScanSummary
from connector.store.unit_of_work import UnitOfWork
from connector.store.views import figures
from connector.store.views.figures import CastVote, ReviewerCount
from connector.wording import left_out_texts, reason_texts
from workers.label_types.registry import kind_of
from workers.report.agreement import agreement
from workers.report.compare import compared
from workers.report.effects import effects
from workers.report.shapes import (
    SCHEMA,
    Agreement,
    Comparison,
    Occasion,
    Remaining,
    Report,
    ReportedAgreement,
    ReportedClassChange,
    ReportedCorrections,
    ReportedGuidelines,
    ReportedHarm,
    ReportedLabels,
    ReportedModel,
    ReportedMove,
    ReportedQuestion,
    ReportedReviewer,
    ReportedReviews,
    ReportRecord,
    number,
    numbers,
)
from workers.review.quality.class_names import (
    counts_by_class,
    gained_and_lost,
    labels_by_class,
    moves_by_class,
)
from workers.review.quality.conclusions import alarms
from workers.review.quality.figures import QualityFigures, flag_count, flags_by, rate
from workers.review.quality.figures import figures as quality_figures

MOST_QUESTIONS = 100


@dataclass(frozen=True, slots=True)
class Asked:
    """What a report is about, and why it is made."""

    project: Project
    settings: ProjectSettings
    at: datetime
    trigger: str
    reason: str
    since: datetime | None = None
    fresh: bool = True


def report(unit: UnitOfWork, asked: Asked, previous: Audit | None) -> Report:
    """Everything that is known now, set against the report before."""
    project_id = asked.project.id
    scan = unit.issues.last_scan(project_id)
    names = unit.projects.annotator_names(project_id)
    quality = quality_figures(unit, asked.project, asked.settings.quality)
    votes = persons(figures.cast_votes(unit, project_id, asked.since), asked.settings)
    result = Report(
        schema=SCHEMA,
        occasion=_occasion(unit, asked),
        judged=_judged(unit, asked, scan),
        model=_model(scan),
        reviews=_reviews(unit, asked),
        remaining=_remaining(quality),
        harm=ReportedHarm(quality.harm, list(reason_texts(alarms(quality, asked.settings.quality)))),
        agreement=_named(agreement(votes, asked.project.schema), names),
        corrections=_corrections(unit, asked),
        guidelines=_guidelines(unit, project_id),
        reviewers=_reviewers(unit, asked, names),
        comparison=Comparison(None, None, []),
        record=ReportRecord(*unit.audit.head()),
    )
    return replace(result, comparison=compared(result, previous, asked.settings.audits))


def _occasion(unit: UnitOfWork, asked: Asked) -> Occasion:
    project = asked.project
    return Occasion(
        project=project.name,
        title=unit.projects.title(project.id),
        platform=project.platform,
        url=project.url,
        at=asked.at.isoformat(),
        since=None if asked.since is None else asked.since.isoformat(),
        trigger=asked.trigger,
        reason=asked.reason,
    )


def _judged(unit: UnitOfWork, asked: Asked, scan: ScanSummary | None) -> ReportedLabels:
    return ReportedLabels(
        scan=scan.id if scan else None,
        at=scan.finished_at.isoformat() if scan else None,
        items=unit.items.count(asked.project.id),
        judged=scan.n_items if scan else 0,
        flagged=scan.n_flagged if scan else 0,
        held_back=scan.n_suppressed if scan else 0,
        controls=scan.n_controls if scan else 0,
        method=scan.method if scan else None,
        skipped=left_out_texts(scan.skipped if scan else {}),
        findings={kind.value: n for kind, n in unit.findings.counts(asked.project.id).items()},
        warnings=list(reason_texts(scan.warnings)) if scan else [],
        fresh=asked.fresh,
    )


def _model(scan: ScanSummary | None) -> ReportedModel:
    model = scan.report if scan else ScanReport()
    return ReportedModel(
        version=scan.model_version if scan else None,
        accuracy=number(model.accuracy),
        log_loss=number(model.log_loss),
        calibration_error=number(model.expected_calibration_error),
        by_class=numbers(model.accuracy_by_class),
        out_of_sample=model.out_of_sample,
    )


# --- reviews -----------------------------------------------------------------------------------


def _reviews(unit: UnitOfWork, asked: Asked) -> ReportedReviews:
    counts = figures.issue_counts(unit, asked.project.id, asked.since)
    asked_about = [one for one in counts if one.kind not in (IssueKind.CONTROL, IssueKind.GOLDEN)]
    flags = [one for one in asked_about if one.kind == IssueKind.LABEL_ERROR]
    states = Counter[str]()
    for one in asked_about:
        states[one.state] += one.n
    return ReportedReviews(
        issues=dict(sorted(states.items())),
        set_aside={kind.value: n for kind, n in unit.dispositions.counts(asked.project.id).items()},
        flags=flag_count("all", flags),
        by_class=list(flags_by(counts_by_class(kind_of(asked.project.schema), flags), "given")),
        by_method=list(flags_by(flags, "method")),
    )


def _remaining(quality: QualityFigures) -> Remaining:
    return Remaining(
        controls=quality.controls,
        unresolved=quality.controls_unresolved,
        highest=quality.remaining_high,
        target=quality.target,
        clean_enough=quality.clean_enough,
        likely=quality.remaining,
        highest_at_any_look=quality.remaining_high_anytime,
        controls_needed=quality.controls_needed,
    )


# --- people ------------------------------------------------------------------------------------


def persons(cast: Iterator[CastVote], settings: ProjectSettings) -> Iterator[CastVote]:
    """Votes of persons: two accounts of one person are one reviewer."""
    return (replace(vote, reviewer=settings.reviewers.person_of(vote.reviewer)) for vote in cast)


def _named(agreement: Agreement, names: Mapping[str, str]) -> Agreement:
    pairs = [
        ReportedAgreement(
            names.get(each.first, each.first),
            names.get(each.second, each.second),
            each.shared,
            each.agreed,
            each.kappa,
        )
        for each in agreement.by_pair
    ]
    return replace(agreement, by_pair=pairs)


def _reviewers(unit: UnitOfWork, asked: Asked, names: Mapping[str, str]) -> list[ReportedReviewer]:
    known = unit.people.latest(asked.project.id)
    rows: list[ReportedReviewer] = []
    for one in _by_person(figures.reviewer_counts(unit, asked.project.id, asked.since), asked.settings):
        person = known.get(one.reviewer)
        rows.append(
            ReportedReviewer(
                reviewer=one.reviewer,
                name=names.get(one.reviewer, one.reviewer),
                votes=one.votes,
                agreed=rate(one.agreed, one.decided),
                reliability=person.mean if person else None,
                reliability_low=person.low if person else None,
                reliability_high=person.high if person else None,
                weight=person.weight if person else None,
                last_at=one.last_at.isoformat() if one.last_at else None,
            )
        )
    return rows


def _by_person(counts: Sequence[ReviewerCount], settings: ProjectSettings) -> list[ReviewerCount]:
    """Two accounts of one person are one reviewer; the busiest first."""
    result: dict[str, ReviewerCount] = {}
    for one in counts:
        person = settings.reviewers.person_of(one.reviewer)
        before = result.get(person, ReviewerCount(person, 0, 0, 0, None))
        result[person] = ReviewerCount(
            person,
            before.votes + one.votes,
            before.decided + one.decided,
            before.agreed + one.agreed,
            max(filter(None, (before.last_at, one.last_at)), default=None),
        )
    return sorted(result.values(), key=lambda one: (-one.votes, one.reviewer))


# --- corrections and guidelines ----------------------------------------------------------------


def _corrections(unit: UnitOfWork, asked: Asked) -> ReportedCorrections:
    project_id = asked.project.id
    moves = figures.moved(unit, project_id, since=asked.since)
    kind = kind_of(asked.project.schema)
    gained, lost = gained_and_lost(kind, moves)
    now = labels_by_class(kind, unit.items.label_counts(project_id))
    names = sorted({*gained, *lost, *(asked.project.schema.classes if asked.project.schema else ())})
    return ReportedCorrections(
        by_state=figures.correction_counts(unit, project_id, asked.since),
        moved=[ReportedMove(one.given, one.label, one.n) for one in moves_by_class(kind, moves)],
        classes=[ReportedClassChange(name, gained[name], lost[name], now.get(name, 0)) for name in names],
        held_by_others=unit.corrections.held_by_others(project_id),
    )


def _guidelines(unit: UnitOfWork, project_id: int) -> ReportedGuidelines:
    version = unit.guidelines.last_version(project_id)
    asked = unit.questions.listed(project_id, list(QuestionState))[:MOST_QUESTIONS]
    counts = unit.notes.counts(project_id)
    return ReportedGuidelines(
        notes={state.value: counts[state.value] for state in NoteState if counts.get(state.value)},
        version=version.number if version else None,
        published_at=version.at.isoformat() if version else None,
        hash=version.hash if version else None,
        effects=effects(unit, project_id),
        questions=[
            ReportedQuestion(
                one.first, one.second, one.state, one.confused, one.ambiguous, one.created_at.isoformat()
            )
            for one in asked
        ],
    )
