"""What every form of an export has in common: a folder to write into, one example after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from workers.cli.offline.kinds import FileKind
from workers.cli.training.shapes import TrainingExample


@dataclass(frozen=True, slots=True)
class ExportPlan:
    """What is known before the first example: the kind of the labels and the classes in their order."""

    project: str
    kind: FileKind | None
    classes: tuple[str, ...]
    text: Callable[[Mapping[str, Any]], str | None] = lambda _: None  # of an item's data: what spans count in
    picture: Callable[[Mapping[str, Any]], str] = lambda _: ""  # the same: the address of what boxes are on


class ExampleWriter(Protocol):
    """Writes examples as they come. `files` are the paths that it made, relative to its folder.

    `remarks` are sentences of what the form cannot hold.
    """

    def add(self, example: TrainingExample) -> None:
        """One more."""
        ...

    def close(self) -> None:
        """Nothing more comes."""
        ...

    @property
    def remarks(self) -> Sequence[str]: ...


MakeWriter = Callable[[Path, ExportPlan], ExampleWriter]


def flat(data: Mapping[str, object]) -> dict[str, object]:
    """An item's data with objects within it under dotted names."""
    from workers.cli.offline.fields import flattened

    return dict(flattened(data))
