"""One project: where it is, what judges it, who reviews, how it is written back."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from connector.config.project.audits import AuditSettings
from connector.config.project.desk import DeskPlace, DeskSettings, PlatformName
from connector.config.project.guidelines import GuidelineSettings
from connector.config.project.map import MapSettings
from connector.config.project.policy import PolicySettings
from connector.config.project.predictions import PredictionSettings
from connector.config.project.quality import QualitySettings
from connector.config.project.review import ReviewSettings
from connector.config.project.reviewers import ReviewerSettings
from connector.config.project.sync import SyncSettings
from connector.config.project.writeback import WriteBackSettings
from connector.config.types import Frozen, HttpUrl, SecretRef, server_of
from connector.model import WriteMode
from connector.platforms import registry


def _id_text(value: Any) -> Any:
    """A number stands as its digits: the ids of some platforms are numbers, those of others are not."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class ProjectSettings(Frozen):
    platform: PlatformName = Field(default=registry.DEFAULT, description="Kind of platform.")
    url: HttpUrl = Field(description="Address of the platform, without a token.")
    project: Annotated[str, BeforeValidator(_id_text)] = Field(
        description="The project on the platform: the number or the id that its address shows."
    )
    token: SecretRef = Field(description="Access token, by reference.")
    label_control: str | None = Field(
        default=None,
        description="Name of the control that holds the label. Default: the only one. Sections that point to "
        "one project judge a control each.",
    )
    take_over: str | None = Field(
        default=None,
        pattern="^[0-9a-f]{12}$",
        description="The installation of Secondlook whose place this one takes, by the name in its refusal.",
    )
    predictions: PredictionSettings = PredictionSettings()
    policy: PolicySettings = PolicySettings()
    review: ReviewSettings = ReviewSettings()
    reviewers: ReviewerSettings = ReviewerSettings()
    desk: DeskSettings = DeskSettings()
    quality: QualitySettings = QualitySettings()
    map: MapSettings = MapSettings()
    sync: SyncSettings = SyncSettings()
    writeback: WriteBackSettings = WriteBackSettings()
    guidelines: GuidelineSettings = GuidelineSettings()
    audits: AuditSettings = AuditSettings()

    @field_validator("project")
    @classmethod
    def _of_the_platform(cls, value: str, info: ValidationInfo) -> str:
        platform = info.data.get("platform")  # missing where it was refused itself
        return value if platform is None else registry.rules(platform).project_id(value)

    @model_validator(mode="after")
    def _corrections_are_possible(self) -> Self:
        possible = registry.rules(self.platform).write_modes
        if self.writeback.mode not in possible:
            known = ", ".join(repr(mode.value) for mode in WriteMode if mode in possible)
            mode = self.writeback.mode.value
            msg = f"writeback.mode = {mode!r} is not possible on {self.platform}: use one of {known}"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _desk_is_possible(self) -> Self:
        _ = self.desk_place
        return self

    @property
    def desk_place(self) -> DeskPlace:
        """Where the reviews of this project are answered."""
        return self.desk.place(self.platform, self.url, self.token)

    @property
    def identity(self) -> tuple[str, str]:
        """What makes it one remote project, however the address is spelled."""
        return server_of(self.url), self.project
