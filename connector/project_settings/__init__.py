"""What can be set for one project: where it is, what judges it, who reviews, how it is written back."""

from __future__ import annotations

from connector.project_settings.audits import AuditSettings
from connector.project_settings.desk import DeskPlace, DeskSettings
from connector.project_settings.guidelines import Acceptance, GuidelineSettings
from connector.project_settings.policy import Method, PolicySettings
from connector.project_settings.predictions import Backend, PredictionSettings
from connector.project_settings.project import ProjectSettings
from connector.project_settings.quality import QualitySettings
from connector.project_settings.review import ReviewSettings
from connector.project_settings.reviewers import ReviewerSettings
from connector.project_settings.sync import SyncSettings
from connector.project_settings.writeback import WriteBackSettings

__all__ = [
    "Acceptance",
    "AuditSettings",
    "Backend",
    "DeskPlace",
    "DeskSettings",
    "GuidelineSettings",
    "Method",
    "PolicySettings",
    "PredictionSettings",
    "ProjectSettings",
    "QualitySettings",
    "ReviewSettings",
    "ReviewerSettings",
    "SyncSettings",
    "WriteBackSettings",
]
