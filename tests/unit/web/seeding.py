"""A small project at every stage: three labels, one of them flagged, reviewed and corrected."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from connector.config.settings import ProjectSettings, SecretRef, Settings
from connector.model import (
    Annotation,
    Correction,
    CorrectionEvidence,
    CorrectionState,
    Decision,
    Disposition,
    DispositionKind,
    DispositionState,
    FlagEvidence,
    Issue,
    IssueKind,
    IssueState,
    Item,
    LabelSchema,
    LabelStatus,
    ObjectTag,
    Outcome,
    ReviewState,
    ReviewTask,
    ScanReport,
    ScanSummary,
    Vote,
    WriteMode,
)
from connector.model.findings import Finding, FindingKind
from connector.model.jobs import JobKind, NewJob
from connector.queue import SilentQueue
from connector.wiring import Services, build

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
TOKEN = "t" * 40
HOSTILE = "<script>alert(1)</script>"


class StoppedClock:
    def now(self) -> datetime:
        return NOW


def settings_in(folder: Path) -> Settings:
    (folder / "token").write_text(TOKEN)
    return Settings(
        data_dir=folder / "data",
        server={"api_token": SecretRef(file=folder / "token"), "max_body_bytes": 2000},
        projects={
            "cats": ProjectSettings(
                url="http://labels.example.org", project=7, token=SecretRef(file=folder / "token")
            )
        },
    )


def services_in(folder: Path) -> Services:
    return build(settings_in(folder), SilentQueue(), StoppedClock())


def seed(services: Services, issues: int = 1) -> None:
    """`issues` flagged items; the first one is decided and written back."""
    project = services.project("cats")
    schema = LabelSchema("kind", "photo", ("lynx", HOSTILE), (ObjectTag("photo", "Image", "photo"),))
    with services.store.begin() as unit:
        unit.projects.described(project.id, f"Cats {HOSTILE}", [schema], "9")
        unit.projects.set_review_project(
            project.id, "8", "http://labels.example.org/projects/8/data?labeling=1"
        )
        unit.items.apply(project.id, [_item(n) for n in range(1, issues + 3)])
        labelled = list(unit.items.labelled(project.id))[:issues]
        found = [
            Issue(
                id=f"issue-{n:03}",
                project_id=project.id,
                item_id=each.item_id,
                annotation_id=each.annotation_id,
                label_version=each.label_version,
                label_updated_at=NOW,
                kind=IssueKind.LABEL_ERROR,
                state=IssueState.OPEN,
                given="lynx",
                suggested=HOSTILE,
                quality=0.01,
                probability=0.98,
                rank=n // 3,
                method="prune_by_noise_rate",
                model_version="m1",
                scan_id="scan",
                evidence=FlagEvidence(near=(("lynx", 0.01),)),
            )
            for n, each in enumerate(labelled)
        ]
        unit.issues.add(found)
        unit.issues.add_scan(_scan(project.id))
    _settle(services, found[0])


def _settle(services: Services, issue: Issue) -> None:
    task = ReviewTask("key-1", issue.id, issue.project_id, ReviewState.DECIDED, "31", "b", False, 2, 2, {})
    vote = Vote("key-1", "51", "3", HOSTILE, (), None, NOW, NOW, False, "manual", True)
    with services.store.begin() as unit:
        unit.reviews.plan([task])
        unit.votes.save(vote)
        unit.votes.save(replace(vote, remote_id="52", reviewer="9", counted=False, reason="annotator"))
        unit.issues.set_state([issue.id], IssueState.ACCEPTED)
        unit.issues.decide(Decision("decision", issue.id, Outcome.ACCEPT, HOSTILE, "2 of 2", ("51",), NOW))
        unit.corrections.add(
            Correction(
                id="correction",
                project_id=issue.project_id,
                issue_id=issue.id,
                decision_id="decision",
                run_id="run",
                item_id=issue.item_id,
                annotation_id=issue.annotation_id,
                mode=WriteMode.GROUND_TRUTH,
                state=CorrectionState.APPLIED,
                given="lynx",
                label=HOSTILE,
                actor="secondlook",
                evidence=CorrectionEvidence(),
            )
        )


def kill_job(services: Services, error: str = "the platform refused") -> str:
    """A job that was given up."""
    project = services.project("cats")
    with services.store.begin() as unit:
        job_id = unit.enqueue(NewJob(JobKind.PUSH, project.id))
    assert job_id
    claim = services.store.claim(job_id)
    assert claim
    with services.store.begin() as unit:
        unit.jobs.bury(claim, error)
    return job_id


def _item(number: int) -> Item:
    annotation = Annotation(str(number + 100), "4", "lynx", LabelStatus.VALID, [], NOW, NOW)
    if number == 1:
        return Item(str(number), NOW, NOW, {"photo": "a.png"}, (annotation,))
    empty = replace(annotation, remote_id=str(number + 500), label=None, status=LabelStatus.EMPTY)
    return Item(str(number), NOW, NOW, {"photo": "b.png"}, (annotation, empty))


def _scan(project_id: int) -> ScanSummary:
    return ScanSummary(
        id="scan",
        project_id=project_id,
        started_at=NOW,
        finished_at=NOW,
        n_items=3,
        n_flagged=1,
        n_planned=1,
        n_suppressed=0,
        n_controls=0,
        method="prune_by_noise_rate",
        model_version="m1",
        skipped={"no_prediction": 2},
        warnings=("The predictions may not be out-of-sample.",),
    )


def seed_findings(services: Services) -> None:
    """A scan that found one overlap and, of seven outliers, listed two."""
    seed(services)
    project = services.project("cats")
    overlap = {"first": "lynx", "second": HOSTILE, "first_as_second": 3, "second_as_first": 4, "share": 0.1}
    with services.store.begin() as unit:
        scan = unit.issues.last_scan(project.id)
        assert scan is not None
        looked = {
            "findings": {"overlap": 1, "outlier": 7},
            "not_searched": {"disagreement": "one_answer"},
        }
        later = replace(
            scan, id="scan-with-findings", finished_at=NOW + timedelta(hours=1), report=ScanReport(**looked)
        )
        unit.issues.add_scan(later)
        items = list(unit.items.labelled(project.id))[:2]
        found = [(FindingKind.OVERLAP, None, f"lynx / {HOSTILE}", overlap)]
        far = {"times": 4.0, "by": "distance"}
        found += [(FindingKind.OUTLIER, each.item_id, each.remote_id, far) for each in items]
        unit.findings.replace(
            project.id,
            [
                Finding(f"finding-{n}", project.id, later.id, kind, item_id, subject, 0.5, facts)
                for n, (kind, item_id, subject, facts) in enumerate(found)
            ],
        )


def set_aside(services: Services) -> None:
    """The first issue's item stands on two lists, and was taken off a third."""
    seed(services)
    with services.store.begin() as unit:
        issue = unit.issues.get("issue-000")
        assert issue is not None
        common = (issue.project_id, issue.id, "decision", issue.item_id)
        unit.dispositions.add(
            [
                Disposition(str(kind), *common, kind, "ambiguous", (HOSTILE, "lynx"), state, NOW)
                for kind, state in (
                    (DispositionKind.MULTI_LABEL, DispositionState.OPEN),
                    (DispositionKind.GUIDELINE_QUESTION, DispositionState.OPEN),
                    (DispositionKind.EXCLUDE, DispositionState.WITHDRAWN),
                )
            ]
        )
