"""The demo's people and their dataset, through Argilla's own API, as outsiders use it."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from workers.demo.argilla_home import PASSWORD
from workers.demo.argilla_server import RunningArgilla, a_field, label_question, running_argilla
from workers.demo.digits import (
    ANNOTATORS,
    CLASSES,
    NOTE_EVERY,
    REVIEW,
    REVIEWERS,
    Digits,
    View,
    note_on,
    seen_by,
)
from workers.demo.home import Progress

TITLE = "Handwritten digits"
ADD_AT_ONCE = 300  # records in one request
READ_AT_ONCE = 1000
OWNER = "owner"


@contextmanager
def argilla_stage(folder: Path, digits: Digits, say: Progress) -> Iterator[ArgillaStage]:
    """Start an Argilla, with its worker and Redis, and load the digits into it."""
    say("Preparing Argilla (the first time, this downloads and sets it up)")
    say("Starting Argilla, its worker and Redis; a stand-in in memory takes the search engine's place")
    with running_argilla(folder / "argilla", say) as server:
        password = secrets.token_urlsafe(12)
        annotators = [server.create_annotator(name, password) for name in ANNOTATORS]
        for name in REVIEWERS:
            server.create_annotator(name, password)
        say(f"Loading {len(digits.images)} labeled digits, {int(digits.wrong.sum())} of them labeled wrong")
        yield ArgillaStage(server, digits, _dataset(server, digits, annotators), password)


def _dataset(server: RunningArgilla, digits: Digits, annotators: Sequence[str]) -> str:
    """The source dataset, with every digit labeled once by one of the annotators; its id."""
    fields = [a_field("image", "image")]
    dataset = server.new_dataset(TITLE, fields, [label_question("digit", CLASSES)], allow_extra_metadata=True)
    records = [_record(digits, row, annotators) for row in range(len(digits.images))]
    for start in range(0, len(records), ADD_AT_ONCE):
        server.add_records(dataset, records[start : start + ADD_AT_ONCE])
    return dataset


def _record(digits: Digits, row: int, annotators: Sequence[str]) -> dict[str, Any]:
    values = {"digit": {"value": CLASSES[int(digits.given[row])]}}
    who = annotators[int(digits.annotator[row])]
    return {
        "external_id": str(row),
        "fields": {"image": digits.images[row]},
        "responses": [{"user_id": who, "status": "submitted", "values": values}],
    }


@dataclass
class ArgillaStage:
    """Implements Stage."""

    server: RunningArgilla
    digits: Digits
    dataset: str
    password: str
    name: str = "Argilla"
    counted_in: str = "Argilla's own list of records"

    @property
    def truth(self) -> Sequence[str]:
        """The digits that the images show."""
        return [CLASSES[int(digit)] for digit in self.digits.truth]

    @property
    def token(self) -> str:
        """The owner's key."""
        return self.server.key(OWNER)

    def project(self) -> Mapping[str, Any]:
        """Where the digits are."""
        where = {"platform": "argilla", "url": self.server.url, "project": self.dataset}
        return where | {"review": REVIEW}

    def labels(self) -> dict[int, str]:
        """The owner's response, which a correction is, before the annotator's."""
        me = str(self.server.call("GET", "/me")["id"])
        result: dict[int, str] = {}
        for offset in range(0, len(self.digits.images), READ_AT_ONCE):
            params = {"offset": offset, "limit": READ_AT_ONCE, "include": "responses"}
            path = f"/datasets/{self.dataset}/records"
            for record in self.server.call("GET", path, params=params)["items"]:
                result[int(record["external_id"])] = _carried(record["responses"], me)
        return result

    def reviewers(self, review_link: str, seed: int) -> Sequence[ArgillaReviewer]:
        """They take from the queue of pending records."""
        review = review_link.split("/dataset/")[1].partition("/")[0]
        view_of = self.digits.view_of()
        one_at_a_time = threading.Lock()
        return [
            ArgillaReviewer(
                self.server, name, review, view_of, np.random.default_rng([seed, number]), one_at_a_time
            )
            for number, name in enumerate(REVIEWERS)
        ]

    def places(self) -> Mapping[str, str]:
        """Its pages and its logins."""
        return {
            "Argilla, the digits": f"{self.server.url}/dataset/{self.dataset}/annotation-mode",
            "Argilla, login as owner": f"{OWNER} / {PASSWORD}",
            "Argilla, login as reviewer": f"{REVIEWERS[0]} / {self.password}",
        }


def _carried(responses: Sequence[Mapping[str, Any]], me: str) -> str:
    ours = [one for one in responses if one["user_id"] == me]
    label: str = (ours or responses)[0]["values"]["digit"]["value"]
    return label


@dataclass
class ArgillaReviewer:
    """Implements Reviewer."""

    server: RunningArgilla
    user: str
    review: str
    view_of: Mapping[str, View]
    rng: np.random.Generator
    turn: threading.Lock
    answered: int = 0

    def answer_next(self) -> bool:
        """The next pending record; one reviewer after the other, for the server fails on answers at once."""
        with self.turn:
            rows = self.server.pending(self.review, self.user)
            if not rows:
                return False
            label = seen_by(self.rng, self.view_of[rows[0]["fields"]["image"]])
            self.answered += 1
            note = {"note": note_on(label)} if self.answered % NOTE_EVERY == 0 else {}
            self.server.respond(rows[0]["id"], {"label": label, **note}, self.user)
        return True

    def close(self) -> None:
        """The connections are the server's."""
