"""A single choice, as the loop knows it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from connector.model import Issue, LabelSchema
from connector.ports import Codec
from workers.label_types.base import Detects, WholeItem
from workers.label_types.choice import value
from workers.label_types.choice.argilla import ChoiceOnArgilla
from workers.label_types.choice.label_studio import ChoiceOnLabelStudio
from workers.label_types.memory import KeysInMemory


class Choice(WholeItem):
    """Implements LabelType."""

    kind = value.KIND

    @property
    def codecs(self) -> Mapping[str, Codec]:
        return {
            "label_studio": ChoiceOnLabelStudio(),
            "argilla": ChoiceOnArgilla(),
            "memory": KeysInMemory(value.KIND, value.valid),
        }

    @property
    def detect(self) -> Detects | None:
        """None: the scan's sources give a matrix of its classes."""
        return None

    def valid(self, label: str, schema: LabelSchema) -> bool:
        """Whether it is one of the classes."""
        return value.valid(label, schema)

    def classes(self, label: str) -> Sequence[str]:
        """The label itself."""
        return (label,)

    def names(self, schema: LabelSchema, seen: Collection[str]) -> tuple[str, ...]:  # noqa: ARG002 - the protocol's signature
        """The classes, whether seen or not."""
        return schema.classes

    def positions(self, said: Mapping[str, str], given: str, quorum: int) -> Mapping[str, str]:  # noqa: ARG002 - the protocol's signature
        """Each answer counts for itself."""
        return said

    def question(self, issue: Issue) -> str | None:  # noqa: ARG002 - the protocol's signature
        """The usual one."""
        return None
