"""What a real Argilla holds beside single labels, and what reviewers see of the review dataset."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from connector.config.file import load
from connector.model import Item, LabelSchema, ObjectTag, Problem, ReviewRequest, ReviewSetup
from connector.model.jobs import JobKind
from connector.platforms.argilla.client import ArgillaClient
from connector.platforms.argilla.desk import ArgillaDesk
from connector.platforms.argilla.source import ArgillaSource
from connector.queue import SilentQueue
from connector.wiring import build
from connector.wording.reasons import left_out_texts
from tests.contract.argilla_scene import ArgillaScene
from tests.contract.scenes import CLASSES, SCHEMA
from tests.support.argilla import ArgillaServer, label_question, text_field
from tests.support.codecs import ARGILLA
from workers.label_types.registry import codecs
from workers.service.runner import run_inline

LABRADOR, GOLDEN, POODLE = CLASSES
OPTIONS = [{"value": name, "text": name} for name in ("calm", "wild", "shy")]
KINDS: dict[str, dict[str, Any]] = {
    "mood": {"type": "multi_label_selection", "options": OPTIONS, "visible_options": None},
    "stars": {"type": "rating", "options": [{"value": n} for n in range(1, 6)]},
    "place": {"type": "span", "field": "text", "options": OPTIONS, "visible_options": None},
    "order": {"type": "ranking", "options": OPTIONS},
    "words": {"type": "text", "use_markdown": False},
}
ANSWERS: dict[str, Any] = {
    "mood": ["calm", "shy"],
    "stars": 4,
    "place": [{"label": "calm", "start": 0, "end": 3}],
    "order": [{"value": "calm", "rank": 1}, {"value": "wild", "rank": 2}, {"value": "shy", "rank": 2}],
    "words": "a “quoted” dog\n",
}


@pytest.fixture
def many_questions(argilla: ArgillaServer) -> str:
    """A dataset with a question of every kind."""
    others = [
        {"name": name, "title": name, "required": False, "settings": settings}
        for name, settings in KINDS.items()
    ]
    questions = [label_question("breed", CLASSES), *others]
    return argilla.new_dataset(f"Kinds {uuid.uuid4().hex[:8]}", [text_field("text")], questions)


def source_of(argilla: ArgillaServer, dataset: str, *vectors: str) -> ArgillaSource:
    return ArgillaSource(
        ArgillaClient(argilla.url, argilla.key("owner")),
        dataset,
        vectors=vectors,
        codecs=ARGILLA,
    )


def all_items(source: ArgillaSource, cursor: str | None = None) -> tuple[dict[str, Item], str]:
    found: dict[str, Item] = {}
    for page in source.changes_since(cursor):
        found |= {item.remote_id: item for item in page.items}
        cursor = page.cursor
    assert cursor is not None
    return found, cursor


def test_answers_of_every_kind_are_stored_as_they_are_and_counted_as_not_judged(
    argilla: ArgillaServer, many_questions: str, tmp_path: Path
) -> None:
    answered, alone, empty, *more = argilla.add_records(
        many_questions, [{"fields": {"text": f"a dog {n}"}} for n in range(7)]
    )
    argilla.respond(answered, {"breed": LABRADOR, **ANSWERS}, "anna")
    argilla.respond(alone, {"breed": GOLDEN, "stars": 1}, "anna")
    for n, record in enumerate(more):
        argilla.respond(record, {"breed": CLASSES[n % 2]}, "anna")
    mood = {"question_id": argilla.question_id(many_questions, "mood"), "value": ["calm", "wild"]}
    argilla.call("PUT", f"/records/{answered}/suggestions", json={**mood, "score": [0.9, 0.2]})
    breed = {"question_id": argilla.question_id(many_questions, "breed"), "value": GOLDEN, "score": 0.8}
    argilla.call("PUT", f"/records/{answered}/suggestions", json=breed)

    source = source_of(argilla, many_questions)
    assert source.describe().unjudged == {name: kind["type"] for name, kind in KINDS.items()}
    items, _ = all_items(source)
    (given,) = items[answered].annotations
    held = {part["question"]: part["value"] for part in given.result}
    assert held == {"breed": LABRADOR, **ANSWERS}
    assert given.label == LABRADOR
    assert [(one.label, one.score) for one in items[answered].predictions] == [(GOLDEN, 0.8)]
    assert (items[empty].annotations, items[empty].predictions) == ((), ())

    services = build(load(_config(tmp_path, argilla, many_questions)), SilentQueue(), codecs=codecs())
    try:
        run_inline(services, "dogs", JobKind.SYNC)
        run_inline(services, "dogs", JobKind.SCAN)
        with services.store.read() as unit:
            scan = unit.issues.last_scan(services.project("dogs").id)
    finally:
        services.close()
    assert scan is not None
    said = left_out_texts(scan.skipped)
    counted = {name: n for reason, n in said.items() for name in KINDS if f"'{name}'" in reason}
    assert counted == {"mood": 1, "stars": 2, "place": 1, "order": 1, "words": 1}


def _config(folder: Path, argilla: ArgillaServer, dataset: str) -> Path:
    (folder / "key").write_text(argilla.key("owner"))
    project = {"platform": "argilla", "url": argilla.url, "project": dataset, "token": {"file": "key"}}
    path = folder / "secondlook.toml"
    path.write_bytes(tomli_w.dumps({"data_dir": "data", "projects": {"dogs": project}}).encode())
    return path


def test_the_vectors_that_were_asked_for_stand_in_the_items_data(
    argilla: ArgillaServer, many_questions: str
) -> None:
    for name, length in (("short", 2), ("long", 3)):
        settings = {"name": name, "title": name, "dimensions": length}
        argilla.call("POST", f"/datasets/{many_questions}/vectors-settings", json=settings)
    both, one = argilla.add_records(
        many_questions,
        [
            {"fields": {"text": "x"}, "vectors": {"short": [0.5, 1], "long": [1, 2, 3]}},
            {"fields": {"text": "y"}, "vectors": {"long": [3, 2, 1]}},
        ],
    )
    wrong = {"items": [{"id": one, "vectors": {"short": [1, 2, 3]}}]}
    refused = argilla.request("PUT", f"/datasets/{many_questions}/records/bulk", json=wrong)
    assert refused.status_code == 422, "one name has one length: the server sees to that"

    asked = source_of(argilla, many_questions, "short")
    items, cursor = all_items(asked)
    assert items[both].data == {"text": "x", "vectors.short": [0.5, 1]}
    assert items[one].data == {"text": "y"}, "it has no such vector"
    assert asked.fetch([both, one])[0].data == items[both].data
    unasked, other_cursor = all_items(source_of(argilla, many_questions))
    assert unasked[both].data == {"text": "x"}
    assert set(all_items(asked, other_cursor)[0]) == {both, one}, "read again, with vectors"
    assert all_items(asked, cursor)[0] == {}
    changed = {"items": [{"id": both, "vectors": {"short": [7, 8]}}]}
    argilla.call("PUT", f"/datasets/{many_questions}/records/bulk", json=changed)
    assert all_items(asked, cursor)[0] == {}, "a changed vector moves no stamp"
    assert all_items(asked)[0][both].data["vectors.short"] == [7, 8]


def test_the_same_external_id_in_two_datasets_names_two_items(scene: ArgillaScene) -> None:
    other = ArgillaScene(scene.server)
    record = {"external_id": "ticket-1", "fields": {"text": "a dog"}}
    (here,) = scene.server.add_records(scene.project_id, [record])
    (there,) = scene.server.add_records(other.project_id, [record])
    (again,) = scene.server.add_records(scene.project_id, [record | {"fields": {"text": "another"}}])
    assert here == again != there
    assert [item.data["text"] for item in scene.source.fetch([here, there])] == ["another"]


@pytest.fixture
def scene(argilla: ArgillaServer) -> ArgillaScene:
    return ArgillaScene(argilla)


def test_reviewers_are_shown_the_item_and_nothing_of_ours_that_would_sway_them(scene: ArgillaScene) -> None:
    objects = (
        ObjectTag("text", "Text", "text"),
        ObjectTag("photo", "Image", "photo"),
        ObjectTag("talk", "Chat", "talk"),
        ObjectTag("page", "HyperText", "page"),
    )
    schema = LabelSchema("breed", "text", SCHEMA.classes, objects)
    setup = ReviewSetup(uuid.uuid4().hex, "Second look", schema, 2, "Look again.")
    review = scene.desk.ensure(setup, None)
    data = {
        "text": "a dog",
        "photo": "https://example.org/dog.png",
        "talk": [{"role": "user", "content": "is it?"}],
        "page": "<p>a <b>dog</b></p><script>alert(1)</script>",
    }
    asked = {
        "batch": "b",
        "title": "Look",
        "context": "Why",
        "data": data,
        "options": (),
        "model_version": "m (1)",
    }
    shown = ReviewRequest(key="open", suggestion=GOLDEN, suggestion_score=0.9, **asked)
    blind = ReviewRequest(key="blind", suggestion=None, suggestion_score=None, **asked)
    scene.desk.push(review, [shown, blind])

    dataset = scene.client.dataset(review)
    assert (dataset["status"], dataset["guidelines"]) == ("ready", "Look again.")
    assert dataset["distribution"] == {"strategy": "overlap", "min_submitted": 2}
    fields = scene.client.listed(f"/api/v1/datasets/{review}/fields")
    assert {row["name"]: (row["settings"]["type"], row["required"]) for row in fields} == {
        "secondlook_context": ("text", True),
        "text": ("text", False),
        "photo": ("image", False),
        "talk": ("chat", False),
        "secondlook_html_page": ("text", False),
        "secondlook_more": ("text", False),
    }
    questions = {row["name"]: row for row in scene.client.listed(f"/api/v1/datasets/{review}/questions")}
    assert {name: row["settings"]["type"] for name, row in questions.items()} == {
        "label": "label_selection",
        "other_label": "text",
        "problem": "multi_label_selection",
        "note": "text",
    }
    offered = [option["value"] for option in questions["label"]["settings"]["options"]]
    assert offered == [*CLASSES, "secondlook:other", "secondlook:none"]
    assert questions["label"]["settings"]["visible_options"] == len(offered), "none is folded away"
    problems = [option["value"] for option in questions["problem"]["settings"]["options"]]
    assert problems == [problem.value for problem in Problem]

    ours = {row["external_id"]: row for row in scene.server.records(review)}
    keys = {"secondlook_key": "open", "secondlook_batch": "b", "secondlook_kind": "choice"}
    assert ours["open"]["metadata"] == keys
    (suggestion,) = ours["open"]["suggestions"]
    assert (suggestion["value"], suggestion["score"], suggestion["agent"]) == (GOLDEN, 0.9, "m -1-")
    assert ours["blind"]["suggestions"] == []
    assert ours["open"]["fields"]["secondlook_html_page"] == "a dog"
    theirs = scene.server.pending(review, "rita")
    assert [row["metadata"] for row in theirs] == [{}, {}], "hidden from annotators"
    path = f"/me/datasets/{review}/metadata-properties"
    assert scene.server.call("GET", path, by="rita")["items"] == []


def test_reviews_stand_in_a_workspace_that_is_named(scene: ArgillaScene) -> None:
    apart = ArgillaDesk(scene.client, None, workspace="dogs", codecs=ARGILLA)
    setup = ReviewSetup(uuid.uuid4().hex, "Second look", SCHEMA, 1, "")
    assert apart.ensure(setup, "12") == scene.desk.ensure(setup, None)
    assert {one.name for one in apart.reviewers()} >= {"rita", "saul", "owner"}
