"""What becomes of the notes that reviewers leave."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from connector.config.types import Frozen


class Acceptance(StrEnum):
    RULE = "rule"
    PERSON = "person"


class GuidelineSettings(Frozen):
    accept: Acceptance = Field(
        default=Acceptance.RULE,
        strict=False,
        description="Who accepts a note for publication: rule (its correction was applied, and enough "
        "reviewers left a note about the two labels) or person (`secondlook guidelines accept`).",
    )
    accept_after: int = Field(
        default=1, ge=1, description="Reviewers who left a note about the two labels (accept = rule)."
    )
    most_notes: int = Field(
        default=30,
        ge=1,
        le=200,
        description="Most notes in the project's instructions; the most useful stay.",
    )
    examples: int = Field(default=2, ge=0, le=10, description="Example items shown with a published note.")
    publish_every_minutes: float | None = Field(
        default=None,
        ge=0.0,
        description="Shortest time between two changes of the instructions; notes that come meanwhile are "
        "gathered. Default: what the platform bears, 10 where a change makes its server go through all "
        "responses, else 0.",
    )
    question_after: int = Field(
        default=5,
        ge=1,
        description="Decisions within two labels that no accepted note tells apart, after which a guideline "
        "question is raised.",
    )
