"""Who is asked, how many must agree, how sure a decision must be, and how long it can be reopened."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from connector.config.types import Frozen, Names, Seconds, Share

Quorum = Annotated[int, Field(ge=1, le=10)]


MOST_VOTES_OF_SHARES = 15  # people differ about few questions, and those are worth it
MOST_VOTES_OF_QUORUM = 3
FIRST_CHANGES_ASK = 4  # who agree, by the cold start of the rule of shares: a test holds the two equal


class DecisionRule(StrEnum):
    SHARES = "shares"
    QUORUM = "quorum"


class ReviewSettings(Frozen):
    title: str | None = Field(default=None, description="Title of the review project. Default: from source.")
    rule: DecisionRule | None = Field(
        default=None,
        strict=False,
        description=(
            "`shares`: a label is changed when most reviewers, asked without end, would choose another. "
            "`quorum`: so many agreeing votes decide. Default: shares; quorum where `quorum` or `confidence` "
            "is set."
        ),
    )
    harm_limit: float = Field(
        default=0.0027,
        gt=0,
        le=0.2,
        description=(
            "Most labels that 60 % of people would give and that may be changed nevertheless, expected, as a "
            "share of all questions: how sure a change must be follows from it (rule shares)."
        ),
    )
    votes_per_question: float = Field(
        default=2.5,
        ge=1,
        le=20,
        description=(
            "Most answers a question, on average: where more would be asked, questions end on which one "
            "more is the least likely to change a label (rule shares)."
        ),
    )
    change_confidence: float | None = Field(
        default=None,
        gt=0.5,
        lt=1.0,
        description=(
            "How sure it must be that most reviewers would choose another label (rule shares). Default: "
            "0.85, and as sure as harm_limit asks for by what the project's own answers show. Where it is "
            "set harm_limit holds only if it is set too."
        ),
    )
    keep_confidence: float = Field(
        default=0.935,
        gt=0.5,
        lt=1.0,
        description="How sure it must be that most reviewers would choose the given label (rule shares).",
    )
    calibration_share: Share = Field(
        default=0.05,
        description="Share of questions, by lot, about which three people are asked before a decision: what "
        "the project learns of its crowd stays honest by them. Of its first questions all, unless this is 0 "
        "(rule shares).",
    )
    own_answers: bool = Field(
        default=True,
        description="Whether people who labeled an item may review it, for half a vote or what their answers "
        "are measured to be worth (rule shares). Others are asked as well until the answers suffice.",
    )
    quorum: Quorum = Field(default=2, description="Agreeing votes that decide (rule quorum).")
    class_quorum: Mapping[str, Quorum] = Field(
        default={}, description="Quorum of single classes, for changes to and away from them: { class = 3 }."
    )
    critical_classes: Names = Field(
        default=(),
        description="Classes about which all must agree, at least three unless class_quorum says otherwise.",
    )
    min_votes: int = Field(default=1, ge=1, le=20, description="Least votes before anything is decided.")
    max_votes: int | None = Field(
        default=None,
        ge=1,
        le=20,
        description="Most votes asked of ordinary reviewers. Default: 15 by shares, 3 by quorum.",
    )
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

    @property
    def decided_by(self) -> DecisionRule:
        """The rule that holds: who set a quorum or a confidence of counted votes means that rule."""
        counted = {"quorum", "confidence"} & self.model_fields_set
        return self.rule or (DecisionRule.QUORUM if counted else DecisionRule.SHARES)

    @property
    def by_shares(self) -> bool:
        return self.decided_by is DecisionRule.SHARES

    @property
    def counts_own(self) -> bool:
        """Whether an answer about one's own label counts for something."""
        return self.by_shares and self.own_answers

    @property
    def least_people(self) -> int:
        """With fewer reviewers nothing at all is decided."""
        return self.min_votes if self.by_shares else self.quorum

    @property
    def people_for_a_change(self) -> int:
        """With fewer reviewers no label is changed, at first or ever."""
        return max(self.min_votes, FIRST_CHANGES_ASK) if self.by_shares else self.quorum

    @property
    def most_votes(self) -> int:
        """Most votes asked of ordinary reviewers."""
        usual = MOST_VOTES_OF_SHARES if self.by_shares else max(MOST_VOTES_OF_QUORUM, self.min_votes)
        return usual if self.max_votes is None else self.max_votes

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if not self.by_shares and self.most_votes < self.quorum:
            msg = f"max_votes = {self.most_votes} can never reach quorum = {self.quorum}"
            raise ValueError(msg)
        if self.most_votes < self.min_votes:
            msg = f"max_votes = {self.most_votes} can never reach min_votes = {self.min_votes}"
            raise ValueError(msg)
        return self
