"""What can be set for one project: where it is, what judges it, who reviews, how it is written back."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator, model_validator

from connector.model import WriteMode
from connector.setting_types import Frozen, HttpUrl, LaxPath, Names, Seconds, SecretRef, Share


class Backend(StrEnum):
    PLATFORM = "platform"
    BACKEND = "backend"
    FILE = "file"
    BUILTIN = "builtin"


class PredictionSettings(Frozen):
    source: Backend = Field(
        default=Backend.BUILTIN,
        strict=False,
        description="Where class probabilities come from: platform (predictions stored there), backend (an "
        "ML backend asked over HTTP), file (npy or parquet), builtin (cross-validated here).",
    )
    model_version: str | None = Field(
        default=None, description="Only predictions of this version (platform). Default: the newest."
    )
    url: HttpUrl | None = Field(default=None, description="Address of the ML backend (backend).")
    path: LaxPath | None = Field(default=None, description="File of probabilities, .npy or .parquet (file).")
    ids_path: LaxPath | None = Field(
        default=None, description="File of task ids, one for each row of a .npy (file)."
    )
    out_of_sample: bool | None = Field(
        default=None,
        description="Whether the model never saw the label it is asked about. Unset: scans carry a warning. "
        "builtin is out-of-sample by construction.",
    )
    folds: int = Field(default=5, ge=2, le=20, description="Folds of the cross-validation (builtin).")
    field: str | None = Field(
        default=None, description="Data field to learn from (builtin). Default: the config's object tag."
    )

    @model_validator(mode="after")
    def _possible(self) -> Self:
        needs = {Backend.BACKEND: ("url", self.url), Backend.FILE: ("path", self.path)}
        if self.source in needs and needs[self.source][1] is None:
            msg = f"source = {self.source.value!r} needs predictions.{needs[self.source][0]}"
            raise ValueError(msg)
        if self.source is not Backend.BACKEND and self.url is not None:
            msg = f"url is for source = 'backend', not {self.source.value!r}"
            raise ValueError(msg)
        if self.source is not Backend.FILE and (self.path or self.ids_path) is not None:
            msg = f"path and ids_path are for source = 'file', not {self.source.value!r}"
            raise ValueError(msg)
        if self.source is Backend.BUILTIN and self.out_of_sample is False:
            msg = "source = 'builtin' is out-of-sample by construction; remove out_of_sample"
            raise ValueError(msg)
        if self.out_of_sample is False:
            msg = (
                "out_of_sample = false: a model that saw the labels it is asked about cannot judge them; "
                "use cross-validated predictions or source = 'builtin'"
            )
            raise ValueError(msg)
        return self


class Method(StrEnum):
    PRUNE_BY_NOISE_RATE = "prune_by_noise_rate"
    PRUNE_BY_CLASS = "prune_by_class"
    BOTH = "both"
    CONFIDENT_LEARNING = "confident_learning"
    PREDICTED_NEQ_GIVEN = "predicted_neq_given"
    LOW_NORMALIZED_MARGIN = "low_normalized_margin"
    LOW_SELF_CONFIDENCE = "low_self_confidence"


class PolicySettings(Frozen):
    method: Method = Field(
        default=Method.PRUNE_BY_NOISE_RATE, strict=False, description="Rule of confident learning."
    )
    budget: int = Field(default=200, ge=1, description="Most review tasks open at a time.")
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
    scan_after_changes: int = Field(
        default=100, ge=1, description="A scan starts after so many changed labels."
    )
    scan_every_hours: Seconds = Field(default=24.0, description="A scan starts at least this often (hours).")


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


class SyncSettings(Frozen):
    webhooks: bool = Field(default=True, description="Register webhooks on the platform and listen to them.")
    poll_seconds: Seconds = Field(default=60.0, description="How often changes are asked for (seconds).")
    reconcile_hours: Seconds = Field(
        default=6.0, description="How often the full set of ids is compared, to find deletions (hours)."
    )


class WriteBackSettings(Frozen):
    mode: WriteMode = Field(
        default=WriteMode.GROUND_TRUTH,
        strict=False,
        description="ground_truth (new annotation beside the original), update (in place), prediction, or "
        "dry_run (decide and record, write nothing).",
    )
    guidelines: bool = Field(
        default=True, description="Publish notes of accepted corrections into the project's instructions."
    )


def _id_text(value: Any) -> Any:
    """A number stands as its digits: Label Studio's ids are numbers, Argilla's are not."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


class ProjectSettings(Frozen):
    platform: Literal["label_studio", "argilla"] = Field(
        default="label_studio", description="Kind of platform."
    )
    url: HttpUrl = Field(description="Address of the platform, without a token.")
    project: Annotated[str, BeforeValidator(_id_text)] = Field(
        description="The project on the platform: its number in Label Studio, the dataset's id in Argilla."
    )
    token: SecretRef = Field(description="Access token, by reference.")
    label_control: str | None = Field(
        default=None, description="Name of the control that holds the label. Default: the only one."
    )
    predictions: PredictionSettings = PredictionSettings()
    policy: PolicySettings = PolicySettings()
    review: ReviewSettings = ReviewSettings()
    sync: SyncSettings = SyncSettings()
    writeback: WriteBackSettings = WriteBackSettings()

    @field_validator("project")
    @classmethod
    def _of_the_platform(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("platform") == "argilla":
            try:
                return str(UUID(value))
            except ValueError:
                msg = "is no dataset id of Argilla, such as 5b3f0c1e-8d2a-4f6b-9c7d-0e1f2a3b4c5d"
                raise ValueError(msg) from None
        if not (value.isascii() and value.isdecimal() and int(value) >= 1):
            msg = "is no project number of Label Studio: a whole number from 1 on"
            raise ValueError(msg)
        return str(int(value))

    @property
    def identity(self) -> tuple[str, str]:
        """What makes it one remote project, however the address is spelled."""
        parts = urlsplit(self.url)
        default_port = {"http": 80, "https": 443}[parts.scheme]
        return f"{parts.hostname}:{parts.port or default_port}{parts.path}", self.project
