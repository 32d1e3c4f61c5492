"""What can be set, read from the classes: for the reference page, for the environment, for suggestions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from inspect import isclass
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import AfterValidator, BaseModel
from pydantic.fields import FieldInfo

from connector.config.settings import Settings
from connector.config.types import OneOf, SecretRef

PROJECT_PLACE = "NAME"


@dataclass(frozen=True, slots=True)
class Entry:
    key: str
    kind: str
    default: str
    description: str


def plain(annotation: Any) -> Any:
    """`Annotated[X, ...] | None` → X."""
    if get_origin(annotation) is Annotated:
        return plain(get_args(annotation)[0])
    options = [each for each in get_args(annotation) if each is not NoneType]
    if NoneType in get_args(annotation) and len(options) == 1:
        return plain(options[0])
    return annotation


def annotation_of(path: Sequence[str]) -> Any | None:
    """The type that stands at a key; None for a key that does not exist."""
    current: Any = Settings
    for name in path:
        if isclass(current) and issubclass(current, BaseModel):
            if name not in current.model_fields:
                return None
            current = plain(current.model_fields[name].annotation)
        elif get_origin(current) is Mapping:
            current = plain(get_args(current)[1])
        else:
            return None
    return current


def field_of(path: Sequence[str]) -> FieldInfo | None:
    """The declared field at a key; None for a project's name and for a key that does not exist."""
    parent = annotation_of(path[:-1]) if path else None
    return parent.model_fields.get(path[-1]) if isclass(parent) and issubclass(parent, BaseModel) else None


def names_below(path: Sequence[str]) -> list[str]:
    """The keys that a section has."""
    section = annotation_of(path)
    return list(section.model_fields) if isclass(section) and issubclass(section, BaseModel) else []


def is_secret(path: Sequence[str]) -> bool:
    return any(annotation_of(path[: n + 1]) is SecretRef for n in range(len(path)))


def entries(path: tuple[str, ...] = ()) -> Iterator[Entry]:
    """Every key, in the order of the classes."""
    for name in names_below(path):
        here = (*path, name)
        kind = annotation_of(here)
        if get_origin(kind) is Mapping and _is_section(plain(get_args(kind)[1])):
            yield from entries((*here, PROJECT_PLACE))
        elif isclass(kind) and issubclass(kind, BaseModel) and kind is not SecretRef:
            yield from entries(here)
        else:
            yield _entry(here)


def _is_section(kind: Any) -> bool:
    return isclass(kind) and issubclass(kind, BaseModel)


def _entry(path: tuple[str, ...]) -> Entry:
    field = field_of(path)
    if field is None:  # `entries` visits declared fields alone
        raise LookupError(path)
    default = "required" if field.is_required() else _value(field.default)
    names = _names([*field.metadata, field.annotation])
    return Entry(
        key=".".join(path),
        kind=" or ".join(f"`{name}`" for name in names) or _kind(annotation_of(path), field),
        default=default,
        description=field.description or "",
    )


def _names(parts: Sequence[Any]) -> Sequence[str]:
    """The names that a text must be one of; none where it may be any."""
    for part in parts:
        if isinstance(part, AfterValidator) and isinstance(part.func, OneOf):
            return part.func.known()
        if names := _names(get_args(part)):
            return names
    return ()


def _kind(annotation: Any, field: FieldInfo) -> str:
    if annotation is SecretRef:
        return "secret, by reference"
    if get_origin(annotation) is Literal:
        return " or ".join(f"`{value}`" for value in get_args(annotation))
    if get_origin(annotation) is tuple:
        return "list of texts"
    if get_origin(annotation) is Mapping:
        return "table of texts" if get_args(annotation)[1] is str else "table of whole numbers"
    if isclass(annotation) and issubclass(annotation, Enum):
        return " or ".join(f"`{member.value}`" for member in annotation)
    names = {bool: "true or false", int: "whole number", float: "number", str: "text", Path: "path"}
    return names[annotation] + _limits(field)


def _limits(field: FieldInfo) -> str:
    signs = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
    limits = [
        f"{sign} {getattr(rule, name):g}"
        for rule in field.metadata
        for name, sign in signs.items()
        if getattr(rule, name, None) is not None
    ]
    return f" ({', '.join(limits)})" if limits else ""


def _value(value: Any) -> str:
    if value is None or value in ((), {}):
        return "unset" if value is None else "empty"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        return f"`{[str(each) for each in value]}`".replace("'", '"')
    return f"`{value.value if isinstance(value, Enum) else value}`"


def render_reference() -> str:
    """The tables of docs/configuration.md, one for each section."""
    tables: dict[str, list[Entry]] = {}
    for entry in entries():
        tables.setdefault(entry.key.rpartition(".")[0], []).append(entry)
    return "\n".join(_table(section, rows) for section, rows in tables.items())


def _table(section: str, rows: Sequence[Entry]) -> str:
    lines = [
        f"### `[{section}]`" if section else "### Top level",
        "",
        "| Key | Type | Default | Meaning |",
        "|---|---|---|---|",
        *(
            f"| `{row.key.rpartition('.')[2]}` | {row.kind} | {row.default} | {row.description} |"
            for row in rows
        ),
        "",
    ]
    return "\n".join(lines)
