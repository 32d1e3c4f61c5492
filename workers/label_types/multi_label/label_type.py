"""Several choices, as the loop knows them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from connector.model import Issue, LabelledItem, LabelSchema, Prediction
from connector.ports import Codec
from workers.label_types.base import LabelNumbers, Suspicions, WholeItem
from workers.label_types.memory import KeysInMemory
from workers.label_types.multi_label import ask, merge, value
from workers.label_types.multi_label.argilla import SetsOnArgilla
from workers.label_types.multi_label.label_studio import SetsOnLabelStudio


class MultiLabel(WholeItem):
    """Implements LabelType."""

    kind = value.KIND

    @property
    def codecs(self) -> Mapping[str, Codec]:
        return {
            "label_studio": SetsOnLabelStudio(),
            "argilla": SetsOnArgilla(),
            "memory": KeysInMemory(value.KIND, value.valid),
        }

    def detect(
        self,
        items: Sequence[LabelledItem],
        predictions: Sequence[Prediction | None],
        schema: LabelSchema,
        method: str,
    ) -> Suspicions:
        """One binary problem for each class."""
        from workers.label_types.multi_label.detect import detect  # numpy, only where labels are judged

        return detect(items, predictions, schema, method)

    def names(self, schema: LabelSchema, seen: Collection[str]) -> tuple[str, ...]:  # noqa: ARG002 - the protocol's signature
        """The sets seen: there are too many to list."""
        return tuple(sorted(seen))

    def numbers(self, labels: Sequence[str], schema: LabelSchema) -> LabelNumbers:
        """A mark for each class, also for those that the control has no more."""
        sets = [frozenset(value.classes(label)) for label in labels]
        names = tuple(dict.fromkeys([*schema.classes, *sorted(frozenset().union(*sets))]))
        return LabelNumbers(names, [[float(name in one) for name in names] for one in sets], marked=True)

    def positions(self, answers: Mapping[str, str], given: str, quorum: int) -> Mapping[str, str]:  # noqa: ARG002 - the protocol's signature
        """A majority for each class."""
        return merge.positions(answers, quorum)

    def pooled(self, given: str, suggested: str) -> tuple[str, str]:
        """The classes that would go, and those that would come: the same of many sets."""
        before, after = frozenset(value.classes(given)), frozenset(value.classes(suggested))
        return value.key(before - after), value.key(after - before)

    def question(self, issue: Issue) -> str | None:
        """The classes in doubt."""
        return ask.question(issue)
