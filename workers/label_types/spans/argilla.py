"""Spans on Argilla: a span question, whose offsets are UTF-16 units of a field that the answer does not name.

A review shows the one span in question: a field has one span question, which knows no roles and no colours.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from connector.model import (
    Json,
    LabelSchema,
    LabelStatus,
    ObjectTag,
    Problem,
    Reading,
    ReviewRequest,
    WriteMode,
)
from connector.model.region_keys import NOTHING
from connector.platforms.results import (
    REVIEW_ASKED,
    REVIEW_CONTEXT,
    REVIEW_CONTROL,
    dicts,
    finite,
)
from connector.ports import ReviewContent
from workers.label_types.questions import answered, options_schema, questions_of
from workers.label_types.regions import ask
from workers.label_types.regions.ask import AskedKind
from workers.label_types.regions.keys import RegionPart
from workers.label_types.spans import words
from workers.label_types.spans.units import code_points, utf16_units
from workers.label_types.spans.value import KEYS, KIND, Span

QUESTION = "span"
MARKED = "marked"  # the span question of a review dataset

Raw = dict[str, Any]
Part = RegionPart[Span]


@dataclass(frozen=True, slots=True)
class SpansOnArgilla:
    """Implements ItemCodec. `data` are the fields of the record that answers are about."""

    data: Json = field(default_factory=dict)
    # In one response beside the original: a person's cannot be changed, and exports have all of them.
    write_mode: ClassVar[WriteMode] = WriteMode.GROUND_TRUTH

    def for_item(self, shown: Json, tags: Sequence[ObjectTag] = ()) -> SpansOnArgilla:  # noqa: ARG002 - the protocol's signature
        """The codec for the answers about one record."""
        return replace(self, data=shown)

    def controls(self, config: Any) -> Sequence[LabelSchema]:
        """The span questions, with the field that each is about."""
        rows = questions_of(config, QUESTION)
        return [replace(options_schema(row, KIND), to_name=str(row["settings"].get("field"))) for row in rows]

    def valid(self, label: str, schema: LabelSchema) -> bool:
        """Whether it is a label, or a part of one."""
        return KEYS.valid(label, schema)

    def read(self, raw: Any, schema: LabelSchema) -> Reading:
        """The spans of an answer; one that cannot be read makes it unreadable. An empty list is an answer."""
        if raw is None:
            return Reading(None, LabelStatus.EMPTY)
        if not isinstance(raw, list) or len(dicts(raw)) != len(raw):
            return Reading(None, LabelStatus.UNREADABLE)
        parts = [self._part(entry, schema.to_name) for entry in raw]
        result = [part for part in parts if part is not None]
        if len(result) != len(parts):
            return Reading(None, LabelStatus.UNREADABLE)
        if any(part.label not in schema.classes for part in result):
            return Reading(None, LabelStatus.UNKNOWN_CLASS)
        return Reading(KEYS.key(result), LabelStatus.VALID)

    def scores(self, raw: Any, schema: LabelSchema) -> Mapping[str, float] | None:
        """Of a suggestion: the part → its score, below 0 where it has none of its own.

        None where a span lies outside of the text, or splits a character.
        """
        if not isinstance(raw, dict) or not isinstance(raw.get("value"), list):
            return None
        value, scores = raw["value"], raw.get("score")
        own = scores if isinstance(scores, list) and len(scores) == len(value) else [None] * len(value)
        result: dict[str, float] = {}
        for entry, given in zip(value, own, strict=True):
            part, score = self._part(entry, schema.to_name), finite(given)
            if part is None:
                return None
            result[str(part)] = max(result.get(str(part), -1.0), -1.0 if score is None else score)
        return result

    # --- corrections ---

    def write(self, raw: Any, schema: LabelSchema, label: str, meta: Json) -> list[Raw]:  # noqa: ARG002 - the protocol's signature
        """The answer with this part added."""
        part = KEYS.part(label)
        added = [] if part is None or part.is_nothing else [self._entry(part, schema.to_name)]
        return [*dicts(raw), *added]

    def carries(self, label: str, part: str) -> bool:
        """As the keys say."""
        return KEYS.carries(label, part)

    def follows(self, label: str, given: str, part: str, before: str = "") -> bool:
        """As the keys say."""
        return KEYS.follows(label, given, part, before)

    def patch(self, raw: Any, schema: LabelSchema, given: str, part: str, meta: Json) -> list[Raw]:
        """The answer with one span changed, added or removed; a span there has no id and no mark."""
        old, new = KEYS.part(given), KEYS.part(part)
        if old is None or new is None:
            return list(dicts(raw))
        if old.is_nothing:
            return self.write(raw, schema, part, meta)
        wanted = [] if new.is_nothing else [self._entry(new, schema.to_name)]
        entries = list(dicts(raw))
        keys = [str(self._part(entry, schema.to_name)) for entry in entries]
        if given in keys:
            at = keys.index(given)
            entries[at : at + 1] = wanted
        return entries

    def restore(
        self,
        raw: Any,
        before: Any,  # noqa: ARG002 - the protocol's signature
        schema: LabelSchema,
        given: str,
        part: str,
        meta: Json,
    ) -> list[Raw]:
        """The answer with the given span again."""
        return self.patch(raw, schema, part, given, meta)

    def refused(self, raw: Any, schema: LabelSchema) -> str | None:
        """Why the server would not take the answer: it holds UTF-16 ends against a length in characters."""
        length = len(self._text(schema.to_name))
        if all(entry["end"] <= length for entry in dicts(raw)):
            return None
        return (
            f"Argilla takes no span that ends among the last characters of a text with emoji "
            f"(it counts {length} characters, and more to a span's end)"
        )

    # --- the review dataset ---

    def form(self, schema: LabelSchema, given: Any) -> Sequence[Any]:
        """The verdict, and a span question for the one span that is meant."""
        shown = next((tag.field for tag in schema.objects if tag.name == schema.to_name), schema.to_name)
        return [
            given.LabelQuestion(
                REVIEW_CONTROL, dict(words.VERDICTS), title="What is right there?", required=True
            ),
            given.SpanQuestion(
                MARKED,
                field=shown,
                labels=list(schema.classes),
                allow_overlapping=True,
                title="The span in question (mend it only for the answer that says so)",
                required=False,
            ),
        ]

    def content(self, request: ReviewRequest, form: Any) -> ReviewContent:
        """The span in question, marked where the server takes it, and what is known of it in words."""
        name = next((str(row["settings"].get("field")) for row in questions_of(form, QUESTION)), "")
        given, suggested = KEYS.part(request.given), KEYS.part(request.suggested)
        if given is None or suggested is None:
            return ReviewContent({}, {})
        text = request.text or request.data.get(name)
        bound = self.for_item({name: text})
        if request.blind:
            return bound.blind_question(request.context, KEYS.shape.around(given.spot, suggested.spot), name)
        return bound.open_question(request, given, suggested, name)

    def open_question(self, request: ReviewRequest, given: Part, suggested: Part, name: str) -> ReviewContent:
        """What is given and what the model says; the span that is there, or would be, is marked."""
        text = self._text(name)
        others = [part for part in KEYS.parts(request.around) if str(part) != request.given]
        context = words.question(request.context, given, suggested, others, text)
        asked = {"field": name, "given": str(given), "suggested": str(suggested)}
        missing = ask.asked_kind(KEYS, given, suggested) is AskedKind.MISSING
        entry = self._entry(suggested if missing else given, name)
        marked = {MARKED: [entry]} if entry["end"] <= len(text) else {}
        shown = {name: text, REVIEW_CONTEXT: context, REVIEW_ASKED: json.dumps(asked)}
        return ReviewContent(shown, marked)

    def blind_question(self, context: str, place: Span, name: str) -> ReviewContent:
        """A place, and nothing of what was said of it."""
        text = self._text(name)
        spot = Span(place.start, place.end, text[place.start : place.end])
        asked = {"field": name, "spot": str(RegionPart(NOTHING, spot))}
        shown = {
            name: text,
            REVIEW_CONTEXT: words.blind(context, spot, text),
            REVIEW_ASKED: json.dumps(asked),
        }
        return ReviewContent(shown, {})

    def answer(self, raw: Any) -> str | None:  # noqa: ARG002 - the protocol's signature
        """None: an answer about a span is read beside what was asked."""
        return None

    def answer_to(self, raw: Any, asked: Json) -> str | None:
        """The part that the verdict stands for. What is marked counts only where the verdict says so:
        who did not look at it leaves it as it was.
        """
        code, name = answered(raw, REVIEW_CONTROL), str(asked.get("field"))
        if not isinstance(code, str) or code == Problem.CANNOT_TELL:
            return None
        entries = dicts(answered(raw, MARKED))
        parts = [part for entry in entries if (part := self._part(entry, name)) is not None]
        if len(parts) != len(entries):
            return None
        spot = KEYS.part(str(asked.get("spot")))
        if spot is not None:
            return ask.answered_blind(KEYS, code, spot, parts)
        given, suggested = (KEYS.part(str(asked.get(one))) for one in ("given", "suggested"))
        if given is None or suggested is None:
            return None
        shown = suggested if given.is_nothing else given
        return ask.answered(KEYS, code, given, suggested, parts or [shown])

    # --- one span ---

    def _text(self, name: str) -> str:
        text = self.data.get(name)
        return text if isinstance(text, str) else ""

    def _part(self, entry: Any, name: str) -> Part | None:
        """A span as it is drawn; None where it lies outside, or splits a character."""
        if not isinstance(entry, dict) or not isinstance(entry.get("label"), str):
            return None
        start, end, text = entry.get("start"), entry.get("end"), self._text(name)
        if not isinstance(start, int) or not isinstance(end, int):
            return None
        place = code_points(text, start, end)
        return None if place is None else RegionPart(entry["label"], Span(*place, text[slice(*place)]))

    def _entry(self, part: Part, name: str) -> Raw:
        start, end = utf16_units(self._text(name), part.spot.start, part.spot.end)
        return {"label": part.label, "start": start, "end": end}
