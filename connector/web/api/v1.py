"""The JSON API: what is stored, read only, in pages."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from connector.config.settings import PROJECT_NAME
from connector.errors import NO_PROJECT, NotFound
from connector.model import CorrectionState, DispositionKind, IssueState, Project, ReviewState
from connector.model.access import AccessRole, Principal
from connector.model.findings import FindingKind
from connector.model.jobs import JobState
from connector.store.unit_of_work import UnitOfWork
from connector.store.views import dispositions, findings, guidance, loop
from connector.store.views.dispositions import DispositionView
from connector.store.views.findings import FindingView, LookedView
from connector.store.views.guidance import AuditView, GuidelinesView
from connector.store.views.loop import CorrectionView, IssueView, JobView, ProjectView, ReviewView
from connector.store.views.paging import Slice
from connector.store.views.people import ReviewersView, reviewers_views
from connector.store.views.secrecy import seen_issue, sight_of
from connector.web.access import Asking, Running, principal, require

MOST_ROWS = 1000

router = APIRouter(
    prefix="/api/v1",
    dependencies=[Depends(principal)],
    responses={
        400: {"description": "What was sent cannot be read: said in words"},
        401: {"description": "No valid token"},
        403: {"description": "The role that is missing is named"},
        404: {"description": "There is no such thing, or not for who asks"},
        503: {"description": "The database does not answer"},
    },
)

ProjectFilter = Annotated[str | None, Query(pattern=f"^{PROJECT_NAME.pattern}$", description="One project.")]
Limit = Annotated[int, Query(ge=1, le=MOST_ROWS, description="Most rows of this page.")]
After = Annotated[str | None, Query(max_length=500, description="`next` of the page before.")]


@router.get("/projects", tags=["projects"])
def list_projects(services: Running, who: Asking) -> list[ProjectView]:
    with services.store.read() as unit:
        return loop.project_views(unit, sight=sight_of(who))


@router.get("/projects/{name}", tags=["projects"])
def get_project(name: str, services: Running, who: Asking) -> ProjectView:
    if PROJECT_NAME.fullmatch(name):
        with services.store.read() as unit:
            for view in loop.project_views(unit, name, sight_of(who, name)):
                return view
    raise NotFound(NO_PROJECT)


@router.get("/projects/{name}/reviewers", tags=["projects"])
def get_reviewers(name: str, services: Running, who: Asking) -> ReviewersView:
    """What is known of the people who review and label, as last measured."""
    with services.store.read() as unit:
        sight = sight_of(who, name)
        for view in reviewers_views(unit, services.settings.projects, name, sight).values():
            return view
    raise NotFound(NO_PROJECT)


@router.get("/projects/{name}/audits", tags=["projects"])
def list_audits(name: str, services: Running, who: Asking) -> list[AuditView]:
    """Dated reports, the latest first."""
    with services.store.read() as unit:
        return guidance.audit_views(unit, _stored(unit, name, who))


@router.get("/projects/{name}/audits/{audit_id}", tags=["projects"])
def get_audit(name: str, audit_id: str, services: Running, who: Asking) -> dict[str, Any]:
    """One dated report; its schema is docs/report.schema.json."""
    with services.store.read() as unit:
        project = _stored(unit, name, who)
        result = guidance.audit_figures(unit, project, audit_id) if audit_id.isprintable() else None
    if result is None:
        msg = "there is no such report"
        raise NotFound(msg)
    return dict(result)


@router.get("/projects/{name}/guidelines", tags=["projects"])
def get_guidelines(name: str, services: Running, who: Asking) -> GuidelinesView:
    """Notes of reviewers in every state, and the questions that wait for one."""
    with services.store.read() as unit:
        return guidance.guidelines_view(unit, _stored(unit, name, who))


def _stored(unit: UnitOfWork, name: str, who: Principal) -> Project:
    if not (PROJECT_NAME.fullmatch(name) and who.may(AccessRole.VIEWER, name)):
        raise NotFound(NO_PROJECT)
    return unit.projects.existing(name)


@router.get("/issues", tags=["issues"])
def list_issues(
    services: Running,
    who: Asking,
    project: ProjectFilter = None,
    state: IssueState | None = None,
    limit: Limit = 100,
    after: After = None,
) -> Slice[IssueView]:
    """Issues, the most suspicious first."""
    with services.store.read() as unit:
        return loop.issue_views(
            unit, project=project, state=state, limit=limit, after=after, sight=sight_of(who, project)
        )


@router.get("/issues/{issue_id}", tags=["issues"])
def get_issue(issue_id: str, services: Running, who: Asking) -> IssueView:
    with services.store.read() as unit:
        result = loop.issue_view(unit, issue_id) if issue_id.isprintable() else None
    if result is None or not who.may(AccessRole.VIEWER, result.project):
        msg = "there is no such issue"
        raise NotFound(msg)
    return seen_issue(result, sight_of(who, result.project))


@router.get("/findings", tags=["findings"])
def list_findings(
    services: Running,
    who: Asking,
    project: ProjectFilter = None,
    kind: FindingKind | None = None,
    limit: Limit = 100,
    after: After = None,
) -> Slice[FindingView]:
    """What the last scans found besides suspicious labels, kind by kind, the most severe first."""
    with services.store.read() as unit:
        return findings.finding_views(
            unit, project=project, kind=kind, limit=limit, after=after, sight=sight_of(who, project)
        )


@router.get("/projects/{name}/looked", tags=["findings"])
def get_looked(name: str, services: Running, who: Asking) -> LookedView:
    """What the project's last scan looked for: how much it found of each kind, and what it left out."""
    with services.store.read() as unit:
        return findings.looked_view(unit, _stored(unit, name, who).id)


@router.get("/reviews", tags=["reviews"])
def list_reviews(
    services: Running,
    who: Asking,
    project: ProjectFilter = None,
    state: ReviewState | None = None,
    limit: Limit = 100,
    after: After = None,
) -> Slice[ReviewView]:
    """Review tasks, the oldest first."""
    with services.store.read() as unit:
        return loop.review_views(
            unit, project=project, state=state, limit=limit, after=after, sight=sight_of(who, project)
        )


@router.get("/corrections", tags=["corrections"])
def list_corrections(
    services: Running,
    who: Asking,
    project: ProjectFilter = None,
    state: CorrectionState | None = None,
    limit: Limit = 100,
    after: After = None,
) -> Slice[CorrectionView]:
    """Corrections, the oldest first."""
    with services.store.read() as unit:
        return loop.correction_views(
            unit, project=project, state=state, limit=limit, after=after, sight=sight_of(who, project)
        )


@router.get("/dispositions", tags=["reviews"])
def list_dispositions(
    services: Running,
    who: Asking,
    project: ProjectFilter = None,
    kind: DispositionKind | None = None,
    limit: Limit = 100,
    after: After = None,
) -> Slice[DispositionView]:
    """Items that no single label answers, the oldest first: several fit, none does, or nobody can say."""
    with services.store.read() as unit:
        return dispositions.disposition_views(
            unit, project=project, kind=kind, limit=limit, after=after, sight=sight_of(who, project)
        )


@router.get("/jobs", tags=["jobs"])
def list_jobs(
    services: Running,
    who: Asking,
    project: ProjectFilter = None,
    state: JobState = JobState.DEAD,
    limit: Limit = 100,
    after: After = None,
) -> Slice[JobView]:
    """Jobs in one state, the oldest first: those that were given up, unless another is asked for."""
    require(who, AccessRole.OPERATOR, project)
    with services.store.read() as unit:
        return loop.job_views(
            unit, project=project, state=state, limit=limit, after=after, sight=sight_of(who, project)
        )
