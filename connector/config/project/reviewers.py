"""Who the reviewers are, and how their reliability is measured."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import Field, field_serializer, field_validator

from connector.config.types import Frozen, Names, Seconds, Share

HALF = 0.5  # beyond it reviewers would be tested more than asked


class ReviewerSettings(Frozen):
    golden_share: Annotated[float, Field(ge=0.0, le=HALF)] = Field(
        default=0.05,
        description="Share of review tasks that ask about a golden item, once there are golden items. "
        "They come on top of `policy.budget`.",
    )
    trust_floor: Share = Field(
        default=0.7,
        description="A reviewer whose reliability lies below this with its whole interval weighs less.",
    )
    trust_after: int = Field(
        default=20, ge=1, description="No reviewer weighs less before so many answers were measured."
    )
    refresh_hours: Seconds = Field(
        default=1.0, description="How often what is known of each reviewer is computed (hours)."
    )
    active_days: Seconds = Field(
        default=30.0,
        description="Where the platform does not say who the members are, those count as reviewers who "
        "labeled or reviewed within so many days.",
    )
    expected: Names = Field(
        default=(), description="User ids of the reviewers. Default: whoever the platform knows."
    )
    same_person: Mapping[str, str] = Field(
        default={},
        description="Several accounts of one person: `{ SECOND = MAIN }`, user ids as text. They have one "
        "vote together.",
    )

    @field_validator("same_person")
    @classmethod
    def _direct(cls, accounts: Mapping[str, str]) -> Mapping[str, str]:
        """Each second account names the person's main account itself: no chain, and so no cycle."""
        for second, main in accounts.items():
            if second == main:
                msg = f"account {second!r} is said to be itself; name the other account of that person"
                raise ValueError(msg)
            if accounts.get(main) == second:
                msg = f"{second!r} and {main!r} are each said to be the other; keep one of the two entries"
                raise ValueError(msg)
            if main in accounts:
                msg = (
                    f"{second!r} is said to be {main!r}, and {main!r} to be {accounts[main]!r}; "
                    "write the person's main account in each entry"
                )
                raise ValueError(msg)
        return MappingProxyType(dict(accounts))

    @field_serializer("same_person")
    def _plain(self, accounts: Mapping[str, str]) -> dict[str, Any]:
        return dict(accounts)

    def person_of(self, account: str) -> str:
        """The person behind an account of the platform: the id of the main account."""
        return self.same_person.get(account, account)
