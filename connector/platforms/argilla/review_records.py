"""Review records and the answers to them, as Argilla's JSON. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connector.errors import Rejected
from connector.model import Answer, Problem, ReviewRequest, ReviewSnapshot
from connector.platforms.argilla import mapping
from connector.platforms.argilla.review_settings import (
    BATCH,
    CONTEXT,
    KEY,
    LABEL,
    MORE,
    NO_LABEL,
    NOTE,
    OTHER,
    OTHER_LABEL,
    PROBLEM,
    SHOWN_HTML,
)
from connector.platforms.plain import plain

_OURS = "secondlook_"  # prefix of the fields that are ours
_AGENT = re.compile(r"[^A-Za-z0-9\-_:./ ]")
_AGENT_CHARS = 200
_PROBLEMS = {problem.value: problem for problem in Problem}

Raw = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ArgillaForm:
    """What a published review dataset has: its fields by type, its classes, its questions' ids."""

    fields: Mapping[str, str]
    classes: frozenset[str]
    question_ids: Mapping[str, str]


def record_for(request: ReviewRequest, form: ArgillaForm) -> Raw:
    """The upsert of one review record. Our key is its external id, so a second push changes nothing."""
    fields: Raw = {CONTEXT: f"{request.title}\n\n{request.context}"}
    rest: Raw = {}
    for name, value in request.data.items():
        if name.startswith(_OURS) or value is None:
            continue
        kind = form.fields.get(name)
        shown = _shown(name, value, kind)
        if shown is not None:
            fields[name] = shown
        elif kind is None and f"{SHOWN_HTML}{name}" in form.fields:
            fields[f"{SHOWN_HTML}{name}"] = plain(str(value))
        else:
            rest[name] = value
    if rest:
        fields[MORE] = json.dumps(rest, ensure_ascii=False, indent=1)
    metadata = {KEY: request.key, BATCH: request.batch}
    return {
        "external_id": request.key,
        "fields": fields,
        "metadata": metadata,
        "suggestions": _suggestions(request, form),
    }


def _shown(name: str, value: Any, kind: str | None) -> Any:
    """A value as a field of this type takes it; None where it does not."""
    if kind == "text":
        return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1)
    if kind == "image":
        if isinstance(value, str) and value.startswith(("http:", "https:", "data:")):
            return value
        # As a text it would be no image, and the reviewer would judge something unseen.
        raise Rejected(f"the image in {name!r} has no address that can be opened from Argilla")
    if kind == "chat":
        return value if _is_chat(value) else None
    return None


def _is_chat(value: Any) -> bool:
    rows = mapping.dicts(value)
    return bool(rows) and all(isinstance(row.get("role"), str) and "content" in row for row in rows)


def _suggestions(request: ReviewRequest, form: ArgillaForm) -> list[Raw]:
    if request.suggestion is None:
        return []
    known = request.suggestion in form.classes
    given = {LABEL: request.suggestion} if known else {LABEL: OTHER, OTHER_LABEL: request.suggestion}
    agent = _AGENT.sub("-", request.model_version)[:_AGENT_CHARS].strip()
    return [
        {
            "question_id": form.question_ids[name],
            "value": value,
            "score": request.suggestion_score if name == LABEL else None,
            "agent": agent or None,
        }
        for name, value in given.items()
    ]


def snapshot(raw: Mapping[str, Any]) -> ReviewSnapshot | None:
    """A review record with its answers; None for a record that we did not make."""
    key = mapping.metadata_of(raw).get(KEY)
    if not isinstance(key, str) or not key:
        return None
    record_id = str(raw["id"])
    # A draft is not given yet: its author may still think again.
    given = [row for row in mapping.dicts(raw.get("responses")) if row.get("status") != "draft"]
    return ReviewSnapshot(key, record_id, tuple(answer(row, key, record_id) for row in given if "id" in row))


def answer(raw: Mapping[str, Any], key: str, record_id: str) -> Answer:
    """One reviewer's answer; what cannot be read counts as not given.

    Argilla does not say who edited a response, nor whether a suggestion was kept or typed anew.
    """
    note = mapping.answered(raw, NOTE)
    chosen = mapping.answered(raw, PROBLEM)
    return Answer(
        key=key,
        remote_task_id=record_id,
        remote_id=str(raw["id"]),
        reviewer=str(raw.get("user_id") or ""),
        label=_label(raw),
        problems=tuple(_PROBLEMS[one] for one in chosen if one in _PROBLEMS)
        if isinstance(chosen, list)
        else (),
        note=note.strip() or None if isinstance(note, str) else None,
        created_at=mapping.moment(raw.get("inserted_at")),
        updated_at=mapping.moment(raw.get("updated_at")),
        cancelled=raw.get("status") == "discarded",
        edited_by_other=False,
        origin=None,
    )


def _label(raw: Mapping[str, Any]) -> str | None:
    chosen = mapping.answered(raw, LABEL)
    if chosen == OTHER:
        chosen = mapping.answered(raw, OTHER_LABEL)
        chosen = chosen.strip() if isinstance(chosen, str) else None
    return chosen if isinstance(chosen, str) and chosen not in ("", NO_LABEL) else None
