"""The demo's simulated reviewers answer what the page asks, blind or not, so that errors are repaired."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import numpy as np
import pytest

from connector.model import LabelledItem, LabelSchema, Prediction, ReviewRequest
from connector.ports import PartsCodec
from tests.support.codecs import LABEL_STUDIO
from workers.demo.region_platform import DRAWN, RegionReviewer, _region, read
from workers.demo.scenes import Scenes, all_right, planted_scenes
from workers.label_types.registry import label_type

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class NeverWrong(np.random.Generator):
    def random(self, *_: Any, **__: Any) -> Any:
        return 1.0


def result_of(scenes: Scenes, row: int) -> list[dict[str, Any]]:
    return [_region(scenes.shown[row], one, f"r{n}") for n, one in enumerate(scenes.given[row])]


@pytest.mark.parametrize("blind", [False, True])
@pytest.mark.parametrize("kind", ["boxes", "spans"])
def test_reviewers_who_are_never_wrong_repair_most_and_spoil_nothing(kind: str, *, blind: bool) -> None:
    scenes = planted_scenes(kind, np.random.default_rng(7))
    codec, regions = LABEL_STUDIO[kind], label_type(kind)
    assert isinstance(codec, PartsCodec)
    assert regions.detect is not None
    names = ("circle", "square") if kind == "boxes" else ("PER", "LOC")
    schema = LabelSchema("region", "object", names, (), kind)
    results = [result_of(scenes, row) for row in range(len(scenes.shown))]
    labels = [str(codec.read(result, schema).label) for result in results]
    items = [
        LabelledItem(row, str(row), row, str(row), 1, label, "ann", NOW, ())
        for row, label in enumerate(labels)
    ]
    seen = [
        codec.scores([_region(shown, one, "m") | {"score": p} for one, p in marked], schema)
        for shown, marked in zip(scenes.shown, scenes.predicted, strict=True)
    ]
    predictions = [Prediction("1", "m", None, None, scores, NOW) for scores in seen]
    suspicions = regions.detect(items, predictions, schema, "")
    truth_of = dict(zip(scenes.shown, scenes.truth, strict=True))
    reviewer = RegionReviewer(httpx.Client(), 1, truth_of, NeverWrong(np.random.PCG64(1)))
    before = {row: all_right(list(map(read, results[row])), scenes.truth[row]) for row in range(len(items))}
    for one in suspicions.suspicions:
        given = str(one.given)
        if not codec.carries(str(codec.read(results[one.row], schema).label), given):
            continue
        request = ReviewRequest(
            key="k", batch="b", title="t", context="c", data={}, options=names,
            suggestion=None if blind else one.suggested, suggestion_score=None, model_version="m",
            kind=kind, given=given, suggested=one.suggested, around=labels[one.row], blind=blind,
        )  # fmt: skip
        content = codec.content(request, "")
        task = {"data": {**content.fields, "object": scenes.shown[one.row]}}
        code = reviewer._code(task, content.suggested)
        drawn = [reviewer._drawn(task, read(content.suggested[0]))] if code == DRAWN else []
        verdict = {"from_name": "label", "type": "choices", "value": {"choices": [code]}}
        part = codec.answer_to([*content.suggested, *drawn, verdict], content.fields)
        assert part is not None, (code, given, one.suggested)
        if part != given:
            results[one.row] = codec.patch(results[one.row], schema, given, part, {"secondlook": given})
    after = {row: all_right(list(map(read, results[row])), scenes.truth[row]) for row in before}
    assert [row for row in before if before[row] and not after[row]] == []
    repaired = sum(after[row] for row in before if not before[row])
    assert repaired >= 0.8 * scenes.n_wrong
    reviewer.close()
