"""Bring in what changed on the platform since the last time; everything on the first."""

from __future__ import annotations

import json
from collections import Counter

from connector.model import Project, SourceInfo
from connector.model.jobs import JobKind
from connector.model.lanes import job
from connector.store.repositories.items import PageChange
from connector.store.unit_of_work import UnitOfWork
from workers.context import Context, Summary
from workers.detect.record import lost_classes_fact, scan_when_due
from workers.detect.unjudged import remember
from workers.label_types.registry import ValidLabels, kind_of
from workers.review.release import release_classless_issues
from workers.sync.items import absorb_items
from workers.sync.restored import (
    NEWEST_AT_POLL,
    believe_older,
    is_restored,
    look_after_corrections,
    went_back,
)


def handle(context: Context) -> Summary:
    info = context.source.describe()
    asked = bool(context.job.payload.get("full")) or _schema_changed(context.project, info)
    restored = went_back(context, NEWEST_AT_POLL) or is_restored(context)
    full = asked or restored
    project = _save_description(context, info, restart=full)
    total = PageChange()
    seen = 0
    for page in context.source.changes_since(project.source_cursor):
        with context.begin() as unit:
            change = absorb_items(
                unit, project, page.items, ours=context.installations, again=full, restored=restored
            )
            total.add(change)
            unit.projects.set_source_cursor(project.id, page.cursor)
        seen += len(page.items)
        context.progress(seen, info.n_items if project.source_cursor is None else None, "tasks")
    if believe_older(context, total.older) and project.source_cursor is not None:
        with context.begin() as unit:
            unit.enqueue(job(JobKind.SYNC, project.id, {"full": True}))
    look_after_corrections(context)
    _finish(context, project)
    return {"seen": seen, "new": total.new, "changed": total.changed, "relabelled": len(total.relabelled)}


def _schema_changed(project: Project, info: SourceInfo) -> bool:
    """A changed labelling config gives old results another meaning: all are read again."""
    return project.schema is not None and project.schema != info.schema


def _save_description(context: Context, info: SourceInfo, *, restart: bool) -> Project:
    project = context.project
    with context.begin() as unit:
        if _schema_changed(project, info):
            detail = {
                "before": list(project.schema.classes) if project.schema else [],
                "after": list(info.schema.classes),
            }
            unit.audit.append("platform", "schema.changed", project.name, detail, project.name)
            _remember_lost_classes(unit, project, info)
            release_classless_issues(unit, project, ValidLabels(info.schema))
            unit.projects.add_changes(project.id, context.settings.policy.scan_after_changes)
            unit.enqueue(job(JobKind.PUSH, project.id))
        unit.projects.described(project.id, info.title, [info.schema], info.service_user)
        remember(unit, project.id, _left_out(context, info))
        if restart:
            unit.projects.set_source_cursor(project.id, None)
        if context.job.payload.get("full"):  # answers, too: a restore of ours may have lost some of the tasks
            unit.projects.set_review_cursor(project.id, None)
            unit.enqueue(job(JobKind.COLLECT, project.id))
        return unit.projects.get(project.id)


def _left_out(context: Context, info: SourceInfo) -> dict[str, str]:
    """The controls that no section of the configuration judges."""
    judged = context.services.settings.judged_beside(context.project.name)
    return {name: kind for name, kind in info.unjudged.items() if name not in judged}


def _remember_lost_classes(unit: UnitOfWork, project: Project, info: SourceInfo) -> None:
    """Note which classes went while labels carry them: the scan says so until they are back."""
    kind, valid = kind_of(info.schema), ValidLabels(info.schema)
    lost: Counter[str] = Counter()
    for label, n in unit.items.label_counts(project.id).items():
        gone = [part for part in (kind.parts(label) if label not in valid else ()) if part not in valid]
        lost.update({kind.told_apart(part, part)[0]: n for part in gone})
    if lost:
        name = lost_classes_fact(project.id)
        known = json.loads(unit.facts.get(name) or "{}")
        unit.facts.put(name, json.dumps({**known, **lost}))


def _finish(context: Context, project: Project) -> None:
    with context.begin() as unit:
        unit.projects.synced(project.id)
        scan_when_due(unit, project.id, context.settings.policy)
