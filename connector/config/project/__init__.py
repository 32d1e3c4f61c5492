"""What can be set for one project: where it is, what judges it, who reviews, how it is written back."""

from __future__ import annotations

from connector.config.project.audits import AuditSettings
from connector.config.project.desk import DeskPlace, DeskSettings
from connector.config.project.guidelines import Acceptance, GuidelineSettings
from connector.config.project.policy import DetectionMethod, PolicySettings
from connector.config.project.predictions import Backend, PredictionSettings
from connector.config.project.project import ProjectSettings
from connector.config.project.quality import QualitySettings
from connector.config.project.review import DecisionRule, ReviewSettings
from connector.config.project.reviewers import ReviewerSettings
from connector.config.project.sync import SyncSettings
from connector.config.project.writeback import WriteBackSettings

__all__ = [
    "Acceptance",
    "AuditSettings",
    "Backend",
    "DecisionRule",
    "DeskPlace",
    "DeskSettings",
    "DetectionMethod",
    "GuidelineSettings",
    "PolicySettings",
    "PredictionSettings",
    "ProjectSettings",
    "QualitySettings",
    "ReviewSettings",
    "ReviewerSettings",
    "SyncSettings",
    "WriteBackSettings",
]
