"""A report made and kept, whoever asked for it."""

from __future__ import annotations

import hashlib
import json

from connector.model import Json, Project
from connector.store.unit_of_work import UnitOfWork
from connector.wording import report_headline
from workers.report.gather import Asked, report


def make(unit: UnitOfWork, asked: Asked) -> Json:
    """The figures of now, set against the last report."""
    return report(unit, asked, unit.audits.last_done(asked.project.id)).as_json()


def keep(unit: UnitOfWork, project: Project, audit_id: str, figures: Json) -> str:
    """Store figures as the report of that id, and their hash in the audit log; the headline."""
    headline = report_headline(figures)
    unit.audits.finish(audit_id, headline, figures)
    detail = {
        "trigger": figures["occasion"]["trigger"],
        "headline": headline,
        "sha256": hashlib.sha256(json.dumps(figures, sort_keys=True).encode()).hexdigest(),
    }
    unit.audit.append("secondlook", "report.made", audit_id, detail, project.name)
    return headline
