"""Spans, as the loop knows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connector.model import Issue, Json, LabelledItem, LabelSchema, Prediction
from connector.ports import Codec
from workers.label_types.base import LabelTags, Suspicions
from workers.label_types.regions.label_type import InParts
from workers.label_types.regions.memory import PartsInMemory
from workers.label_types.spans import ask, value
from workers.label_types.spans.argilla import SpansOnArgilla
from workers.label_types.spans.label_studio import SpansOnLabelStudio
from workers.label_types.spans.tags import label_tags


class Spans(InParts):
    """Implements LabelType."""

    kind = value.KIND
    keys = value.KEYS

    @property
    def codecs(self) -> Mapping[str, Codec]:
        in_memory = PartsInMemory(value.KIND, self.keys.valid, self.keys)
        return {
            "label_studio": SpansOnLabelStudio(),
            "argilla": SpansOnArgilla(),
            "memory": in_memory,
        }

    def detect(
        self,
        items: Sequence[LabelledItem],
        predictions: Sequence[Prediction | None],
        schema: LabelSchema,
        method: str,
    ) -> Suspicions:
        """By a model's regions, or those of the other annotators."""
        from workers.label_types.spans.detect import detect  # numpy, only where labels are judged

        return detect(items, predictions, schema, method)

    def tags(self, texts: Sequence[str], labels: Sequence[str], schema: LabelSchema) -> LabelTags | None:
        """Words and signs, and where spans begin and go on."""
        return label_tags(texts, labels, schema.classes)

    def question(self, issue: Issue) -> str | None:
        """What speaks against the region."""
        return ask.question(issue)

    def doubts(self, given: str, suggested: str) -> Json:
        """As detection would have it."""
        one, other = self.keys.part(given), self.keys.part(suggested)
        return {} if one is None or other is None else ask.doubts(one, other)

    def part_at(
        self, label: str, spot: Sequence[float], shown: tuple[float, float] | str | None, beside: str
    ) -> str | None:
        """A span, with its words where the text is known; None for one that ends beyond it."""
        del beside
        start, end = map(int, spot)
        text = shown if isinstance(shown, str) else None
        if start < 0 or (text is not None and end > len(text)):
            return None
        return f"{label} {value.Span(start, end, '' if text is None else text[start:end])}"
