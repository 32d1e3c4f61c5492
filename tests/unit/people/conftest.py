"""What tests of reviewers share: keys drawn by lot are the same in every run."""

from __future__ import annotations

import uuid

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def _same_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether a golden question is put beside a task is drawn by the task's key."""
    chance = np.random.default_rng(20260302)
    monkeypatch.setattr(uuid, "uuid4", lambda: uuid.UUID(bytes=chance.bytes(16), version=4))
