"""Spans on a real Argilla: planted errors, also behind emoji, are put right beside people's answers."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from connector.config.file import load
from connector.errors import Misconfigured, Rejected
from connector.model import CorrectionState, ItemRef, WriteMode, WriteOrder
from connector.model.jobs import JobKind
from connector.queue import SilentQueue
from connector.wiring import Services, build
from tests.support.argilla import ArgillaServer, text_field
from tests.support.loop import NAME, work
from workers.cli.app import run as command
from workers.demo.server import free_port
from workers.label_types.registry import codecs

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

Raw = dict[str, Any]
Marked = tuple[str, int, int]  # label, start and end in UTF-16 units, as the page draws and writes
REVIEWERS = ("rita", "saul")
AT_THE_END = "\U0001f600 Ana met Bob"  # the server takes no span that ends there


def units(text: str, word: str, label: str) -> Marked:
    before = text[: text.index(word)]
    start = len(before.encode("utf-16-le")) // 2
    return label, start, start + len(word.encode("utf-16-le")) // 2


def sentences() -> dict[str, tuple[list[Marked], list[Marked]]]:
    """Text → what is given and what is right: 16 right ones, 2 of each kind of error, one wrong twice."""
    made = {}
    for n in range(25):
        text = f"{chr(0x1F600 + n)} Ana{n} flew to Rome with Bob today"
        ana, rome, bob = units(text, f"Ana{n}", "PER"), units(text, "Rome", "LOC"), units(text, "Bob", "PER")
        kinds = [
            [ana, rome],
            [ana, rome, bob, units(text, "flew", "LOC")],
            [ana, ("PER", *rome[1:]), bob],
            [ana, units(text, "to Rome", "LOC"), bob],
        ]
        twice = [("LOC", *ana[1:]), rome]
        given = [ana, rome, bob] if n < 16 else twice if n == 24 else kinds[n % 4]
        made[text] = (given, [ana, rome, bob])
    ana, bob = units(AT_THE_END, "Ana", "PER"), units(AT_THE_END, "Bob", "PER")
    made[AT_THE_END] = ([ana], [ana, bob])
    return made


TEXTS = sentences()
WRONG = {text for text, (given, right) in TEXTS.items() if given != right} - {AT_THE_END}


def entry(one: Marked) -> Raw:
    return dict(zip(("label", "start", "end"), one, strict=True))


@dataclass
class SpanDataset:
    server: ArgillaServer

    def __post_init__(self) -> None:
        options = [{"value": name, "text": name} for name in ("PER", "LOC")]
        settings = {"type": "span", "field": "text", "options": options, "allow_overlapping": False}
        question = {"name": "ner", "title": "ner", "required": True, "settings": settings}
        note = {"name": "note", "title": "note", "required": False, "settings": {"type": "text"}}
        name = f"Names {uuid.uuid4().hex[:8]}"
        self.id = self.server.new_dataset(name, [text_field("text")], [question, note])
        self.question, self.anna = self.server.question_id(self.id, "ner"), self.server.user_id("anna")
        self.server.add_records(self.id, [self._record(text) for text in TEXTS])

    def _record(self, text: str) -> Raw:
        given, right = TEXTS[text]
        fits = [one for one in right if one[2] <= len(text)]
        values = {"ner": {"value": [entry(one) for one in given]}, "note": {"value": "mine"}}
        said = {
            "question_id": self.question,
            "value": [entry(one) for one in fits],
            "score": [0.97] * len(fits),
        }
        return {
            "fields": {"text": text},
            "metadata": {"class_scores": {"another question": 0.9}},
            "responses": [{"user_id": self.anna, "status": "submitted", "values": values}],
            "suggestions": [said | {"agent": "tagger"}],
        }

    def said_by(self, name: str) -> Mapping[str, list[Raw]]:
        """Text → the spans that this person answered, by place."""
        user = self.server.user_id(name)
        found = {
            record["fields"]["text"]: response["values"]
            for record in self.server.records(self.id)
            for response in record["responses"]
            if response["user_id"] == user
        }
        assert all(values["note"]["value"] == "mine" for values in found.values()), "other questions stay"
        return {
            text: sorted(values["ner"]["value"], key=lambda one: one["start"])
            for text, values in found.items()
        }


@pytest.fixture
def dataset(argilla: ArgillaServer) -> SpanDataset:
    return SpanDataset(argilla)


@pytest.fixture
def config(dataset: SpanDataset, tmp_path: Path) -> Path:
    (tmp_path / "key").write_text(dataset.server.key("owner"))
    project = {
        "platform": "argilla",
        "url": dataset.server.url,
        "project": dataset.id,
        "token": {"file": "key"},
        "predictions": {"source": "platform"},
        "policy": {"control_share": 0.0, "blind_share": 0.0, "min_class_examples": 1},
        "review": {"rule": "quorum"},
    }
    server = {"host": "127.0.0.1", "port": free_port()}
    path = tmp_path / "secondlook.toml"
    path.write_bytes(
        tomli_w.dumps({"data_dir": "data", "server": server, "projects": {NAME: project}}).encode()
    )
    return path


@pytest.fixture
def services(config: Path) -> Iterator[Services]:
    made = build(load(config), SilentQueue(), codecs=codecs())
    yield made
    made.close()


def verdict_on(record: Raw) -> Raw:
    """What a reviewer who knows the truth answers: beside the verdict what the page fills in."""
    text = record["fields"]["text"]
    asked = record["fields"]["secondlook_context"]
    assert "orange" not in asked
    right = TEXTS[text][1]
    shown = [one["value"] for one in record["suggestions"]]
    (marked,) = shown[0]
    held = (marked["label"], marked["start"], marked["end"])
    missing = "Is something missing?" in asked
    said = {True: "model" if missing else "given", False: "remove" if "Is this one?" in asked else "model"}
    return {"label": said[held in right], "marked": shown[0]}


def answer_all(server: ArgillaServer, review: str) -> list[str]:
    contexts = []
    for name in REVIEWERS:
        while rows := server.pending(review, name):
            for row in rows:
                full = next(one for one in server.records(review) if one["id"] == row["id"])
                assert "secondlook_asked" not in (row.get("metadata") or {}), "hidden from annotators"
                server.respond(row["id"], verdict_on(full), name)
                contexts.append(row["fields"]["secondlook_context"])
    return contexts


def applied(services: Services) -> Sequence[str]:
    with services.store.read() as unit:
        found = unit.corrections.listed(services.project(NAME).id, CorrectionState.APPLIED, 100)
    return [one.id for one in found]


def test_wrong_spans_are_put_right_beside_nobodys_answer_and_taken_back(
    dataset: SpanDataset, services: Services, config: Path
) -> None:
    before = dataset.said_by("anna")
    work(services, NAME, JobKind.SYNC, JobKind.SCAN, JobKind.PUSH)
    contexts = answer_all(dataset.server, str(services.project(NAME).review_remote_id))
    assert len(contexts) == 2 * (len(WRONG) + 1), (
        "one text is wrong twice, the right ones are not asked about"
    )
    work(services, NAME, JobKind.COLLECT)

    assert len(applied(services)) == len(WRONG) + 1
    assert dataset.said_by("anna") == before, "nobody's answer is touched"
    ours = dataset.said_by("owner")
    assert ours == {text: [entry(one) for one in TEXTS[text][1]] for text in WRONG}
    work(services, NAME, JobKind.SYNC, JobKind.RECONCILE, JobKind.SCAN)
    assert len(applied(services)) == len(WRONG) + 1, "what we wrote is no news"

    _the_export_holds_what_is_right(config)
    _nothing_is_written_that_the_server_would_refuse(services)
    for one in applied(services):
        assert command(["--config", str(config), "revert", one]) == 0
    assert dataset.said_by("owner") == {}
    assert dataset.said_by("anna") == before


def _nothing_is_written_that_the_server_would_refuse(services: Services) -> None:
    """It holds the end in UTF-16 units against the length in characters."""
    source = services.source(NAME)
    (item,) = [
        one for page in source.changes_since(None) for one in page.items if one.data["text"] == AT_THE_END
    ]
    order = WriteOrder(
        marker=f"c-{uuid.uuid4().hex}",
        mode=WriteMode.GROUND_TRUTH,
        item=ItemRef(item.remote_id, item.created_at),
        annotation_id=item.annotations[0].remote_id,
        expected_label='(nothing) 10-13 "Bob"',
        label='PER 10-13 "Bob"',
        score=None,
    )
    with pytest.raises(Rejected, match="emoji"):
        source.write(order)
    with pytest.raises(Misconfigured, match="suggestion"):
        source.write(replace(order, mode=WriteMode.PREDICTION))
    (now,) = source.fetch([item.remote_id])
    assert now == item


def _the_export_holds_what_is_right(config: Path) -> None:
    out = config.parent / "labels.jsonl"
    assert command(["--config", str(config), "export", NAME, "--out", str(out)]) == 0
    rows = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    wanted = {text: right for text, (_, right) in TEXTS.items() if text != AT_THE_END}
    marked = {
        row["data"]["text"]: sorted((one["text"], one["label"]) for one in row["label"]) for row in rows
    }
    assert {text: marked[text] for text in wanted} == {
        text: sorted(
            (text.encode("utf-16-le")[2 * a : 2 * b].decode("utf-16-le"), label) for label, a, b in right
        )
        for text, right in wanted.items()
    }
