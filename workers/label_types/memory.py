"""Labels of any type on the in-memory platform, which holds their keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connector.model import Json, LabelSchema, LabelStatus, Reading, ReviewRequest
from connector.platforms.results import dicts
from connector.ports import ReviewContent


@dataclass(frozen=True, slots=True)
class KeysInMemory:
    """Implements Codec for the type of that name."""

    kind: str
    is_valid: Callable[[str, LabelSchema], bool]

    def controls(self, config: Any) -> Sequence[LabelSchema]:
        """The project's schema, if it is of the type: a project there has one."""
        return [one for one in config if one.kind == self.kind]

    def valid(self, label: str, schema: LabelSchema) -> bool:
        """As the type says."""
        return self.is_valid(label, schema)

    def read(self, raw: Any, schema: LabelSchema) -> Reading:
        """The key."""
        label = self.answer(raw)
        if label is None:
            return Reading(None, LabelStatus.EMPTY)
        if not self.valid(label, schema):
            return Reading(None, LabelStatus.UNKNOWN_CLASS)
        return Reading(label, LabelStatus.VALID)

    def scores(self, raw: Any, schema: LabelSchema) -> Mapping[str, float] | None:  # noqa: ARG002 - the protocol's signature
        """None: predictions there carry them apart from the result."""
        return None

    def write(self, raw: Any, schema: LabelSchema, label: str, meta: Json) -> list[dict[str, str]]:  # noqa: ARG002 - the protocol's signature
        """The result with this key."""
        return [{"label": label}]

    def form(self, schema: LabelSchema, given: Any) -> Sequence[Any]:  # noqa: ARG002 - the protocol's signature
        """Nothing: reviewers there name a key."""
        return []

    def content(self, request: ReviewRequest, form: Any) -> ReviewContent:  # noqa: ARG002 - the protocol's signature
        """The suggestion as it is."""
        return ReviewContent({}, request.suggestion)

    def answer(self, raw: Any) -> str | None:
        """The key named."""
        return next((str(part["label"]) for part in dicts(raw) if "label" in part), None)
