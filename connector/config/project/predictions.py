"""Where class probabilities come from."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from connector.config.types import Frozen, HttpUrl, LaxPath


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
    path: LaxPath | None = Field(
        default=None,
        description="File of probabilities, .npy or .parquet; of boxes and spans .json, .jsonl or .parquet "
        "(file).",
    )
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
    fields: tuple[str, ...] = Field(
        default=(),
        strict=False,
        description="Several data fields to learn from, as a table of numbers and names (builtin).",
    )
    group_field: str | None = Field(
        default=None,
        min_length=1,
        description="Data field that says what items belong to (patient, document, video): items of one "
        "group are held out together, as copies always are (builtin).",
    )
    model: str | None = Field(
        default=None,
        min_length=1,
        description="Name of a model that an installed package offers (builtin). Default: Secondlook's own.",
    )
    refit_after_share: float = Field(
        default=0.05,
        ge=0,
        le=1,
        description="The model is trained again when more than this share of the items it was trained on has "
        "changed; until then it is asked about what is new (builtin).",
    )
    refit_after_corrections: float = Field(
        default=0.25,
        gt=0,
        description="Or when so many labels that it was trained on changed, as a share of those that the "
        "last scan flagged, ten at least (builtin).",
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
        if self.field is not None and self.fields:
            msg = "give field or fields, not both: fields is for several data fields at once"
            raise ValueError(msg)
        if self.source is not Backend.BUILTIN and (self.fields or self.model) not in ((), None):
            msg = f"fields and model are for source = 'builtin', not {self.source.value!r}"
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
