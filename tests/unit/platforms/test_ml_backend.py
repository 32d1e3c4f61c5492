"""What an ML backend is asked about boxes and spans, and how its answers are read."""

from __future__ import annotations

import json
from typing import Any

import httpx

from connector.model import LabelSchema, ObjectTag, Prediction
from connector.platforms.http import Anonymous, Api
from connector.platforms.label_studio.backend import MlBackend
from tests.support.codecs import LABEL_STUDIO

BOXES = LabelSchema("box", "image", ("car", 'a "dog"'), (ObjectTag("image", "Image", "url"),), "boxes")
SPANS = LabelSchema("ner", "text", ("PER",), (ObjectTag("text", "Text", "text"),), "spans")


def predicted(
    schema: LabelSchema, data: dict[str, Any], result: Any
) -> tuple[Prediction | None, dict[str, Any]]:
    asked: list[dict[str, Any]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(json.loads(request.content))
        return httpx.Response(200, json={"results": [{"result": result}], "model_version": "v1"})

    backend = MlBackend(Api("http://model", Anonymous(), transport=httpx.MockTransport(answer)), LABEL_STUDIO)
    (found,) = backend.predict(schema, [("1", data)])
    return found, asked[0]


def box(**more: Any) -> dict[str, Any]:
    value = {"x": 10, "y": 10, "width": 20, "height": 20, "rectanglelabels": ["car"]}
    item = {"from_name": "box", "to_name": "image", "type": "rectanglelabels", "value": value}
    return {**item, "original_width": 100, "original_height": 50, **more}


def test_the_config_that_is_sent_has_the_control_of_the_type() -> None:
    _, asked = predicted(BOXES, {"url": "one.png"}, [])
    assert asked["label_config"] == (
        '<View><Image name="image" value="$url"/><RectangleLabels name="box" toName="image">'
        '<Label value="car" /><Label value="a &quot;dog&quot;" /></RectangleLabels></View>'
    )
    _, asked = predicted(SPANS, {"text": "Ana"}, [])
    assert '<Labels name="ner" toName="text"><Label value="PER" /></Labels>' in asked["label_config"]


def test_sets_and_ratings_are_asked_for_by_the_control_that_a_page_would_have() -> None:
    shown = (ObjectTag("text", "Text", "text"),)
    sets = LabelSchema("moods", "text", ("joy", "anger"), shown, "multi_label")
    scores = {"joy": 0.9, "anger": 0.8}
    ticked = {"from_name": "moods", "to_name": "text", "type": "choices", "value": {"choices": ["joy"]}}
    found, asked = predicted(sets, {"text": "ha"}, [{**ticked, "meta": {"class_scores": scores}}])
    assert '<Choices name="moods" toName="text" choice="multiple">' in asked["label_config"]
    assert found is not None
    assert (found.label, found.class_scores) == ("joy", scores)
    stars = LabelSchema("stars", "text", ("1", "2", "3"), shown, "rating")
    rated = {"from_name": "stars", "to_name": "text", "type": "rating", "value": {"rating": 2.4}}
    found, asked = predicted(stars, {"text": "ha"}, [rated])
    assert '<Rating name="stars" toName="text" maxRating="3" />' in asked["label_config"]
    assert found is not None
    assert found.class_scores == {"expected": 2.4}


def test_regions_come_with_their_scores_and_none_is_an_answer() -> None:
    found, _ = predicted(BOXES, {"url": "one.png"}, [box(score=0.7), box(score="high", value={})])
    assert found is not None
    assert (found.class_scores, found.model_version) == ({"car 10,5 20x10 of 100x50": 0.7}, "v1")
    nothing, _ = predicted(BOXES, {"url": "one.png"}, [])
    assert nothing is not None
    assert nothing.class_scores == {}
    assert predicted(BOXES, {"url": "one.png"}, None)[0] is None


def test_spans_in_utf16_units_are_mended_by_the_words_that_they_name() -> None:
    value = {"start": 3, "end": 6, "text": "Ana", "labels": ["PER"]}
    span = {"from_name": "ner", "to_name": "text", "type": "labels", "score": 0.9, "value": value}
    found, _ = predicted(SPANS, {"text": "\U0001f600 Ana"}, [span])
    assert found is not None
    assert found.class_scores == {'PER 2-5 "Ana"': 0.9}
