"""Measure everyone who reviews or labels, and find out who could review."""

from __future__ import annotations

from datetime import timedelta

from connector.store.views.people import ReviewAccounts, keep_members
from workers.context import Context, Summary
from workers.people.kept import keep, measured, measured_fact


def handle(context: Context) -> Summary:
    project = context.fresh_project()
    with context.read() as unit:
        result = measured(unit, project, context.settings)
    with context.begin() as unit:
        keep(unit, project, result)
        unit.facts.put(measured_fact(project.id), unit.now.isoformat())
    members = _members(context)
    with context.begin() as unit:
        keep_members(unit, project, members)
    lighter = [one.person for one in result if not one.trusted]
    return {"people": len(result), "weigh_less": len(lighter), "reviewers": len(members.accounts)}


def _members(context: Context) -> ReviewAccounts:
    """Who could review: as the platform says; where it says nothing, whoever was active lately."""
    project = context.fresh_project()
    people = context.services.reviewers(project.name)
    with context.begin() as unit:
        unit.projects.save_annotators(project.id, people)
    accounts = {one.remote_id for one in people} - {project.service_user}
    if accounts:
        return ReviewAccounts(tuple(sorted(filter(None, accounts))), "platform")
    since = context.services.clock.now() - timedelta(days=context.settings.reviewers.active_days)
    with context.read() as unit:
        active = unit.people.active_since(project.id, since) - {project.service_user or ""}
    return ReviewAccounts(tuple(sorted(active)), "activity")
