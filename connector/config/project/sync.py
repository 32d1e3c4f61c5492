"""How changes of the platform are seen."""

from __future__ import annotations

from pydantic import Field

from connector.config.types import Frozen, Seconds


class SyncSettings(Frozen):
    webhooks: bool = Field(default=True, description="Register webhooks on the platform and listen to them.")
    poll_seconds: Seconds = Field(default=60.0, description="How often changes are asked for (seconds).")
    reconcile_hours: Seconds = Field(
        default=6.0, description="How often the full set of ids is compared, to find deletions (hours)."
    )
