"""Argilla's questions and the answers to them, for the codecs of label types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connector.model import LabelSchema
from connector.platforms.results import dicts


def questions_of(config: Any, kind: str) -> list[dict[str, Any]]:
    """The questions of one type."""
    rows = [row for row in dicts(config) if isinstance(row.get("settings"), dict)]
    return [row for row in rows if row["settings"].get("type") == kind]


def options_schema(row: Mapping[str, Any], kind: str) -> LabelSchema:
    """The schema of a question that has options."""
    options = {str(each.get("value")): each.get("text") for each in dicts(row["settings"].get("options"))}
    texts = tuple((name, text) for name, text in options.items() if isinstance(text, str) and text != name)
    return LabelSchema(str(row["name"]), "", tuple(options), (), kind, texts)


def options_of(form: Any, name: str) -> list[str]:
    """The values that a published question offers."""
    row = next((row for row in dicts(form) if row.get("name") == name), {})
    settings = row.get("settings")
    options = dicts(settings.get("options")) if isinstance(settings, dict) else []
    return [str(option.get("value")) for option in options]


def answered(response: Any, question: str) -> Any:
    """What a response says to a question; None for nothing."""
    values = response.get("values") if isinstance(response, dict) else None
    held = values.get(question) if isinstance(values, dict) else None
    return held.get("value") if isinstance(held, dict) else None
