"""Questions beside the label: their answers are stored as they came, counted, and not judged yet."""

from __future__ import annotations

import json
from collections.abc import Mapping

from connector.store.unit_of_work import UnitOfWork


def remember(unit: UnitOfWork, project_id: int, controls: Mapping[str, str]) -> None:
    """Note which controls a project has beside the judged one, and of which kind."""
    unit.facts.put(_fact(project_id), json.dumps(dict(controls)))


def unjudged(unit: UnitOfWork, project_id: int) -> dict[tuple[str, str], int]:
    """(Name, kind) of each such control → how many annotations answer it; 0 where none does."""
    kinds: dict[str, str] = json.loads(unit.facts.get(_fact(project_id)) or "{}")
    counts = unit.answers.counts(project_id, kinds)
    return {(name, kind): counts.get(name, 0) for name, kind in kinds.items()}


def _fact(project_id: int) -> str:
    return f"unjudged:{project_id}"
