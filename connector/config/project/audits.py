"""When a dated report is made by itself."""

from __future__ import annotations

from pydantic import Field

from connector.config.types import Frozen, Share


class AuditSettings(Frozen):
    every_days: float = Field(
        default=30.0, gt=0, description="A scan and a dated report are made at least this often (days)."
    )
    error_rate_limit: Share = Field(
        default=0.02, description="Change of the error rate among controls that calls for a report."
    )
    agreement_limit: Share = Field(
        default=0.1, description="Change of the reviewers' agreement (Krippendorff's alpha) that does."
    )
    accuracy_limit: Share = Field(default=0.05, description="Change of the model's accuracy that does.")
