"""A rating on Argilla: a rating question, whose options are numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connector.model import Json, LabelSchema, Reading, ReviewRequest
from connector.platforms.results import NO_LABEL, REVIEW_CONTROL, finite
from connector.ports import ReviewContent
from workers.label_types.questions import answered, options_schema, questions_of
from workers.label_types.rating import value

QUESTION = "rating"


class RatingOnArgilla:
    """Implements Codec."""

    def controls(self, config: Any) -> Sequence[LabelSchema]:
        """The rating questions."""
        return [options_schema(row, value.KIND) for row in questions_of(config, QUESTION)]

    def valid(self, label: str, schema: LabelSchema) -> bool:
        """Whether it is an option."""
        return value.valid(label, schema)

    def read(self, raw: Any, schema: LabelSchema) -> Reading:
        """The option that the answer names."""
        return value.reading(raw, schema)

    def scores(self, raw: Any, schema: LabelSchema) -> Mapping[str, float] | None:  # noqa: ARG002 - the protocol's signature
        """The number that is suggested; a record's metadata can say more, `expected` for one between."""
        number = finite(raw.get("value"))
        return None if number is None else {value.EXPECTED: number}

    def write(self, raw: Any, schema: LabelSchema, label: str, meta: Json) -> int:  # noqa: ARG002 - the protocol's signature
        """The answer."""
        return int(label)

    def form(self, schema: LabelSchema, given: Any) -> Sequence[Any]:
        """A label question of the steps: a required rating question could not say that there is none."""
        options = {name: name for name in schema.classes} | {NO_LABEL: "Cannot be rated (say why below)"}
        return [given.LabelQuestion(REVIEW_CONTROL, options, title="Which rating is right?", required=True)]

    def content(self, request: ReviewRequest, form: Any) -> ReviewContent:  # noqa: ARG002 - the protocol's signature
        """Nothing filled in: a number that is shown draws the answer to it."""
        return ReviewContent({}, {})

    def answer(self, raw: Any) -> str | None:
        """The step chosen."""
        chosen = answered(raw, REVIEW_CONTROL)
        return chosen if isinstance(chosen, str) and chosen != NO_LABEL else None
