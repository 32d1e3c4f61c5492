"""A rating, as the loop knows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connector.model import Issue, LabelledItem, LabelSchema, Prediction
from connector.ports import Codec
from workers.label_types.base import LabelNumbers, Suspicions, WholeItem
from workers.label_types.memory import KeysInMemory
from workers.label_types.rating import ask, merge, value
from workers.label_types.rating.argilla import RatingOnArgilla
from workers.label_types.rating.label_studio import RatingOnLabelStudio


class Rating(WholeItem):
    """Implements LabelType."""

    kind = value.KIND

    @property
    def codecs(self) -> Mapping[str, Codec]:
        return {
            "label_studio": RatingOnLabelStudio(),
            "argilla": RatingOnArgilla(),
            "memory": KeysInMemory(value.KIND, value.valid),
        }

    def detect(
        self,
        items: Sequence[LabelledItem],
        predictions: Sequence[Prediction | None],
        schema: LabelSchema,
        method: str,
    ) -> Suspicions:
        """By the distance from what the model expects."""
        from workers.label_types.rating.detect import detect  # numpy, only where labels are judged

        return detect(items, predictions, schema, method)

    def numbers(self, labels: Sequence[str], schema: LabelSchema) -> LabelNumbers:  # noqa: ARG002 - the protocol's signature
        """The number itself."""
        return LabelNumbers((value.EXPECTED,), [[float(label)] for label in labels], marked=False)

    def positions(self, answers: Mapping[str, str], given: str, quorum: int) -> Mapping[str, str]:
        """Ratings within a step agree."""
        return merge.positions(answers, given, quorum)

    def question(self, issue: Issue) -> str | None:
        """What the model expects."""
        return ask.question(issue)
