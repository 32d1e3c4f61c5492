"""A model backend that speaks Label Studio's ML backend protocol (`POST /predict`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree as ET
from xml.sax.saxutils import quoteattr

from connector.errors import Misconfigured
from connector.model import Json, LabelSchema, ObjectTag, Prediction
from connector.model.item_text import DIALOGUE
from connector.platforms.http import Anonymous, Api
from connector.platforms.label_studio import mapping
from connector.ports import Codec, Codecs, ConfigCodec, PartsCodec


class MlBackend:
    """Asks a model server. Predicting changes nothing there, so a failed call may be repeated."""

    def __init__(self, api: Api, codecs: Codecs) -> None:
        self._api = api
        self._codecs = codecs

    def predict(self, schema: LabelSchema, items: Sequence[tuple[str, Json]]) -> Sequence[Prediction | None]:
        """One prediction for each item, in order; None where the model gives none.

        Misconfigured when the answer is not of the protocol or has another length.
        """
        codec = self._codecs[schema.kind]
        body = {
            "tasks": [{"id": _number(remote_id), "data": dict(data)} for remote_id, data in items],
            "label_config": label_config(schema, codec),
            "project": "secondlook",
            "params": {},
        }
        answer, _ = self._api.read("/predict", method="POST", json=body)
        results = answer.get("results") if isinstance(answer, dict) else None
        if not isinstance(results, list) or len(results) != len(items):
            raise Misconfigured(
                f"the model backend answered {_shape(results)} for {len(items)} tasks",
                field="predictions.url",
                remedy="It must answer {'results': [...]} with one entry for each task, in order.",
            )
        shared = str(answer.get("model_version") or "")
        return [
            _prediction(result, schema, mapping.codec_of({"data": data}, schema, codec), shared)
            for result, (_, data) in zip(results, items, strict=True)
        ]


def backend(url: str, codecs: Codecs) -> MlBackend:
    return MlBackend(Api(url, Anonymous()), codecs)


def label_config(schema: LabelSchema, codec: Codec) -> str:
    """The least labelling config that has this schema: backends read names and classes from it."""
    objects = "".join(
        f"<{tag.kind} name={quoteattr(tag.name)} value={quoteattr('$' + tag.field)}{_said_in(tag)}/>"
        for tag in schema.objects
    )
    if not isinstance(codec, ConfigCodec):
        raise Misconfigured(
            f"no model backend can be asked for labels of type {schema.kind}",
            field="predictions.source",
            remedy="Use platform or file.",
        )
    control = ET.tostring(codec.control(schema), encoding="unicode", short_empty_elements=True)
    return f"<View>{objects}{control}</View>"


def _said_in(tag: ObjectTag) -> str:
    return f" textKey={quoteattr(tag.text_key)}" if tag.kind == DIALOGUE else ""


def _prediction(result: Any, schema: LabelSchema, codec: Codec, model_version: str) -> Prediction | None:
    if isinstance(result, list):  # older backends answer a list of predictions for each task
        result = result[0] if result else None
    says = result.get("result") if isinstance(result, dict) else None
    # A model that marks no region says that there is none.
    if not isinstance(result, dict) or (not says and not (says == [] and isinstance(codec, PartsCodec))):
        return None
    named = {"id": "backend", "model_version": model_version, **result}
    return mapping.prediction(named, schema, codec)


def _number(remote_id: str) -> int | str:
    return int(remote_id) if remote_id.isdigit() else remote_id


def _shape(results: Any) -> str:
    return f"{len(results)} results" if isinstance(results, list) else "no list of results"
