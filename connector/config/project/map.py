"""Where the map of similar items has its places from."""

from __future__ import annotations

from pydantic import Field, field_validator

from connector.config.types import Frozen


class MapSettings(Frozen):
    fields: tuple[str, ...] = Field(
        default=(),
        strict=False,
        description="Two data fields that hold each item's place on the map, such as those of a UMAP. "
        "Default: it is drawn from what the built-in model or the vector fields say.",
    )

    @field_validator("fields")
    @classmethod
    def _both(cls, fields: tuple[str, ...]) -> tuple[str, ...]:
        if len(fields) not in (0, 2):
            msg = "name two fields, one for each direction, or none"
            raise ValueError(msg)
        return fields
