"""Boxes, as the loop knows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connector.model import Issue, Json, LabelledItem, LabelSchema, Prediction
from connector.ports import Codec
from workers.label_types.base import Frame, Suspicions
from workers.label_types.boxes import ask, value
from workers.label_types.boxes.label_studio import BoxesOnLabelStudio
from workers.label_types.regions.label_type import InParts
from workers.label_types.regions.memory import PartsInMemory


class Boxes(InParts):
    """Implements LabelType."""

    kind = value.KIND
    keys = value.KEYS

    @property
    def codecs(self) -> Mapping[str, Codec]:
        in_memory = PartsInMemory(value.KIND, self.keys.valid, self.keys)
        return {"label_studio": BoxesOnLabelStudio(), "memory": in_memory}

    def detect(
        self,
        items: Sequence[LabelledItem],
        predictions: Sequence[Prediction | None],
        schema: LabelSchema,
        method: str,
    ) -> Suspicions:
        """By a model's regions, or those of the other annotators."""
        from workers.label_types.boxes.detect import detect  # numpy, only where labels are judged

        return detect(items, predictions, schema, method)

    def question(self, issue: Issue) -> str | None:
        """What speaks against the region."""
        return ask.question(issue)

    def framed(self, given: str, suggested: str) -> Frame | None:
        """The upright box about what is given and what the model says."""
        parts = [part for part in map(self.keys.part, (given, suggested)) if part is not None]
        if not parts:
            return None
        x1, y1, x2, y2, _ = self.keys.shape.around(parts[0].spot, parts[-1].spot).corners
        picture = parts[0].spot
        return Frame(x1, y1, x2, y2, picture.width, picture.height)

    def doubts(self, given: str, suggested: str) -> Json:
        """As detection would have it."""
        one, other = self.keys.part(given), self.keys.part(suggested)
        return {} if one is None or other is None else ask.doubts(one, other)

    def part_at(
        self, label: str, spot: Sequence[float], shown: tuple[float, float] | str | None, beside: str
    ) -> str | None:
        """A box in pixels of the picture; without its size, of the one that the item's boxes name."""
        known = next((part.spot for part in self.keys.parts(beside)), None)
        size = shown if isinstance(shown, tuple) else None
        if size is None and known is not None and (known.width, known.height) != value.PERCENT:
            size = known.width, known.height
        if size is None:
            return None
        x1, y1, x2, y2, turned = spot
        return f"{label} {value.Box(x1, y1, x2 - x1, y2 - y1, turned, *size)}"
