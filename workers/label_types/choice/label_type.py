"""A single choice, as the loop knows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connector.ports import Codec
from workers.label_types.base import Detects, WholeItem
from workers.label_types.choice import value
from workers.label_types.choice.argilla import ChoiceOnArgilla
from workers.label_types.choice.label_studio import ChoiceOnLabelStudio
from workers.label_types.memory import KeysInMemory


class Choice(WholeItem):
    """Implements LabelType: each answer counts for itself, and the usual question is asked."""

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

    def classes(self, label: str) -> Sequence[str]:
        """The label itself."""
        return (label,)
