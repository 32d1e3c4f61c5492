"""What is flagged, and how much of it is asked."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from connector.config.types import Frozen, Seconds, Share
from connector.model.kinds import DetectionMethod

USUAL_HOURS_OPEN = 1.0


class ReviewKind(StrEnum):
    """What people are asked about besides labels that the model contradicts."""

    LABEL_CONFLICT = "label_conflict"
    DISAGREEMENT = "disagreement"
    AMBIGUOUS = "ambiguous"


ReviewKinds = Annotated[tuple[Annotated[ReviewKind, Field(strict=False)], ...], Field(strict=False)]


class PolicySettings(Frozen):
    method: DetectionMethod = Field(
        default=DetectionMethod.PRUNE_BY_NOISE_RATE, strict=False, description="Rule of confident learning."
    )
    budget: int = Field(
        default=200,
        ge=1,
        description="Most review tasks open at a time, but those that all who are there have answered.",
    )
    open_hours: Seconds | None = Field(
        default=None,
        description="At most as many review tasks are open as people answer in so many hours of work, 50 at "
        "least. Default: one hour; only the budget where `policy.budget` is set.",
    )
    class_cap: Share = Field(
        default=0.25, description="Most items of one class that may be flagged, as a share of the class."
    )
    min_class_examples: int = Field(
        default=5, ge=1, description="Classes with fewer labelled items are not judged."
    )
    control_share: Share = Field(
        default=0.05, description="Share of review tasks drawn at random from unflagged items."
    )
    blind_share: Share = Field(
        default=0.1, description="Share of review tasks that show no suggestion and no model sentence."
    )
    review_kinds: ReviewKinds = Field(
        default=(ReviewKind.LABEL_CONFLICT,),
        description="What else becomes review tasks: `label_conflict` (duplicates with different labels), "
        "`disagreement` (annotators differ), `ambiguous` (two classes nearly equal).",
    )
    scan_after_changes: int = Field(
        default=100, ge=1, description="A scan starts after so many changed labels."
    )
    shard_rows: int = Field(
        default=1_000_000,
        ge=1,
        description="A scan of more items goes through shards of so many, which workers share.",
    )
    scan_every_hours: Seconds = Field(default=24.0, description="A scan starts at least this often (hours).")

    @property
    def hours_open(self) -> float | None:
        """For how many hours of work review tasks stand open; None where only the budget bounds them."""
        if self.open_hours is None and "budget" in self.model_fields_set:
            return None
        return USUAL_HOURS_OPEN if self.open_hours is None else self.open_hours
