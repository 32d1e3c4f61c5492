"""Reading a dataset's settings: which question holds the label, and what it is about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connector.errors import Misconfigured
from connector.model import LabelSchema, ObjectTag

SINGLE_LABEL = "label_selection"
_KINDS = {"text": "Text", "image": "Image", "chat": "Chat", "custom": "Custom"}

Raw = dict[str, Any]


def schema_of(
    dataset: Raw, questions: Sequence[Raw], fields: Sequence[Raw], wanted: str | None
) -> LabelSchema:
    """The label schema; Misconfigured, with what there is, when nothing can be judged."""
    if dataset.get("status") != "ready":
        raise Misconfigured(
            f"dataset {dataset.get('name')!r} is a draft",
            field="project",
            remedy="Publish it in Argilla first.",
        )
    question = _chosen(questions, wanted)
    classes = tuple(str(option["value"]) for option in question["settings"]["options"])
    objects = tuple(ObjectTag(name, kind, name) for name, kind in map(_field, fields))
    return LabelSchema(str(question["name"]), objects[0].name if objects else "", classes, objects)


def kind_of(row: Raw) -> str:
    """A field's or a question's type."""
    settings = row.get("settings")
    return str(settings.get("type") or "") if isinstance(settings, dict) else ""


def single_labels(questions: Sequence[Raw]) -> list[str]:
    """The names of the questions that can be judged."""
    return [str(question["name"]) for question in questions if kind_of(question) == SINGLE_LABEL]


def _field(row: Raw) -> tuple[str, str]:
    return str(row.get("name")), _KINDS.get(kind_of(row), "Text")


def _chosen(questions: Sequence[Raw], wanted: str | None) -> Raw:
    usable = single_labels(questions)
    if wanted is not None and wanted not in usable:
        raise _unusable(f"there is no single-label question {wanted!r}", questions)
    if wanted is None and len(usable) != 1:
        said = "several questions could hold the label" if usable else "there is no single-label question"
        raise _unusable(said, questions)
    name = wanted if wanted is not None else usable[0]
    return next(question for question in questions if question.get("name") == name)


def _unusable(problem: str, questions: Sequence[Raw]) -> Misconfigured:
    there = ", ".join(f"{question.get('name')} ({kind_of(question)})" for question in questions) or "none"
    return Misconfigured(
        f"{problem} (questions: {there})",
        field="label_control",
        remedy="Name a question of type label_selection.",
    )
