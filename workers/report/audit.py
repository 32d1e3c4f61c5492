"""Make the dated report that is due: first a scan, then the figures."""

from __future__ import annotations

from connector.model import Audit
from connector.model.jobs import JobKind
from connector.model.lanes import job
from connector.model.moments import is_over
from connector.wording import report_reason
from workers.context import Context, Summary
from workers.report.due import PATIENCE, audit_fact, scanned_since
from workers.report.gather import Asked
from workers.report.making import keep, make
from workers.report.triggers import wanted


def handle(context: Context) -> Summary:
    with context.read() as unit:
        waiting = unit.audits.wanted(context.project.id)
    return _ask(context) if waiting is None else _make(context, waiting)


def _ask(context: Context) -> Summary:
    """Look whether a report is due, and have labels scanned for it."""
    project = context.fresh_project()
    with context.read() as unit:
        result = wanted(unit, project, context.settings)
    with context.begin() as unit:
        unit.facts.put(audit_fact(project.id), unit.now.isoformat())
        if result is None or unit.audits.wanted(project.id) is not None:
            return {"wanted": None}
        trigger, reason = result
        created = unit.audits.want(project.id, trigger, reason)
        detail = {"trigger": trigger.value, "reason": report_reason(reason)}
        unit.audit.append("secondlook", "report.wanted", created, detail, project.name)
        unit.enqueue(job(JobKind.SCAN, project.id))
    return {"wanted": trigger.value, "reason": report_reason(reason)}


def _make(context: Context, waiting: Audit) -> Summary:
    """The report itself, once a scan has ended that started after it was wanted."""
    project = context.fresh_project()
    with context.read() as unit:
        fresh = scanned_since(unit, waiting)
    if not fresh and not is_over(waiting.wanted_at, PATIENCE, context.services.clock.now()):
        with context.begin() as unit:
            unit.enqueue(job(JobKind.SCAN, project.id))
        return {"waits": waiting.id}
    with context.read() as unit:
        why = report_reason(waiting.reason)
        asked = Asked(project, context.settings, unit.now, waiting.trigger.value, why, fresh=fresh)
        figures = make(unit, asked)
    with context.begin() as unit:
        headline = keep(unit, project, waiting.id, figures)
    return {"report": waiting.id, "headline": headline}
