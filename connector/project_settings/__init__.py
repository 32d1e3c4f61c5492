"""What can be set for one project: where it is, what judges it, who reviews, how it is written back."""

from __future__ import annotations

from connector.project_settings.policy import Method, PolicySettings
from connector.project_settings.predictions import Backend, PredictionSettings
from connector.project_settings.project import ProjectSettings
from connector.project_settings.review import ReviewSettings
from connector.project_settings.sync import SyncSettings
from connector.project_settings.writeback import WriteBackSettings

__all__ = [
    "Backend",
    "Method",
    "PolicySettings",
    "PredictionSettings",
    "ProjectSettings",
    "ReviewSettings",
    "SyncSettings",
    "WriteBackSettings",
]
