"""Who is asked, how many must agree, how sure a decision must be, and how long it can be reopened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import Field, model_validator

from connector.config.types import Frozen, Names, Seconds

Quorum = Annotated[int, Field(ge=1, le=10)]


class ReviewSettings(Frozen):
    title: str | None = Field(default=None, description="Title of the review project. Default: from source.")
    quorum: Quorum = Field(default=2, description="Agreeing votes that decide.")
    class_quorum: Mapping[str, Quorum] = Field(
        default={}, description="Quorum of single classes, for changes to and away from them: { class = 3 }."
    )
    critical_classes: Names = Field(
        default=(),
        description="Classes about which all must agree, at least three unless class_quorum says otherwise.",
    )
    min_votes: int = Field(default=1, ge=1, le=20, description="Least votes before anything is decided.")
    max_votes: int = Field(default=3, ge=1, le=20, description="Most votes asked of ordinary reviewers.")
    confidence: float | None = Field(
        default=None,
        gt=0.5,
        lt=1.0,
        description=(
            "Probability that a decision needs, and that suffices after min_votes: people are then asked "
            "one by one. Default: counted votes alone decide."
        ),
    )
    adjudicators: Names = Field(
        default=(), description="User ids whose vote settles what the others could not."
    )
    deadline_hours: float | None = Field(
        default=None,
        gt=0,
        description=(
            "After so many hours (168 = a week) an undecided question goes to the adjudicators, or is closed "
            "unresolved where there are none. Default: it waits."
        ),
    )
    extra_votes: int = Field(
        default=50, ge=1, description="Most questions that wait for an extra vote at a time, the best first."
    )
    reopen_days: Seconds = Field(
        default=30.0, description="For so many days changed, withdrawn or late votes can reopen a decision."
    )
    reopen_limit: int = Field(
        default=2, ge=0, le=20, description="Reopenings of one decision; then an adjudicator settles it."
    )

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.max_votes < self.quorum:
            msg = f"max_votes = {self.max_votes} can never reach quorum = {self.quorum}"
            raise ValueError(msg)
        if self.max_votes < self.min_votes:
            msg = f"max_votes = {self.max_votes} can never reach min_votes = {self.min_votes}"
            raise ValueError(msg)
        return self
