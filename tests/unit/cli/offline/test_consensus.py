"""`secondlook consensus`: one agreed answer an item, with its quality, for every type of label."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.unit.cli.conftest import Done, Secondlook, home, secondlook  # noqa: F401 - fixtures
from tests.unit.cli.offline import region_files as files
from tests.unit.cli.offline.test_boxes import save

pytestmark = pytest.mark.usefixtures("home")


def task(n: int, kind: str, answers: dict[int, Any], **more: Any) -> dict[str, Any]:
    """A task with one value for each person; None is an annotation without a result."""
    annotations = [
        {
            "id": f"{n}-{who}",
            "completed_by": who,
            "result": []
            if value is None
            else [{"id": "x", "from_name": "q", "to_name": "t", "type": kind, "value": {kind: value}}],
        }
        for who, value in answers.items()
    ]
    return {"id": n, "data": {"text": f"text {n}"}, "annotations": annotations} | more


def box(region: str, label: str, x: float) -> dict[str, Any]:
    value = {"x": x, "y": 10, "width": 20, "height": 20, "rotation": 0, "rectanglelabels": [label]}
    of = {"id": region, "from_name": "box", "to_name": "image", "type": "rectanglelabels"}
    return {**of, "original_width": 100, "original_height": 100, "value": value}


def drawn(n: int, *people: list[dict[str, Any]]) -> dict[str, Any]:
    """A picture with what each person drew on it."""
    annotations = [
        {"id": f"{n}-{who}", "completed_by": who, "result": result} for who, result in enumerate(people)
    ]
    return {"id": n, "data": {"image": f"{n}.png"}, "annotations": annotations}


def by_id(out: Path) -> dict[str, Any]:
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    return {row["id"]: row for row in rows}


@pytest.fixture
def agree(secondlook: Secondlook, tmp_path: Path) -> Callable[..., Done]:  # noqa: F811 - the fixture
    def call(tasks: Any, *arguments: str, out: str = "out.jsonl") -> Done:
        save(tmp_path, "in.json", tasks)
        return secondlook("consensus", "in.json", "--out", out, "--force", "--json", *arguments)

    return call


def test_the_majority_stands_and_ties_and_single_answers_are_open(
    agree: Callable[..., Done], tmp_path: Path
) -> None:
    tasks = [
        task(1, "choices", {1: ["cat"], 2: ["cat"], 3: ["dog"]}),
        task(2, "choices", {1: ["cat"], 2: ["dog"]}),
        task(3, "choices", {1: ["dog"]}),
        task(4, "choices", {1: ["dog"], 2: ["dog"]}),
    ]
    done = agree(tasks)
    rows = by_id(tmp_path / "out.jsonl")
    assert done.code == 0, done.err
    assert (rows["1"]["label"], rows["1"]["quality"], rows["1"]["agreed_by"]) == ("cat", 0.6667, ["1", "2"])
    assert [(rows[n]["status"], rows[n]["reason"], rows[n]["label"]) for n in "23"] == [
        ("open", "as many say something else", None),
        ("open", "too few answers", None),
    ]
    assert rows["4"]["quality"] == 1
    assert done.json["n_open"] == 2
    assert {each["name"] for each in done.json["agreement"]} == {
        "Krippendorff's alpha",
        "pairs of answers that agree",
    }
    assert [each["place"] for each in done.json["open"]] == ["task 2", "task 3"]


def corrected(raw: dict[str, Any], label: str, **more: Any) -> dict[str, Any]:
    """The task with a further annotation, as Secondlook writes a correction."""
    ours = json.loads(json.dumps(raw["annotations"][0]))
    ours |= {"id": "ours", "completed_by": 9, "updated_by": 9, "ground_truth": True} | more
    region = ours["result"][0]
    region["meta"] = {"secondlook": "c", "secondlook_by": "9"}
    region["value"] = {**region["value"], next(key for key in region["value"] if key.endswith("s")): [label]}
    raw["annotations"].append(ours)
    return raw


def test_an_item_that_reviewers_corrected_is_agreed_whatever_annotators_said(
    agree: Callable[..., Done], tmp_path: Path
) -> None:
    tasks = [
        corrected(task(1, "choices", {1: ["cat"], 2: ["cat"]}), "dog"),
        corrected(task(2, "choices", {1: ["cat"]}), "dog"),
        task(3, "choices", {1: ["dog"], 2: ["dog"]}),
    ]
    agree(tasks)
    rows = by_id(tmp_path / "out.jsonl")
    assert [(rows[n]["label"], rows[n]["quality"], rows[n]["agreed_by"]) for n in "12"] == [
        ("dog", None, ["Secondlook"])
    ] * 2
    assert rows["1"]["answers"] == 2


def test_a_corrected_annotation_of_regions_is_nobodys_answer(
    agree: Callable[..., Done], tmp_path: Path
) -> None:
    def picture(n: int) -> dict[str, Any]:
        result = [files.ls_region(("car", 10, 10, 60, 60), "r1")]
        people = [{"id": f"{n}-{who}", "completed_by": who, "result": result} for who in (1, 2)]
        return {"id": n, "data": {"image": f"{n}.jpg"}, "annotations": people}

    agree([corrected(picture(1), "dog"), picture(2), corrected(picture(3), "dog", updated_by=4)])
    rows = by_id(tmp_path / "out.jsonl")
    assert [rows[n]["answers"] for n in "123"] == [2, 2, 3], "a person has saved the last since"
    assert [one["label"] for one in rows["1"]["label"]] == ["car"]


def test_an_export_becomes_tasks_that_can_be_imported(agree: Callable[..., Done], tmp_path: Path) -> None:
    tasks = [
        task(1, "choices", {1: ["cat"], 2: ["cat"], 3: ["dog"]}, meta={"batch": 7}),
        task(2, "choices", {1: ["cat"], 2: ["dog"]}),
    ]
    assert agree(tasks, out="out.json").code == 0
    first, second = json.loads((tmp_path / "out.json").read_text())
    (region,) = first["annotations"][0]["result"]
    assert region["value"] == {"choices": ["cat"]}
    assert (region["from_name"], region["to_name"], region["type"]) == ("q", "t", "choices")
    assert first["meta"]["batch"] == 7
    assert first["meta"]["secondlook"] == {
        "status": "agreed",
        "quality": 0.6667,
        "answers": 3,
        "agreed_by": ["1", "2"],
    }
    assert second["annotations"] == []
    assert second["meta"]["secondlook"]["reason"] == "as many say something else"


def test_people_who_answer_enough_are_weighed_by_what_they_confuse(
    agree: Callable[..., Done], tmp_path: Path
) -> None:
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 2, 80)
    tasks = []
    for n, right in enumerate(truth.tolist()):
        said = {who: right if rng.random() < 0.95 else 1 - right for who in (1, 2)}
        said |= {who: int(rng.integers(0, 2)) for who in (3, 4, 5)}
        tasks.append(task(n, "choices", {who: [("cat", "dog")[label]] for who, label in said.items()}))
    done = agree(tasks)
    rows = by_id(tmp_path / "out.jsonl")
    right = [rows[str(n)]["label"] == ("cat", "dog")[label] for n, label in enumerate(truth.tolist())]
    assert done.json["method"].startswith("Dawid-Skene")
    assert np.mean(right) > 0.85


def test_sets_are_agreed_class_by_class(agree: Callable[..., Done], tmp_path: Path) -> None:
    tasks = [
        task(1, "choices", {1: ["a", "b"], 2: ["a", "b"], 3: ["b", "c"]}),
        task(2, "choices", {1: ["a"], 2: ["b"]}),
        task(3, "choices", {1: None, 2: None, 3: ["c"]}),
    ]
    done = agree(tasks, "--type", "multi_label")
    rows = by_id(tmp_path / "out.jsonl")
    assert rows["1"]["label"] == ["a", "b"]
    assert rows["1"]["agreed_by"] == ["1", "2"]
    assert rows["2"]["reason"] == "a class is undecided"
    assert rows["3"]["label"] == []
    assert done.json["agreement"][0]["name"] == "mean Jaccard of two answers"


def test_ratings_are_agreed_where_they_lie_near_each_other(
    agree: Callable[..., Done], tmp_path: Path
) -> None:
    tasks = [
        task(1, "rating", {1: 4, 2: 4, 3: 1}),
        task(2, "rating", {1: 1, 2: 5}),
        task(3, "rating", {1: 2, 2: 3, 3: 3}),
    ]
    assert agree(tasks, out="out.json").code == 0
    first, second, third = json.loads((tmp_path / "out.json").read_text())
    assert first["annotations"][0]["result"][0]["value"] == {"rating": 4}
    assert second["annotations"] == []
    assert second["meta"]["secondlook"]["reason"] == "the numbers lie too far apart"
    assert third["annotations"][0]["result"][0]["value"] == {"rating": 3}


def boxes(n_people: int = 3) -> list[dict[str, Any]]:
    tasks = files.ls_pictures(4, predicted=False)
    for n, one in enumerate(tasks):
        for who in range(2, n_people + 1):
            drawn = [
                files.ls_region((name, a + who, b + who, c + who, d + who), f"z{k}")
                for k, (name, a, b, c, d) in enumerate(files.truth(n))
            ]
            one["annotations"].append({"id": f"{n}-{who}", "completed_by": who, "result": drawn})
    tasks[0]["annotations"][0]["result"].append(files.ls_region(("dog", 5, 5, 30, 30), "only one"))
    return tasks


def test_boxes_are_agreed_by_clusters_and_written_in_percent(
    agree: Callable[..., Done], tmp_path: Path
) -> None:
    done = agree(boxes(), out="out.json")
    tasks = json.loads((tmp_path / "out.json").read_text())
    result = tasks[0]["annotations"][0]["result"]
    assert done.code == 0, done.err
    assert done.json["regions_dropped"] == 1
    assert [region["id"] for region in result] == ["agreed1", "agreed2"]
    assert result[0]["meta"]["secondlook"]["agreed_by"] == ["1", "2", "3"]
    assert (result[0]["original_width"], result[0]["original_height"]) == (800, 600)
    again = by_id_of_boxes(result)
    assert again == pytest.approx(sorted(x1 + 2 for _, x1, *_ in files.truth(0)), abs=0.01)
    lacking = tasks[3]["annotations"][0]["result"]
    assert len(lacking) == 2


def by_id_of_boxes(result: list[dict[str, Any]]) -> list[float]:
    return sorted(region["value"]["x"] * files.W / 100 for region in result)


def test_a_box_whose_class_is_tied_leaves_its_picture_open(
    agree: Callable[..., Done], tmp_path: Path
) -> None:
    boxes = [box("a", "car", 10), box("b", "dog", 10)]
    agree([drawn(1, boxes[:1], boxes[1:]), drawn(2, boxes[:1], boxes[:1])])
    rows = by_id(tmp_path / "out.jsonl")
    assert (rows["1"]["status"], rows["1"]["reason"]) == ("open", "as many say something else")
    assert (rows["2"]["status"], rows["2"]["quality"]) == ("agreed", 1)


def test_a_class_that_not_all_gave_a_box_is_worth_less(agree: Callable[..., Done], tmp_path: Path) -> None:
    car, dog = [box("a", "car", 10)], [box("b", "dog", 10)]
    agree([drawn(1, car, car, dog)])
    assert by_id(tmp_path / "out.jsonl")["1"]["quality"] == pytest.approx(2 / 3, abs=1e-4)


def test_nothing_is_agreed_only_where_more_than_half_marked_nothing(
    agree: Callable[..., Done], tmp_path: Path
) -> None:
    car, other = [box("a", "car", 10)], [box("b", "car", 60)]
    agree([drawn(1, car, []), drawn(2, car, other), drawn(3, [], [], car), drawn(4, car, car)])
    rows = by_id(tmp_path / "out.jsonl")
    assert [rows[n]["reason"] for n in "1234"] == ["too few agree", "too few agree", None, None]
    assert (rows["3"]["label"], rows["3"]["quality"]) == ([], pytest.approx(2 / 3, abs=1e-4))


def test_a_span_whose_class_is_tied_leaves_its_text_open(agree: Callable[..., Done], tmp_path: Path) -> None:
    tasks = files.ls_texts(2)
    for task in tasks:
        given = task["annotations"][0]
        other = json.loads(json.dumps(given)) | {"id": 99, "completed_by": 2}
        task["annotations"] = [given | {"completed_by": 1}, other]
    swapped = tasks[0]["annotations"][1]["result"][0]["value"]
    swapped["labels"] = ["LOC" if swapped["labels"] == ["PER"] else "PER"]
    agree(tasks)
    rows = by_id(tmp_path / "out.jsonl")
    assert [rows[n]["reason"] for n in "01"] == ["as many say something else", None]


def test_spans_are_agreed_and_keep_their_text(agree: Callable[..., Done], tmp_path: Path) -> None:
    tasks = files.ls_texts(12)
    for n, one in enumerate(tasks):
        text, spans = files.sentence(n)
        for who in (2, 3):
            result = [files.ls_span(a, b, label, text[a:b], f"s{k}") for k, (a, b, label) in enumerate(spans)]
            one["annotations"].append({"id": f"{n}-{who}", "completed_by": who, "result": result})
    assert agree(tasks, out="out.json").code == 0
    written = json.loads((tmp_path / "out.json").read_text())
    values = [region["value"] for region in written[files.LOST_TEXT]["annotations"][0]["result"]]
    text, spans = files.sentence(files.LOST_TEXT)
    assert [(value["start"], value["end"], value["labels"][0], value["text"]) for value in values] == [
        (a, b, label, text[a:b]) for a, b, label in spans
    ]


def test_spans_of_hypertext_keep_their_paths(agree: Callable[..., Done], tmp_path: Path) -> None:
    def region(who: int) -> dict[str, Any]:
        value = {
            "start": "/p[1]/text()[1]",
            "end": "/p[1]/text()[1]",
            "startOffset": 0,
            "endOffset": 3,
            "text": "Ana",
            "globalOffsets": {"start": 0, "end": 3},
            "hypertextlabels": ["PER"],
        }
        return {"id": f"h{who}", "from_name": "e", "to_name": "t", "type": "hypertextlabels", "value": value}

    answers = [{"id": who, "completed_by": who, "result": [region(who)]} for who in (1, 2)]
    tasks = [{"id": 1, "data": {"page": "<p>Ana</p><p>left</p>"}, "annotations": answers}]
    assert agree(tasks, out="out.json").code == 0
    (written,) = json.loads((tmp_path / "out.json").read_text())
    (result,) = written["annotations"][0]["result"]
    assert result["value"]["start"] == "/p[1]/text()[1]"
    assert result["value"]["hypertextlabels"] == ["PER"]


def test_spans_of_a_dialogue_are_written_in_its_units(agree: Callable[..., Done], tmp_path: Path) -> None:
    talk = [{"who": "A", "text": "Hi \U0001f600 Bob"}, {"who": "B", "text": "Ana left"}]
    value = {"start": "0", "end": "0", "startOffset": 6, "endOffset": 9, "paragraphlabels": ["PER"]}
    region = {"id": "p", "from_name": "e", "to_name": "t", "type": "paragraphlabels", "value": value}
    answers = [{"id": who, "completed_by": who, "result": [region]} for who in (1, 2)]
    assert agree([{"id": 1, "data": {"talk": talk}, "annotations": answers}], out="out.json").code == 0
    (written,) = json.loads((tmp_path / "out.json").read_text())
    (result,) = written["annotations"][0]["result"]
    assert result["value"] == value | {"text": "Bob"}


def test_the_same_file_gives_the_same_answer(agree: Callable[..., Done], tmp_path: Path) -> None:
    texts = []
    for _ in range(2):
        agree(boxes(), out="out.json")
        texts.append((tmp_path / "out.json").read_bytes())
    turned = boxes()
    for one in turned:
        one["annotations"].reverse()
    agree(turned, out="out.json")
    assert texts[0] == texts[1] == (tmp_path / "out.json").read_bytes()


def test_a_file_of_one_annotator_is_refused(agree: Callable[..., Done]) -> None:
    done = agree([task(n, "choices", {1: [("a", "b")[n % 2]]}) for n in range(4)])
    assert done.code == 1
    assert "of its 4 items none has answers of two people" in done.err


def test_somebody_who_answers_twice_counts_once(agree: Callable[..., Done], tmp_path: Path) -> None:
    tasks = [task(1, "choices", {1: ["cat"], 2: ["dog"]}), task(2, "choices", {1: ["cat"], 2: ["cat"]})]
    tasks[0]["annotations"].append({**tasks[0]["annotations"][1], "id": "again", "completed_by": 1})
    done = agree(tasks)
    assert by_id(tmp_path / "out.jsonl")["1"]["label"] == "dog"
    assert "1 answer is replaced by a later one of the same person." in done.json["notes"]


def test_rows_of_several_people_are_agreed_on(secondlook: Secondlook, tmp_path: Path) -> None:  # noqa: F811
    lines = ["id,annotator,text,label"]
    lines += [
        f"{n},{who},text {n},{'cat' if n < 3 or who == 'c' else 'dog'}" for n in range(6) for who in "abc"
    ]
    save(tmp_path, "in.csv", "\n".join(lines))
    done = secondlook("consensus", "in.csv", "--out", "out.jsonl")
    rows = by_id(tmp_path / "out.jsonl")
    assert done.code == 0, done.err
    assert "6 of 6 items have an agreed answer" in done.out
    assert rows["5"]["label"] == "dog"
    assert rows["5"]["data"] == {"text": "text 5"}
