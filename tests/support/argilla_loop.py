"""A small dataset with planted errors on a real Argilla, and reviewers who answer there."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomli_w

from tests.support.argilla import ArgillaServer, label_question, text_field
from tests.support.loop import NAME
from workers.demo.server import free_port

CLASSES = ("cat", "dog", "horse")
REVIEWERS = ("rita", "saul", "tess")


def dataset_with_errors(argilla: ArgillaServer, truth: Mapping[str, str], n_wrong: int) -> str:
    """A dataset in which anna labeled every text, the first ones wrong, and a model knows better; its id."""
    name = f"Animals {uuid.uuid4().hex[:8]}"
    dataset = argilla.new_dataset(name, [text_field("text")], [label_question("kind", CLASSES)])
    question, anna = argilla.question_id(dataset, "kind"), argilla.user_id("anna")
    records: list[dict[str, Any]] = []
    for n, (text, right) in enumerate(truth.items()):
        wrong = CLASSES[(CLASSES.index(right) + 1) % 3]
        scores = {label: 0.96 if label == right else 0.02 for label in CLASSES}
        values = {"kind": {"value": wrong if n < n_wrong else right}}
        records.append(
            {
                "fields": {"text": text},
                "metadata": {"class_scores": scores},
                "responses": [{"user_id": anna, "status": "submitted", "values": values}],
                "suggestions": [{"question_id": question, "value": right, "score": 0.96, "agent": "model"}],
            }
        )
    argilla.add_records(dataset, records)
    return dataset


def write_argilla_config(folder: Path, argilla: ArgillaServer, dataset: str) -> Path:
    """A secondlook.toml with quick timings."""
    folder.mkdir()
    (folder / "key").write_text(argilla.key("owner"))
    project: dict[str, Any] = {
        "platform": "argilla",
        "url": argilla.url,
        "project": dataset,
        "token": {"file": "key"},
    }
    return write_loop_config(folder, project)


def write_loop_config(folder: Path, project: dict[str, Any]) -> Path:
    """A configuration of one project whose flags two agreeing answers decide, and that waits for nothing."""
    rules = {
        "predictions": {"source": "platform", "out_of_sample": True},
        "policy": {"control_share": 0.0, "blind_share": 0.0, "class_cap": 1.0},
        "review": {"rule": "quorum"},
        "sync": {"poll_seconds": 3.0},
    }
    config = {
        "data_dir": "data",
        "server": {"host": "127.0.0.1", "port": free_port()},
        "worker": {"tick_seconds": 1.0, "resend_seconds": 3.0, "retry_base_seconds": 0.5},
        "projects": {NAME: {**rules, **project}},
    }
    path = folder / "secondlook.toml"
    path.write_bytes(tomli_w.dumps(config).encode())
    return path


def answer_next(argilla: ArgillaServer, review: str, by: str, truth: Mapping[str, str]) -> None:
    """Truthfully answer the next record of a reviewer's queue."""
    for record in argilla.pending(review, by)[:1]:
        argilla.respond(record["id"], {"label": truth[record["fields"]["text"]]}, by)


def answers_of(argilla: ArgillaServer, dataset: str, name: str) -> dict[str, str]:
    """Text → the class that this person answered."""
    user = argilla.user_id(name)
    return {
        record["fields"]["text"]: response["values"]["kind"]["value"]
        for record in argilla.records(dataset)
        for response in record["responses"]
        if response["user_id"] == user
    }
