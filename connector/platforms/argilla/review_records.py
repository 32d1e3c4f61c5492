"""Review records and the answers to them, as Argilla's JSON. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connector.errors import Rejected
from connector.model import CHOICE, Answer, Problem, ReviewRequest, ReviewSnapshot
from connector.model.moments import moment
from connector.platforms.argilla import mapping
from connector.platforms.argilla.review_settings import (
    ASKED,
    BATCH,
    CONTEXT,
    KEY,
    KIND,
    LABEL,
    MORE,
    NOTE,
    PROBLEM,
    SHOWN_HTML,
)
from connector.platforms.plain import plain
from connector.platforms.results import dicts
from connector.ports import Codec, Codecs, PartsCodec

_OURS = "secondlook_"  # prefix of the fields that are ours
_AGENT = re.compile(r"[^A-Za-z0-9\-_:./ ]")
_AGENT_CHARS = 200
_PROBLEMS = {problem.value: problem for problem in Problem}

Raw = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ArgillaForm:
    """What a published review dataset has: its fields by type, and its questions."""

    fields: Mapping[str, str]
    questions: Sequence[Raw]

    def id_of(self, question: str) -> str:
        return next(str(row["id"]) for row in self.questions if row.get("name") == question)


def record_for(request: ReviewRequest, form: ArgillaForm, codec: Codec) -> Raw:
    """The upsert of one review record. Our key is its external id, so a second push changes nothing."""
    content = codec.content(request, form.questions)
    context = content.fields.get(CONTEXT, request.context)
    fields: Raw = {CONTEXT: f"{request.title}\n\n{context}"}
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
    fields |= {name: value for name, value in content.fields.items() if name in fields and name != CONTEXT}
    if rest:
        fields[MORE] = json.dumps(rest, ensure_ascii=False, indent=1)
    metadata = {KEY: request.key, BATCH: request.batch, KIND: request.kind}
    metadata |= {ASKED: content.fields[ASKED]} if ASKED in content.fields else {}
    return {
        "external_id": request.key,
        "fields": fields,
        "metadata": metadata,
        "suggestions": _suggestions(request, form, content.suggested),
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
    rows = dicts(value)
    return bool(rows) and all(isinstance(row.get("role"), str) and "content" in row for row in rows)


def _suggestions(request: ReviewRequest, form: ArgillaForm, given: Mapping[str, Any]) -> list[Raw]:
    agent = _AGENT.sub("-", request.model_version)[:_AGENT_CHARS].strip()
    return [
        {
            "question_id": form.id_of(name),
            "value": value,
            "score": request.suggestion_score if name == LABEL and isinstance(value, str) else None,
            "agent": agent or None,
        }
        for name, value in given.items()
    ]


def snapshot(raw: Mapping[str, Any], codecs: Codecs) -> ReviewSnapshot | None:
    """A review record with its answers; None for one that we did not make, or of a type not known here."""
    key = mapping.metadata_of(raw).get(KEY)
    if not isinstance(key, str) or not key:
        return None
    # What was asked before there were other types does not say its own.
    codec = codecs.get(str(mapping.metadata_of(raw).get(KIND) or CHOICE))
    if codec is None:
        return None
    record_id = str(raw["id"])
    # A draft is not given yet: its author may still think again.
    given = [row for row in dicts(raw.get("responses")) if row.get("status") != "draft"]
    read = mapping.codec_of(raw, codec)
    answers = [answer(row, key, record_id, read, _asked(raw)) for row in given if "id" in row]
    # The record's own stamp, not its answers': one that is deleted leaves the others, which are older.
    return ReviewSnapshot(key, record_id, tuple(answers), changed_at=moment(raw.get("updated_at")))


def _asked(raw: Mapping[str, Any]) -> Raw:
    """What a codec noted of the question."""
    held = mapping.metadata_of(raw).get(ASKED)
    try:
        asked = json.loads(held) if isinstance(held, str) else {}
    except (ValueError, RecursionError):
        return {}
    return asked if isinstance(asked, dict) else {}


def answer(raw: Mapping[str, Any], key: str, record_id: str, codec: Codec, asked: Raw) -> Answer:
    """One reviewer's answer to what was `asked`; what cannot be read counts as not given.

    Argilla does not say who edited a response, nor whether a suggestion was kept or typed anew.
    """
    note = mapping.answered(raw, NOTE)
    chosen = mapping.answered(raw, PROBLEM)
    named = chosen if isinstance(chosen, list) else []
    if isinstance(codec, PartsCodec):  # an answer about a part says "cannot tell" among its verdicts
        named = [*named, mapping.answered(raw, LABEL)]
    return Answer(
        key=key,
        remote_task_id=record_id,
        remote_id=str(raw["id"]),
        reviewer=str(raw.get("user_id") or ""),
        label=codec.answer_to(raw, asked) if isinstance(codec, PartsCodec) else codec.answer(raw),
        problems=tuple(_PROBLEMS[one] for one in named if isinstance(one, str) and one in _PROBLEMS),
        note=note.strip() or None if isinstance(note, str) else None,
        created_at=moment(raw.get("inserted_at")),
        updated_at=moment(raw.get("updated_at")),
        cancelled=raw.get("status") == "discarded",
        edited_by_other=False,
        origin=None,
    )
