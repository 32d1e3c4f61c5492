"""Refusals of a configuration: the key, the value (never a secret's), where it stands, and the remedy."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from connector.config.reference import field_of, is_secret, names_below
from connector.errors import Misconfigured

Origins = dict[tuple[str, ...], str]  # key → the file or variable that gave its value

USER_OR_QUERY = re.compile(r"(?<=://)[^/?#\s]*@|[?#].*$", re.DOTALL)
LONGEST_VALUE = 60  # characters


def refusal(problems: Sequence[Mapping[str, Any]], origins: Origins) -> Misconfigured:
    """One error for all that pydantic found: the first in full, then the others."""
    field, message, remedy = _explain(problems[0], origins)
    rest = ["{}: {}. {}".format(*_explain(problem, origins)) for problem in problems[1:]]
    also = "".join(f"\nAlso {each}" for each in rest)
    return Misconfigured(message, field=field, remedy=remedy + also)


def unknown_variable(variable: str, path: Sequence[str]) -> Misconfigured:
    return Misconfigured(
        f"there is no setting {'.'.join(path)}",
        field=variable,
        remedy=f"{_suggestion(path)} Remove or correct the environment variable.",
    )


def _explain(problem: Mapping[str, Any], origins: Origins) -> tuple[str, str, str]:
    path = tuple(str(part) for part in problem["loc"])
    shown = _shown(path, problem)
    source = next((text for key, text in origins.items() if key[: len(path)] == path), None)
    where = f" (in {source})" if source else ""
    if problem["type"] == "extra_forbidden":
        return ".".join(path), f"unknown key{shown.replace(', not', ' =')}{where}", _suggestion(path)
    if problem["type"] == "missing":
        return ".".join(path), f"missing{where}", f"Add it. {_meaning(path)}".strip()
    message = str(problem["msg"]).removeprefix("Value error, ").removeprefix("Input ")
    if problem["type"] == "model_type":
        message = "should be a section with keys"
    return ".".join(path), f"{message}{shown}{where}", f"Correct it. {_meaning(path)}".strip()


def _shown(path: Sequence[str], problem: Mapping[str, Any]) -> str:
    """The refused value, unless it may be a secret: an unknown key can be a misspelled token."""
    value = problem.get("input")
    if problem["type"] == "missing" or is_secret(path):
        return ""
    if isinstance(value, (bool, int, float)):
        return f", not {str(value).lower()}"
    if problem["type"] == "extra_forbidden":
        near = _near(path)
        path = (*path[:-1], near or "")
    if not isinstance(value, str) or field_of(path) is None or names_below(path) or is_secret(path):
        return ""
    shown = USER_OR_QUERY.sub("***", value) if "://" in value else value
    return f", not {shown[:LONGEST_VALUE]!r}"


def _meaning(path: Sequence[str]) -> str:
    field = field_of(path)
    return (field.description or "") if field else ""


def _near(path: Sequence[str]) -> str | None:
    return next(iter(get_close_matches(path[-1], names_below(path[:-1]), n=1, cutoff=0.6)), None)


def _suggestion(path: Sequence[str]) -> str:
    near = _near(path)
    if near:
        return f"Did you mean {'.'.join([*path[:-1], near])}?"
    known = names_below(path[:-1])
    return f"Known here: {', '.join(known)}." if known else "See docs/configuration.md for all keys."
