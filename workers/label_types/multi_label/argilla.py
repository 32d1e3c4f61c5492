"""Several choices on Argilla: a multi-label question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connector.model import Json, LabelSchema, LabelStatus, Reading, ReviewRequest
from connector.platforms.results import NO_LABEL, REVIEW_CONTROL, class_scores
from connector.ports import ReviewContent
from workers.label_types.multi_label import value
from workers.label_types.questions import answered, options_schema, questions_of

QUESTION = "multi_label_selection"
NONE_APPLIES = "secondlook:empty"


class SetsOnArgilla:
    """Implements Codec."""

    def controls(self, config: Any) -> Sequence[LabelSchema]:
        """The multi-label questions."""
        return [options_schema(row, value.KIND) for row in questions_of(config, QUESTION)]

    def valid(self, label: str, schema: LabelSchema) -> bool:
        """Whether it is a set of options. The empty set is none: the server takes no empty answer."""
        return label != value.NONE and value.valid(label, schema)

    def read(self, raw: Any, schema: LabelSchema) -> Reading:
        """The set that the answer names."""
        if raw is None or raw == []:
            return Reading(None, LabelStatus.EMPTY)
        if not isinstance(raw, list) or not all(isinstance(one, str) for one in raw):
            return Reading(None, LabelStatus.UNREADABLE)
        return value.reading(raw, schema)

    def scores(self, raw: Any, schema: LabelSchema) -> Mapping[str, float] | None:
        """The scores of a suggestion that names every class; else only the record's metadata can say."""
        named, scores = raw.get("value"), raw.get("score")
        if not isinstance(named, list) or not isinstance(scores, list) or len(named) != len(scores):
            return None
        if set(map(str, named)) != set(schema.classes):
            return None
        return class_scores({str(name): score for name, score in zip(named, scores, strict=True)})

    def write(self, raw: Any, schema: LabelSchema, label: str, meta: Json) -> list[str]:  # noqa: ARG002 - the protocol's signature
        """The answer."""
        return list(value.classes(label))

    def form(self, schema: LabelSchema, given: Any) -> Sequence[Any]:
        """A multi-label question that can also say that no label applies, or that there is a problem."""
        options = {name: schema.text(name) for name in schema.classes} | {
            NONE_APPLIES: "No label applies",
            NO_LABEL: "Cannot be answered (say why below)",
        }
        return [
            given.MultiLabelQuestion(REVIEW_CONTROL, options, title="Which labels are right?", required=True)
        ]

    def content(self, request: ReviewRequest, form: Any) -> ReviewContent:  # noqa: ARG002 - the protocol's signature
        """The suggested labels."""
        if request.suggestion is None:
            return ReviewContent({}, {})
        return ReviewContent({}, {REVIEW_CONTROL: list(value.classes(request.suggestion)) or [NONE_APPLIES]})

    def answer(self, raw: Any) -> str | None:
        """The labels chosen, or that none applies; None for both at once, and for neither."""
        chosen = answered(raw, REVIEW_CONTROL)
        if not isinstance(chosen, list) or not chosen or NO_LABEL in chosen:
            return None
        if chosen == [NONE_APPLIES]:
            return value.NONE
        return None if NONE_APPLIES in chosen else value.key(map(str, chosen))
