"""How accepted corrections are written."""

from __future__ import annotations

from pydantic import Field

from connector.config.types import Frozen
from connector.model import WriteMode


class WriteBackSettings(Frozen):
    mode: WriteMode = Field(
        default=WriteMode.GROUND_TRUTH,
        strict=False,
        description="ground_truth (new annotation beside the original), replace (the same, and the original "
        "is cancelled; not everywhere), update (in place), prediction, or dry_run (decide and record, "
        "write nothing).",
    )
    guidelines: bool = Field(
        default=True, description="Publish notes of accepted corrections into the project's instructions."
    )
