"""Reading a dataset's settings: which question holds the label, and what it is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from connector.errors import Misconfigured
from connector.model import LabelSchema, ObjectTag
from connector.ports import Codecs

_KINDS = {"text": "Text", "image": "Image", "chat": "Chat", "custom": "Custom"}

Raw = dict[str, Any]


def schema_of(
    dataset: Raw, questions: Sequence[Raw], fields: Sequence[Raw], wanted: str | None, codecs: Codecs
) -> LabelSchema:
    """The label schema; Misconfigured, with what there is, when nothing can be judged.

    Without a name it is the only question of the first type that has any.
    """
    if dataset.get("status") != "ready":
        raise Misconfigured(
            f"dataset {dataset.get('name')!r} is a draft",
            field="project",
            remedy="Publish it in Argilla first.",
        )
    chosen = _chosen(questions, wanted, codecs)
    objects = tuple(ObjectTag(name, kind, name) for name, kind in map(_field, fields))
    first = objects[0].name if objects else ""
    return replace(chosen, to_name=chosen.to_name or first, objects=objects)


def kind_of(row: Raw) -> str:
    """A field's or a question's type."""
    settings = row.get("settings")
    return str(settings.get("type") or "") if isinstance(settings, dict) else ""


def judged_questions(questions: Sequence[Raw], codecs: Codecs) -> dict[str, str]:
    """The questions that can be judged, and the type of each."""
    return {one.control: one.kind for codec in codecs.values() for one in codec.controls(questions)}


def _field(row: Raw) -> tuple[str, str]:
    return str(row.get("name")), _KINDS.get(kind_of(row), "Text")


def _chosen(questions: Sequence[Raw], wanted: str | None, codecs: Codecs) -> LabelSchema:
    by_type = [codec.controls(questions) for codec in codecs.values()]
    if wanted is not None:
        named = next((one for result in by_type for one in result if one.control == wanted), None)
        if named is None:
            raise _unusable(f"there is no question {wanted!r} that can be judged", questions)
        return named
    candidates = next((result for result in by_type if result), ())
    if len(candidates) != 1:
        several = "several questions could hold the label"
        raise _unusable(several if candidates else "there is no question that can be judged", questions)
    return candidates[0]


def _unusable(problem: str, questions: Sequence[Raw]) -> Misconfigured:
    there = ", ".join(f"{question.get('name')} ({kind_of(question)})" for question in questions) or "none"
    return Misconfigured(
        f"{problem} (questions: {there})",
        field="label_control",
        remedy="Name a question of a type that docs/label-types.md lists, such as label_selection.",
    )
