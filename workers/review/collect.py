"""Read the answers of reviewers since the last time, and store them as votes."""

from __future__ import annotations

from workers.context import Context, Summary
from workers.review.answers import absorb_answers
from workers.review.doubles import with_doubles


def handle(context: Context) -> Summary:
    project = context.fresh_project()
    if project.review_remote_id is None:
        return {"reviews": 0, "votes": 0}
    reviews = votes = 0
    for page in context.desk.answers_since(project.review_remote_id, project.review_cursor):
        asked = with_doubles(context, project.review_remote_id, page.reviews)
        with context.begin() as unit:
            votes += absorb_answers(unit, project, asked, context.settings.reviewers.person_of)
            unit.projects.set_review_cursor(project.id, page.cursor)
        reviews += len(page.reviews)
        context.progress(reviews, None, "review tasks")
    with context.begin() as unit:
        unit.projects.collected(project.id)
    return {"reviews": reviews, "votes": votes}
