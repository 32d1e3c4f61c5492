"""A small dataset with planted errors on a real Argilla, and reviewers who answer there."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from tests.support.argilla import ArgillaServer, label_question, text_field

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
