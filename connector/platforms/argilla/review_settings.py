"""The settings of a review dataset, worded by Argilla's SDK; they are sent over REST, step by step.

The SDK knows the shapes of fields, questions and metadata properties. Its own way to create a dataset is
not used: a creation that breaks off could not be finished.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

from connector.errors import Misconfigured, Retryable
from connector.model import LabelSchema, ObjectTag, Problem, ReviewSetup
from connector.platforms.argilla.client import ArgillaClient
from connector.platforms.http import translated
from connector.platforms.results import REVIEW_ASKED, REVIEW_CONTEXT, REVIEW_CONTROL
from connector.ports import Codec

CONTEXT = REVIEW_CONTEXT
MORE = "secondlook_more"  # what the dataset has no field for: fields cannot be added once it is published
SHOWN_HTML = "secondlook_html_"  # prefix of a field that shows the words of the item's HTML
LABEL = REVIEW_CONTROL
PROBLEM = "problem"
NOTE = "note"
KEY = "secondlook_key"
BATCH = "secondlook_batch"
KIND = "secondlook_kind"
ASKED = REVIEW_ASKED
_NAME_CHARS = 200
_NOT_SHOWN = frozenset({"Audio", "AudioPlus", "Video", "TimeSeries", "Pdf", "PDF"})
_SENT = ("name", "title", "required", "settings", "visible_for_annotators")

Raw = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ReviewParts:
    """What a dataset is made of, as the server takes it, one body for each call."""

    fields: list[Raw]
    questions: list[Raw]
    properties: list[Raw]


def review_parts(client: ArgillaClient, setup: ReviewSetup, codec: Codec) -> ReviewParts:
    """Fields, questions and metadata properties; Misconfigured for an item that Argilla cannot show."""
    check_shown(setup.schema)
    rg = _sdk()
    # Settings belong to a client, which asks the server who it is. Nothing else goes through it.
    with _connected(rg, client):
        settings = rg.Settings(
            fields=_fields(rg, setup.schema),
            questions=_questions(rg, setup.schema, codec),
            metadata=[_hidden(rg, name) for name in (KEY, BATCH, KIND, ASKED)],
        )
        settings.validate()
    return ReviewParts(
        [_body(one) for one in settings.fields],
        [_body(one) for one in settings.questions],
        [_body(one) for one in settings.metadata],
    )


def check_shown(schema: LabelSchema) -> None:
    """Misconfigured for what Argilla has no field for."""
    for tag in schema.objects:
        if tag.kind in _NOT_SHOWN:
            raise Misconfigured(
                f"Argilla cannot show {tag.field!r}, which is {tag.kind}",
                field="desk.platform",
                remedy="Let reviews be answered on the source's platform.",
            )


def shown_field(tag: ObjectTag) -> str:
    """The field of the review record that shows the object."""
    return f"{SHOWN_HTML}{tag.field}" if tag.kind == "HyperText" else tag.field


@contextmanager
def _connected(rg: Any, client: ArgillaClient) -> Iterator[None]:
    from argilla._exceptions import ArgillaError

    try:
        with (
            translated("GET", client.url, write=False),
            closing(rg.Argilla(client.url, client.key, retries=0).http_client),
        ):
            yield
    except ArgillaError as error:
        raise Retryable(f"Argilla's SDK: {type(error).__name__}") from error


def _sdk() -> ModuleType:
    # Imported here: it takes 3 s and 140 MB, which only the creation of a review dataset need spend.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it declares its models as pydantic did before version 2
        try:
            return importlib.import_module("argilla")
        except ModuleNotFoundError as error:
            remedy = "Install it with: pip install 'secondlook[argilla]'."
            raise Misconfigured(
                "Argilla's SDK is not installed", field="desk.platform", remedy=remedy
            ) from error


def _fields(rg: Any, schema: LabelSchema) -> list[Any]:
    kinds = {"Image": rg.ImageField, "Chat": rg.ChatField}  # all else is shown as text
    shown = {shown_field(tag): tag for tag in schema.objects if tag.field not in ("", CONTEXT, MORE)}
    return [
        rg.TextField(CONTEXT, title="Why you are asked", required=True),
        *(
            kinds.get(tag.kind, rg.TextField)(name, title=tag.field, required=False)
            for name, tag in shown.items()
            if len(name) <= _NAME_CHARS
        ),
        rg.TextField(MORE, title="More", required=False),
    ]


def _questions(rg: Any, schema: LabelSchema, codec: Codec) -> list[Any]:
    problems = [problem.value for problem in Problem]
    shown = tuple(replace(tag, field=shown_field(tag)) for tag in schema.objects)
    return [
        *codec.form(replace(schema, control=LABEL, objects=shown), rg),
        rg.MultiLabelQuestion(PROBLEM, problems, title="What is the problem?", required=False),
        rg.TextQuestion(NOTE, title="A note for the guidelines", required=False),
    ]


def _hidden(rg: Any, name: str) -> Any:
    """Annotators neither see it nor filter by it."""
    return rg.TermsMetadataProperty(name, title=name, visible_for_annotators=False)


def _body(part: Any) -> Raw:
    held = part.api_model().model_dump(mode="json")
    return {name: held[name] for name in _SENT if held.get(name) is not None}
