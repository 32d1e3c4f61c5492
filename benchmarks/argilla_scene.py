"""An Argilla for the benchmarks: made-up tickets in it, and our services beside it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from scene import CLASSES, TEXT_WORDS, WORDS, Scene

from workers.demo.argilla_server import RunningArgilla, a_field, label_question, running_argilla

ADD_AT_ONCE = 500
PEOPLE = ("anna", "bert")


@contextmanager
def argilla_for(scene: Scene) -> Iterator[RunningArgilla]:
    """A server of one's own, with a stand-in for its search engine."""
    scene.say("   starting Argilla")
    with running_argilla(scene.new_folder() / "argilla", scene.say) as running:
        yield running


def filled_dataset(argilla: RunningArgilla, number: int, seed: int = 7) -> tuple[str, list[str]]:
    """A dataset of so many tickets with a response by each annotator and a suggestion; its records."""
    rng, fields = random.Random(seed), [a_field("text", "text")]
    dataset = argilla.new_dataset(f"Tickets {number}", fields, [label_question("topic", CLASSES)])
    question = argilla.call("GET", f"/datasets/{dataset}/questions")["items"][0]["id"]
    people = [str(argilla.call("GET", "/me", by=name)["id"]) for name in PEOPLE]
    ids: list[str] = []
    for start in range(0, number, ADD_AT_ONCE):
        part = range(start, min(number, start + ADD_AT_ONCE))
        ids += argilla.add_records(dataset, [_record(rng, n, question, people) for n in part])
    return dataset, ids


def _record(rng: random.Random, number: int, question: str, people: list[str]) -> dict[str, Any]:
    label = CLASSES[number % len(CLASSES)]
    values = {"topic": {"value": label}}
    return {
        "fields": {"text": f"Ticket {number}: " + " ".join(rng.choices(WORDS, k=TEXT_WORDS))},
        "responses": [{"user_id": who, "status": "submitted", "values": values} for who in people],
        "suggestions": [{"question_id": question, "value": label, "score": 0.9, "agent": "bench"}],
    }


def argilla_config(scene: Scene, argilla: RunningArgilla, dataset: str) -> Path:
    """A secondlook.toml for that dataset."""
    where: Any = {"platform": "argilla", "project": dataset}
    config = scene.config(url=argilla.url, **where)
    (config.parent / "token").write_text(argilla.key("owner"))
    return config
