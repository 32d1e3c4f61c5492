"""Review tasks and the answers to them, as Label Studio's JSON. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connector.model import Answer, Problem, ReviewRequest, ReviewSnapshot
from connector.platforms.label_studio import mapping
from connector.platforms.label_studio.review_config import (
    BATCH,
    CONTEXT,
    KEY,
    LABEL,
    NOTE,
    OPTIONS,
    OTHER,
    OTHER_LABEL,
    PROBLEM,
    SHOWN_HTML,
    SHOWN_SAFE,
    SHOWN_TEXT,
    TARGET,
    TITLE,
    safe_name,
)
from connector.platforms.plain import plain

# One version for all: a project preselects the predictions of a single model version.
MODEL_VERSION = "secondlook"
OURS = "secondlook_"  # prefix of the fields that are ours
_PROBLEMS = {problem.value: problem for problem in Problem}

Raw = dict[str, Any]


@dataclass(frozen=True, slots=True)
class LabelStudioForm:
    """What a review project's config asks of a task: the fields it shows, and how it offers labels."""

    fields: tuple[str, ...]
    many: bool


def task_for(request: ReviewRequest, form: LabelStudioForm) -> Raw:
    """The import of one review task."""
    data: Raw = {k: v for k, v in request.data.items() if not k.startswith(OURS)}
    by_safe_name = {safe_name(name): value for name, value in request.data.items()}
    for field in form.fields:
        if field.startswith(SHOWN_HTML):
            data[field] = plain(_text(by_safe_name.get(field.removeprefix(SHOWN_HTML))))
        elif field.startswith(SHOWN_TEXT):
            data[field] = _text(by_safe_name.get(field.removeprefix(SHOWN_TEXT)))
        elif field.startswith(SHOWN_SAFE):
            data[field] = by_safe_name.get(field.removeprefix(SHOWN_SAFE)) or ""
        elif data.get(field) is None:
            data[field] = ""  # one missing field would fail the whole import
    options = tuple(dict.fromkeys(request.options))
    data |= {
        KEY: request.key,
        BATCH: request.batch,
        TITLE: request.title,
        CONTEXT: request.context,
        OPTIONS: [{"value": option} for option in (*options, OTHER)],
    }
    if request.suggestion is None:
        return {"data": data}
    searched = form.many and request.suggestion not in options
    return {"data": data, "predictions": [_suggestion(request, request.suggestion, searched=searched)]}


def _suggestion(request: ReviewRequest, label: str, *, searched: bool) -> Raw:
    result = [_region(LABEL, "choices", [OTHER if searched else label])]
    if searched:
        result.append(_region(OTHER_LABEL, "taxonomy", [[label]]))
    score = {} if request.suggestion_score is None else {"score": request.suggestion_score}
    return {"model_version": MODEL_VERSION, "result": result, **score}


def _region(control: str, kind: str, value: list[Any]) -> Raw:
    return {
        "id": f"suggestion-{control}",  # text: a number would hang the page
        "from_name": control,
        "to_name": TARGET,
        "type": kind,
        "value": {kind: value},
    }


def snapshot(raw: Mapping[str, Any]) -> ReviewSnapshot | None:
    """A review task with its answers; None for a task that we did not make."""
    data = raw.get("data")
    key = data.get(KEY) if isinstance(data, dict) else None
    if not isinstance(key, str) or not key:
        return None
    task_id = str(raw["id"])
    answers = [answer(a, key, task_id) for a in mapping.dicts(raw.get("annotations")) if "id" in a]
    return ReviewSnapshot(key, task_id, tuple(answers))


def answer(raw: Mapping[str, Any], key: str, task_id: str) -> Answer:
    """One reviewer's answer; what cannot be read counts as not given."""
    result = raw.get("result")
    reviewer = mapping.user_id(raw.get("completed_by"))
    editor = mapping.user_id(raw.get("updated_by"))
    chosen = _choices(result, PROBLEM)
    return Answer(
        key=key,
        remote_task_id=task_id,
        remote_id=str(raw["id"]),
        reviewer=reviewer or "",
        label=_label(result),
        problems=tuple(_PROBLEMS[value] for value in chosen if value in _PROBLEMS),
        note=_note(result),
        created_at=mapping.moment(raw.get("created_at")),
        updated_at=mapping.moment(raw.get("updated_at")),
        cancelled=bool(raw.get("was_cancelled")),
        edited_by_other=editor is not None and editor != reviewer,
        origin=_origin(result),
    )


def _label(result: Any) -> str | None:
    values = set(_choices(result, LABEL))
    if len(values) != 1:
        return None
    label = values.pop()
    # A search result left behind before another option was chosen says nothing.
    return _searched(result) if label == OTHER else label


def _searched(result: Any) -> str | None:
    for region in mapping.regions_of(result, OTHER_LABEL):
        value = region.get("value")
        paths = value.get("taxonomy") if isinstance(value, dict) else None
        if isinstance(paths, list) and len(paths) == 1 and isinstance(paths[0], list) and paths[0]:
            return paths[0][-1] if isinstance(paths[0][-1], str) else None
    return None


def _choices(result: Any, control: str) -> list[str]:
    return [
        value for region in mapping.regions_of(result, control) for value in mapping.choices_of(region) or ()
    ]


def _note(result: Any) -> str | None:
    lines: list[str] = []
    for region in mapping.regions_of(result, NOTE):
        value = region.get("value")
        text = value.get("text") if isinstance(value, dict) else None
        texts = text if isinstance(text, list) else [text]
        lines += [line.strip() for line in texts if isinstance(line, str) and line.strip()]
    return "\n".join(lines) or None


def _origin(result: Any) -> str | None:
    for region in mapping.regions_of(result, LABEL):
        if isinstance(region.get("origin"), str):
            return str(region["origin"])
    return None


def _text(value: Any) -> str:
    if value is None:
        return ""
    if _is_talk(value):
        return "\n\n".join(f"{turn['role']}: {turn['content']}" for turn in value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1)


def _is_talk(value: Any) -> bool:
    """Whether it is a conversation, as Argilla's chat fields hold it."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(turn, dict) and {"role", "content"} <= turn.keys() for turn in value)
    )
