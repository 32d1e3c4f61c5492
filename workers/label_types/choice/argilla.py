"""A single choice on Argilla: a label question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connector.model import Json, LabelSchema, LabelStatus, Reading, ReviewRequest
from connector.platforms.results import NO_LABEL, REVIEW_CONTROL
from connector.ports import ReviewContent
from workers.label_types.choice import value
from workers.label_types.questions import answered, options_of, options_schema, questions_of

QUESTION = "label_selection"
OTHER_LABEL = "other_label"
OTHER = "secondlook:other"
MOST_OPTIONS = 498  # the server's limit is 500, and two options are ours
_OPTION_CHARS = 200


class ChoiceOnArgilla:
    """Implements Codec."""

    def controls(self, config: Any) -> Sequence[LabelSchema]:
        """The label questions."""
        return [options_schema(row, value.KIND) for row in questions_of(config, QUESTION)]

    def valid(self, label: str, schema: LabelSchema) -> bool:
        """Whether it is an option."""
        return value.valid(label, schema)

    def read(self, raw: Any, schema: LabelSchema) -> Reading:
        """The option that the answer names."""
        if raw is None:
            return Reading(None, LabelStatus.EMPTY)
        if not isinstance(raw, str):
            return Reading(None, LabelStatus.UNREADABLE)
        return value.reading([raw], schema)

    def scores(self, raw: Any, schema: LabelSchema) -> Mapping[str, float] | None:  # noqa: ARG002 - the protocol's signature
        """None: a suggestion carries the score of its own label only."""
        return None

    def write(self, raw: Any, schema: LabelSchema, label: str, meta: Json) -> str:  # noqa: ARG002 - the protocol's signature
        """The answer."""
        return label

    def form(self, schema: LabelSchema, given: Any) -> Sequence[Any]:
        """A label question, and a text for a class that it has no room for."""
        classes = [name for name in schema.classes if 0 < len(name) <= _OPTION_CHARS][:MOST_OPTIONS]
        options = {name: schema.text(name) for name in classes} | {
            OTHER: "Another label (write it below)",
            NO_LABEL: "No single label (say why below)",
        }
        return [
            # A dataset needs a required question; so "no label" is an answer to this one.
            given.LabelQuestion(REVIEW_CONTROL, options, title="Which label is right?", required=True),
            given.TextQuestion(
                OTHER_LABEL, title="Another label, written as in the guidelines", required=False
            ),
        ]

    def content(self, request: ReviewRequest, form: Any) -> ReviewContent:
        """The suggestion, written out where the published question does not offer it."""
        if request.suggestion is None:
            return ReviewContent({}, {})
        if request.suggestion in options_of(form, REVIEW_CONTROL):
            return ReviewContent({}, {REVIEW_CONTROL: request.suggestion})
        return ReviewContent({}, {REVIEW_CONTROL: OTHER, OTHER_LABEL: request.suggestion})

    def answer(self, raw: Any) -> str | None:
        """The label chosen, or written."""
        chosen = answered(raw, REVIEW_CONTROL)
        if chosen == OTHER:
            chosen = answered(raw, OTHER_LABEL)
            chosen = chosen.strip() if isinstance(chosen, str) else None
        return chosen if isinstance(chosen, str) and chosen not in ("", NO_LABEL) else None
