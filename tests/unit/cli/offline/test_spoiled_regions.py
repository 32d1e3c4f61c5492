"""Files of regions in which anything may be something else: read, or refused with a sentence."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.cli.offline import region_files as files
from workers.cli.offline.agreed.regions import agree_on_regions
from workers.cli.offline.dataset import Columns
from workers.cli.offline.errors import BadFile
from workers.cli.offline.kinds import FileKind
from workers.cli.offline.longest import LONGEST_TEXT
from workers.cli.offline.regions.data import RegionData
from workers.cli.offline.regions.judging_boxes import judge_boxes
from workers.cli.offline.regions.judging_spans import judge_spans
from workers.cli.offline.regions.own import with_predictions
from workers.cli.offline.regions.reading import read_any

NUMBERS = (0, -1, 1e308, float("nan"), float("inf"), 10**400, True)
ODD: tuple[Any, ...] = (None, "", "x", "😀", "1", *NUMBERS, [], {}, [None], [[]], {"a": 1})


def paths_of(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON value."""
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield from paths_of(each, (*path, key))


def spoiled(value: Any, changes: list[tuple[tuple[Any, ...], Any]]) -> Any:
    """The value with something else at some of its places, as far as they are still there."""
    made = copy.deepcopy(value)
    for path, odd in changes:
        place = made
        try:
            for key in path[:-1]:
                place = place[key]
            place[path[-1]] = copy.deepcopy(odd)
        except (KeyError, IndexError, TypeError):
            continue
    return made


def several(tasks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same with a second annotator."""
    for task in tasks:
        other = copy.deepcopy(task["annotations"][0])
        task["annotations"].append(other | {"completed_by": 2, "id": f"{other['id']}-2"})
    return tasks


WHOLE: dict[str, Any] = {
    "boxes": files.ls_pictures(3),
    "shared boxes": several(files.ls_pictures(3, predicted=False)),
    "coco": files.coco(3),
    "spans": several(files.ls_texts(3)),
    "rows": [
        {"id": n, "text": files.marked(n)[0], "spans": [list(span) for span in files.marked(n)[1]]}
        for n in range(3)
    ],
    "tags": [{"id": n, "tokens": ["Ann", "slept"], "ner_tags": ["B-PER", "O"]} for n in range(3)],
    "pairs": [
        [files.marked(n)[0], {"entities": [list(one) for one in files.marked(n)[1]]}] for n in range(3)
    ],
}
THREE = range(3)
BOXES, SPANS = ("coco", files.coco(3)), ("rows", WHOLE["rows"])
CORNERS = {"label": "car", "score": 0.9, "box": {"x1": 1, "y1": 2, "x2": 9, "y2": 9}}
BESIDE = {"boxes": [[1, 2, 30, 40]], "labels": [10], "scores": [0.9]}
GROUPED = {"entity_group": "PER", "start": 0, "end": 4, "score": 0.9}
PREDICTED: dict[str, tuple[tuple[str, Any], Any]] = {
    "results": (BOXES, files.coco_results(3)),
    "wrapped": (BOXES, {**files.coco(3), "annotations": files.coco_results(3)}),
    "corners": (BOXES, [{"image_id": n, "predictions": [CORNERS]} for n in THREE]),
    "side by side": (BOXES, [{"image_id": n, **BESIDE} for n in THREE]),
    "spans": (SPANS, [{"id": n, "predictions": [GROUPED]} for n in THREE]),
    "triples": (SPANS, [{"id": n, "spans": [[0, 4, "PER"]]} for n in THREE]),
}


@pytest.mark.parametrize("name", PREDICTED)
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_predictions_that_are_spoiled_are_read_or_refused_with_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    (held, whole), predicted = PREDICTED[name]
    places = st.sampled_from([path for path in paths_of(predicted) if path])
    changes = data.draw(st.lists(st.tuples(places, st.sampled_from(ODD)), min_size=1, max_size=4))
    folder = tmp_path_factory.getbasetemp()
    (folder / f"{held}.json").write_text(json.dumps(whole), encoding="utf-8")
    (folder / "predicted.json").write_text(json.dumps(spoiled(predicted, changes)), encoding="utf-8")
    found = read_and_judge(folder / f"{held}.json", folder / "predicted.json")
    assert all(0 <= issue.score <= 1 and issue.reason for issue in found)


@pytest.mark.parametrize("name", WHOLE)
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_is_spoiled_is_read_or_refused_with_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, name: str, data: st.DataObject
) -> None:
    whole = WHOLE[name]
    places = st.sampled_from([path for path in paths_of(whole) if path])
    changes = data.draw(st.lists(st.tuples(places, st.sampled_from(ODD)), min_size=1, max_size=4))
    file = tmp_path_factory.getbasetemp() / "spoiled.json"
    file.write_text(json.dumps(spoiled(whole, changes)), encoding="utf-8")
    found = read_and_judge(file)
    assert all(0 <= issue.score <= 1 and issue.reason for issue in found)


def read_and_judge(file: Path, predictions: Path | None = None) -> Any:
    """The issues; none of what is refused, or is no file of regions any more."""
    try:
        read = read_any(file, Columns())
        if not isinstance(read, RegionData):
            return ()
        if predictions is None:
            agree_on_regions(read, 2)
        else:
            read = with_predictions(read, predictions)
        return (judge_boxes if read.kind is FileKind.BOXES else judge_spans)(
            read, None if predictions is None else predictions.name
        ).issues
    except BadFile:
        return ()


def test_a_text_that_is_too_long_is_left_out_and_named(tmp_path: Path) -> None:
    rows = [{"text": f"Ann met Bob {n}", "label": [[0, 3, "PER"], [8, 11, "PER"]]} for n in range(4)]
    rows[2]["text"] += "x" * LONGEST_TEXT
    file = tmp_path / "spans.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    data = read_any(file, Columns())
    assert isinstance(data, RegionData)
    assert len(data.items) == len(rows) - 1
    (left_out,) = data.left_out
    assert left_out.place == "line 3"
    assert "2.0 MB of text" in left_out.reason
