"""Examples in the description of the API: one row of each kind, as a service would answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from connector.platforms.registry import KINDS

_AT = "2026-03-01T12:00:00+00:00"
_ISSUE = {
    "id": "5f0c8a52-0d5c-4b62-9a5e-0f4d7c1f5a11",
    "project": "pets",
    "item": "1042",
    "annotation": "2214",
    "kind": "label_error",
    "state": "accepted",
    "given": "cat",
    "suggested": "dog",
    "probability": 0.97,
    "quality": 0.02,
    "rank": 3,
    "method": "prune_by_noise_rate",
    "model_version": "m7",
    "evidence": {"version": 1, "given_probability": 0.01, "near": [["fox", 0.02]]},
    "content": "photo-1042.jpg",
    "reason": None,
    "outcome": "accept",
    "decided_label": "dog",
    "review": "0b1f4a0e-7a51-4f0e-9a65-2d0b9a2f9a10",
    "correction": "77f1c1de-5c86-4a3c-8a0b-5b8b6f1f2c33",
    "created_at": _AT,
    "updated_at": _AT,
}
_CORRECTION = {
    "id": _ISSUE["correction"],
    "project": "pets",
    "issue": _ISSUE["id"],
    "run": "c1f1b0c2-1d8e-4b65-8a86-1c2d3e4f5a66",
    "item": "1042",
    "annotation": "2214",
    "mode": "ground_truth",
    "state": "applied",
    "given": "cat",
    "label": "dog",
    "actor": "secondlook",
    "error": None,
    "others": 0,
    "created_at": _AT,
    "applied_at": _AT,
    "reverted_at": None,
}
_REVIEW = {
    "key": _ISSUE["review"],
    "project": "pets",
    "issue": _ISSUE["id"],
    "issue_state": "accepted",
    "issue_kind": "label_error",
    "state": "decided",
    "remote_id": "31",
    "blind": False,
    "overlap": 2,
    "votes": 2,
    "votes_counted": 2,
    "created_at": _AT,
    "pushed_at": _AT,
}
_JOB = {
    "id": "f4a1d0b2-92a6-4c35-a1ee-1f0a2b3c4d55",
    "project": "pets",
    "kind": "push",
    "state": "dead",
    "attempts": 8,
    "error": "POST /api/projects/8/import: HTTP 400",
    "created_at": _AT,
    "due_at": _AT,
}


_PROJECT = {
    "name": "pets",
    "title": "Pets",
    "platform": KINDS[0],
    "url": "https://labels.example.org",
    "remote_id": "7",
    "items": 12_000,
    "labelled": 11_840,
    "changes_since_scan": 3,
    "flagged": 214,
    "issues": {"in_review": 60, "accepted": 118, "rejected": 36},
    "reviews": {"pushed": 60, "decided": 154},
    "votes": 341,
    "votes_counted": 330,
    "corrections": {"applied": 118},
    "adopted": 0,
    "adopted_run": "5c1d8e70-2b8f-5f0e-9a64-3f0d1c2b7a99",
    "held_by_others": 0,
    "dispositions": {"exclude": 4},
    "skipped": {"empty": 160},
    "warnings": [],
    "quality": None,
    "jobs": {},
    "review_link": "https://labels.example.org/projects/8/data",
    "last_sync_at": _AT,
    "last_reconcile_at": _AT,
    "last_scan_at": _AT,
    "last_collect_at": _AT,
    "paused_reason": None,
    "away_since": None,
    "away_reason": None,
}
_FINDING = {
    "id": "0c1d2e3f-4a5b-4c6d-8e7f-9a0b1c2d3e4f",
    "project": "pets",
    "kind": "outlier",
    "subject": "1042",
    "item": "1042",
    "content": "photo-1042.jpg",
    "score": 0.5,
    "why": "It is unlike all other items: 4.0 times as far from the nearest ones as usual.",
    "facts": {"times": 4.0, "by": "distance"},
    "scan_id": "7a8b9c0d-1e2f-4a3b-8c4d-5e6f7a8b9c0d",
    "created_at": _AT,
}
_LOOKED = {
    "found": {"overlap": 1, "outlier": 7},
    "not_looked_for": {"disagreement": "no item has answers of two people"},
}


_AUDIT = {
    "id": "3d9c1b7a-5e0f-4d43-9a3f-2b6c7d8e9f01",
    "at": _AT,
    "trigger": "person",
    "reason": "asked for",
    "headline": "12,000 items, 214 flagged: at most 1.9 % of the labels are wrong.",
}
_REVIEWERS = {
    "project": "pets",
    "measured_at": _AT,
    "people": [
        {
            "person": "3",
            "name": "rita",
            "accounts": ["3"],
            "reliability": 0.94,
            "low": 0.9,
            "high": 0.97,
            "answers": 181,
            "golden": 20,
            "golden_right": 19,
            "weight": 1.0,
            "trusted": True,
            "seconds": 7.5,
            "drift": -0.01,
            "drift_low": -0.05,
            "drift_high": 0.03,
            "suggestions_shown": 140,
            "suggestions_taken": 96,
            "labels_questioned": 4,
            "labels_upheld": 3,
            "history": [["2026-02-28", 0.93], ["2026-03-01", 0.94]],
            "confusions": [["cat", "dog", 0.03]],
            "classes": [["cat", 0.95, 0.9, 0.98, 60.0]],
        }
    ],
    "golden": 40,
    "golden_doubted": 1,
    "quorum": 2,
    "known_reviewers": 6,
    "known_from": "platform",
    "barred_tasks": 0,
    "warnings": [],
}
_GUIDELINES = {
    "version": 3,
    "hash": "2f44d6412ad9c0caf1024fc9929440b6971ef550ec5f045b2b4e551fc795006e",
    "published_at": _AT,
    "notes": [
        {
            "id": "08bd7d9d-5340-4a17-b3bf-83560cba6f90",
            "given": "cat",
            "label": "dog",
            "text": "Floppy ears: a dog, also where only the head is seen.",
            "author": "3",
            "state": "published",
            "created_at": _AT,
            "accepted_by": "user:ann",
            "published_at": _AT,
            "withdrawn_at": None,
        }
    ],
    "questions": [
        {
            "id": "9f8e7d6c-5b4a-4392-8170-6f5e4d3c2b1a",
            "first": "dog",
            "second": "fox",
            "state": "open",
            "told": "dog and fox were mixed up 9 times, and no note tells them apart.",
            "examples": ["photo-77.jpg: given fox, decided dog, the model says dog"],
            "created_at": _AT,
        }
    ],
}
_DISPOSITION = {
    "id": "6a7b8c9d-0e1f-4a2b-9c3d-4e5f6a7b8c9d",
    "project": "pets",
    "issue": _ISSUE["id"],
    "item": "1042",
    "kind": "multi_label",
    "problem": "several_fit",
    "given": "cat",
    "labels": ["cat", "dog"],
    "decided_at": _AT,
}


_READY = {
    "ready": True,
    "database": "ok",
    "broker": "ok",
    "scheduler": "ok",
    "seconds_since_tick": 3.2,
}
_METRICS = (
    "# HELP secondlook_issues Issues by state.\n"
    "# TYPE secondlook_issues gauge\n"
    'secondlook_issues{project="pets",state="in_review"} 60\n'
)


def _report() -> Any:
    return json.loads(files("connector.web.api").joinpath("report_example.json").read_text("utf-8"))


def _page(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"items": [dict(row)], "next": "WzMsICI1ZjBjOGE1MiJd"}


def examples() -> Mapping[str, Any]:
    """Of every address what it answers, as a service would."""
    return {
        "/health": {"status": "ok"},
        "/ready": _READY,
        "/metrics": _METRICS,
        "/api/v1/projects": [_PROJECT],
        "/api/v1/projects/{name}": _PROJECT,
        "/api/v1/projects/{name}/audits": [_AUDIT],
        "/api/v1/projects/{name}/audits/{audit_id}": _report(),
        "/api/v1/projects/{name}/guidelines": _GUIDELINES,
        "/api/v1/projects/{name}/looked": _LOOKED,
        "/api/v1/projects/{name}/reviewers": _REVIEWERS,
        "/api/v1/issues": _page(_ISSUE),
        "/api/v1/issues/{issue_id}": _ISSUE,
        "/api/v1/findings": _page(_FINDING),
        "/api/v1/reviews": _page(_REVIEW),
        "/api/v1/corrections": _page(_CORRECTION),
        "/api/v1/dispositions": _page(_DISPOSITION),
        "/api/v1/jobs": _page(_JOB),
    }


def with_examples(app: FastAPI) -> None:
    """Have the application describe itself with these."""

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            result = get_openapi(
                title=app.title, version=app.version, description=app.description, routes=app.routes
            )
            for path, example in examples().items():
                (content,) = result["paths"][path]["get"]["responses"]["200"]["content"].values()
                content["example"] = example
            app.openapi_schema = result
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]
