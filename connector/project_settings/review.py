"""Who is asked, and how many must agree."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from connector.setting_types import Frozen, Names


class ReviewSettings(Frozen):
    title: str | None = Field(default=None, description="Title of the review project. Default: from source.")
    quorum: int = Field(default=2, ge=1, le=10, description="Agreeing votes that decide.")
    max_votes: int = Field(default=3, ge=1, le=20, description="Most votes asked of ordinary reviewers.")
    adjudicators: Names = Field(
        default=(), description="User ids whose vote settles what the others could not."
    )

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.max_votes < self.quorum:
            msg = f"max_votes = {self.max_votes} can never reach quorum = {self.quorum}"
            raise ValueError(msg)
        return self
