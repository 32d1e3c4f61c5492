"""A platform that does not answer: remembered from the first job that met it until one like it succeeds."""

from __future__ import annotations

import errno
import json

from connector.errors import Misconfigured, Retryable
from connector.model.jobs import Claim
from connector.platforms import registry
from connector.store.repositories.facts import outage_fact
from connector.store.unit_of_work import UnitOfWork


def reclassified(error: Exception) -> Exception:
    """The error as it came; as a failed try where the platform answers and it is this one call that does not.

    A proxy that gives 502 for one path, or a call that always times out, would else be waited for without
    end, as an outage of which nobody else sees anything. A full disk is a person's to free.
    """
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return Misconfigured(
            f"the disk of {error.filename or 'temporary files'} is full",
            field="data_dir",
            remedy="Free space; work then goes on.",
        )
    if not isinstance(error, Retryable) or not error.outage or error.server is None:
        return error
    if not registry.answers(error.server):
        return error
    return Retryable(f"{error}, though the platform itself answers", after=error.after)


def begin_outage(unit: UnitOfWork, claim: Claim, reason: str) -> None:
    """Note since when the project's platform is away, and which kind of job met it first."""
    name = outage_fact(claim.job.project_id)
    if unit.facts.get(name) is None:
        unit.facts.put(name, json.dumps({"kind": claim.job.kind.value, "reason": reason}))


def end_outage(unit: UnitOfWork, claim: Claim) -> None:
    """End it where the kind of job got an answer that had met it, and let what waits go on at once.

    Another kind may have succeeded without asking the platform anything.
    """
    name = outage_fact(claim.job.project_id)
    known = unit.facts.get(name)
    if known is not None and json.loads(known)["kind"] == claim.job.kind.value:
        unit.facts.drop(name)
        unit.jobs.hasten_failed(claim.job.project_id)
