"""Which label types there are: the built-in ones, and those of other packages by entry point."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from types import MappingProxyType

from connector.errors import Misconfigured
from connector.model import CHOICE, LabelSchema
from connector.ports import Codecs
from workers.label_types.base import LabelType
from workers.label_types.boxes.label_type import Boxes
from workers.label_types.choice.label_type import Choice
from workers.label_types.multi_label.label_type import MultiLabel
from workers.label_types.rating.label_type import Rating
from workers.label_types.spans.label_type import Spans

GROUP = "secondlook.label_types"
# The most usual first: without a named control it is the first type that has one control in a project.
_BUILT_IN: tuple[LabelType, ...] = (Choice(), MultiLabel(), Rating(), Boxes(), Spans())


@cache
def label_types() -> Mapping[str, LabelType]:
    """Kind → its type. An installed package cannot take the place of a built-in type."""
    known = {one.kind: one for one in _BUILT_IN}
    for entry in sorted(entry_points(group=GROUP), key=lambda one: one.name):
        known.setdefault(entry.name, _loaded(entry.name, entry.load()))
    return MappingProxyType(known)


def label_type(kind: str) -> LabelType:
    """The type of that kind. Misconfigured where the package that offered it is gone."""
    known = label_types()
    if kind not in known:
        raise Misconfigured(
            f"no installed package offers the label type {kind!r} (there are {', '.join(known)})",
            field="label_control",
            remedy="Install the package, or name another control.",
        )
    return known[kind]


def codecs_of(platform: str) -> Codecs:
    """Kind → how that platform holds such labels, for the types that it can show."""
    return {kind: one.codecs[platform] for kind, one in label_types().items() if platform in one.codecs}


def codecs() -> Mapping[str, Codecs]:
    """The same of every platform."""
    return {platform: codecs_of(platform) for one in label_types().values() for platform in one.codecs}


@dataclass(frozen=True, slots=True)
class ValidLabels:
    """The labels that a control can carry, of which there may be too many to list."""

    schema: LabelSchema

    def __contains__(self, label: object) -> bool:
        return isinstance(label, str) and label_type(self.schema.kind).valid(label, self.schema)


def kind_of(schema: LabelSchema | None) -> LabelType:
    """The type of a project's labels; that of a single choice before it is known."""
    return label_type(CHOICE if schema is None else schema.kind)


def _loaded(name: str, value: object) -> LabelType:
    result = value() if isinstance(value, type) else value
    missing = [part for part in _parts() if not hasattr(result, part)]
    if missing or getattr(result, "kind", None) != name:
        raise Misconfigured(
            f"the label type {name!r} of an installed package is none: "
            + (f"it lacks {', '.join(missing)}" if missing else "it goes by another kind"),
            field=GROUP,
            remedy="Update the package, or remove it.",
        )
    return result  # type: ignore[return-value] # its parts were looked at


def _parts() -> Iterator[str]:
    return (name for name in ("kind", *vars(LabelType)) if not name.startswith("_"))
