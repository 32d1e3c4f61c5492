"""A person has work done: jobs that were given up, once more; or a step, before it is due."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connector.errors import Conflict, NotFound
from connector.model import AuditTrigger, Project
from connector.model.jobs import JobKind
from connector.model.lanes import job
from connector.store.unit_of_work import UnitOfWork

MOST_REPLAYED = 1000  # at once


def replay(unit: UnitOfWork, job_ids: Sequence[str], by: str) -> list[str]:
    """Queue jobs that were given up again, with all their tries: all of these, or none.

    Raises
    ------
    NotFound
        One of them is no job that was given up.
    """
    for job_id in dict.fromkeys(job_ids):
        given_up = unit.jobs.get(job_id)
        if given_up is None or not unit.jobs.replay(job_id):
            msg = f"there is no job {job_id} that was given up; none was replayed"
            raise NotFound(msg)
        project = unit.projects.get(given_up.project_id).name
        unit.audit.append(by, "job.replayed", job_id, {"kind": given_up.kind.value}, project)
        unit.due_jobs.append(job_id)
    return list(job_ids)


def replay_all(unit: UnitOfWork, by: str) -> list[str]:
    """The same for every job that was given up, at most `MOST_REPLAYED` at once."""
    return replay(unit, [one.id for one in unit.jobs.dead(limit=MOST_REPLAYED)], by)


def ask_job(unit: UnitOfWork, project: Project, kind: JobKind, by: str, **payload: Any) -> None:
    """Have a step done now; an equal one that waits already is that one."""
    unit.audit.append(by, f"{kind.value}.asked", project.name, payload, project.name)
    unit.enqueue(job(kind, project.id, payload))


def ask_report(unit: UnitOfWork, project: Project, by: str) -> None:
    """Have a dated report made, after a scan that begins now; Conflict where one waits for its scan."""
    if unit.audits.wanted(project.id) is not None:
        raise Conflict(f"a report of {project.name} waits for its scan already")
    wanted = unit.audits.want(project.id, AuditTrigger.PERSON, AuditTrigger.PERSON.value)
    unit.audit.append(by, "report.wanted", wanted, {"trigger": AuditTrigger.PERSON.value}, project.name)
    unit.enqueue(job(JobKind.SCAN, project.id))
