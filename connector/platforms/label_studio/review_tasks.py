"""Review tasks and the answers to them, as Label Studio's JSON. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connector.model import CHOICE, Answer, Problem, ReviewRequest, ReviewSnapshot
from connector.model.moments import moment
from connector.platforms.label_studio import mapping
from connector.platforms.label_studio.review_config import (
    BATCH,
    CONTEXT,
    COUNTED,
    CROP,
    KEY,
    KIND,
    LABEL,
    NO_CROP,
    NOTE,
    PROBLEM,
    SHOWN_HTML,
    SHOWN_SAFE,
    SHOWN_TEXT,
    TITLE,
    safe_name,
)
from connector.platforms.plain import plain
from connector.platforms.results import choices_of, dicts, regions_of
from connector.ports import Codec, Codecs, PartsCodec

# One version for all: a project preselects the predictions of a single model version.
MODEL_VERSION = "secondlook"
OURS = "secondlook_"  # prefix of the fields that are ours
WITHDRAWN = "Withdrawn: "  # before the title of a task that was taken from the reviewers
_PROBLEMS = {problem.value: problem for problem in Problem}

Raw = dict[str, Any]


@dataclass(frozen=True, slots=True)
class LabelStudioForm:
    """A review project's config, and the fields of a task that it shows."""

    fields: tuple[str, ...]
    config: str


def task_for(request: ReviewRequest, form: LabelStudioForm, codec: Codec) -> Raw:
    """The import of one review task."""
    data: Raw = {k: v for k, v in request.data.items() if not k.startswith(OURS)}
    by_safe_name = {safe_name(name): value for name, value in request.data.items()}
    for field in form.fields:
        if field == COUNTED:
            data[field] = request.text
        elif field == CROP:
            data[field] = request.crop or NO_CROP
        elif field.startswith(SHOWN_HTML):
            data[field] = plain(_text(by_safe_name.get(field.removeprefix(SHOWN_HTML))))
        elif field.startswith(SHOWN_TEXT):
            data[field] = _text(by_safe_name.get(field.removeprefix(SHOWN_TEXT)))
        elif field.startswith(SHOWN_SAFE):
            data[field] = by_safe_name.get(field.removeprefix(SHOWN_SAFE)) or ""
        elif data.get(field) is None:
            data[field] = ""  # one missing field would fail the whole import
    content = codec.content(request, form.config)
    data |= {
        **content.fields,
        KEY: request.key,
        BATCH: request.batch,
        TITLE: request.title,
        CONTEXT: request.context,
        KIND: request.kind,
    }
    if not content.suggested:
        return {"data": data}
    score = {} if request.suggestion_score is None else {"score": request.suggestion_score}
    suggestion = {"model_version": MODEL_VERSION, "result": content.suggested, **score}
    return {"data": data, "predictions": [suggestion]}


def snapshot(raw: Mapping[str, Any], codecs: Codecs) -> ReviewSnapshot | None:
    """A review task with its answers; None for a task that we did not make, or of a type not known here."""
    data = raw.get("data")
    key = data.get(KEY) if isinstance(data, dict) else None
    if not isinstance(key, str) or not key:
        return None
    # What was asked before there were other types does not say its own.
    codec = codecs.get(str(data.get(KIND) or CHOICE)) if isinstance(data, dict) else None
    if codec is None or not isinstance(data, dict):
        return None
    task_id = str(raw["id"])
    answers = [answer(a, key, task_id, codec, data) for a in dicts(raw.get("annotations")) if "id" in a]
    overlap = raw.get("overlap")
    said = overlap if isinstance(overlap, int) else None
    withdrawn = str(data.get(TITLE) or "").startswith(WITHDRAWN)
    return ReviewSnapshot(key, task_id, tuple(answers), said, withdrawn, moment(raw.get("updated_at")))


def answer(raw: Mapping[str, Any], key: str, task_id: str, codec: Codec, asked: Mapping[str, Any]) -> Answer:
    """One reviewer's answer to what was `asked`; what cannot be read counts as not given."""
    result = raw.get("result")
    reviewer = mapping.user_id(raw.get("completed_by"))
    editor = mapping.user_id(raw.get("updated_by"))
    # An answer about a region says "cannot tell" among its verdicts.
    where = (PROBLEM, LABEL) if isinstance(codec, PartsCodec) else (PROBLEM,)
    chosen = [one for name in where for each in regions_of(result, name) for one in choices_of(each) or ()]
    return Answer(
        key=key,
        remote_task_id=task_id,
        remote_id=str(raw["id"]),
        reviewer=reviewer or "",
        label=codec.answer_to(result, asked) if isinstance(codec, PartsCodec) else codec.answer(result),
        problems=tuple(_PROBLEMS[value] for value in chosen if value in _PROBLEMS),
        note=_note(result),
        created_at=moment(raw.get("created_at")),
        updated_at=moment(raw.get("updated_at")),
        cancelled=bool(raw.get("was_cancelled")),
        edited_by_other=editor is not None and editor != reviewer,
        origin=_origin(result),
    )


def _note(result: Any) -> str | None:
    lines: list[str] = []
    for region in regions_of(result, NOTE):
        value = region.get("value")
        text = value.get("text") if isinstance(value, dict) else None
        texts = text if isinstance(text, list) else [text]
        lines += [line.strip() for line in texts if isinstance(line, str) and line.strip()]
    return "\n".join(lines) or None


def _origin(result: Any) -> str | None:
    for region in regions_of(result, LABEL):
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
