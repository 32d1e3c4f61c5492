"""Read the answers of reviewers since the last time, and store them as votes."""

from __future__ import annotations

from connector.errors import Misconfigured, NotFound
from connector.model import Project
from connector.model.jobs import JobKind
from connector.model.lanes import job
from workers.context import Context, Summary
from workers.review.answers import absorb_answers
from workers.review.doubles import with_doubles
from workers.review.restored import answers_went_back


def handle(context: Context) -> Summary:
    project = context.fresh_project()
    if project.review_remote_id is None:
        return {"reviews": 0, "votes": 0}
    try:
        return _collected(context, project, project.review_remote_id)
    except (NotFound, Misconfigured):
        _have_it_made_again(context)
        raise


def _have_it_made_again(context: Context) -> None:
    """The review project may be gone, by a restore or by hand; a push finds it, or makes it anew."""
    with context.begin() as unit:
        unit.enqueue(job(JobKind.PUSH, context.project.id))


def _collected(context: Context, project: Project, review_id: str) -> Summary:
    reviews = votes = 0
    cursor = None if answers_went_back(context, project, review_id) else project.review_cursor
    for page in context.desk.answers_since(review_id, cursor):
        asked = with_doubles(context, review_id, page.reviews)
        with context.begin() as unit:
            votes += absorb_answers(unit, project, asked, context.settings.reviewers.person_of)
            unit.projects.set_review_cursor(project.id, page.cursor)
        reviews += len(page.reviews)
        context.progress(reviews, None, "review tasks")
    with context.begin() as unit:
        unit.projects.collected(project.id)
    return {"reviews": reviews, "votes": votes}
