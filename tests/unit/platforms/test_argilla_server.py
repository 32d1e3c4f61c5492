"""Argilla servers that are not the one that was tested, and shapes that a dataset cannot have there."""

from __future__ import annotations

import httpx
import pytest

from connector.errors import Misconfigured, Rejected
from connector.model import LabelSchema, ObjectTag, ReviewRequest
from connector.platforms import registry
from connector.platforms.argilla.client import ArgillaClient
from connector.platforms.argilla.review_records import ArgillaForm, record_for
from connector.platforms.argilla.review_settings import check_shown
from connector.platforms.argilla.survey import ArgillaSurvey
from tests.support.codecs import ARGILLA


def client(answer: httpx.Response, section: str = "") -> ArgillaClient:
    transport = httpx.MockTransport(lambda _: answer)
    return ArgillaClient("http://argilla.test", "key", transport=transport, section=section)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (httpx.Response(404, json={"detail": "Not Found"}), "before 2.0"),
        (httpx.Response(200, json={"version": "1.29.1"}), "this Argilla is 1.29.1"),
        (httpx.Response(200, json={"version": "3.0.0"}), "this Argilla is 3.0.0"),
        (httpx.Response(200, json={}), "of an unknown version"),
        (httpx.Response(200, text="<html>"), "something other than JSON"),
    ],
)
def test_a_server_that_speaks_otherwise_is_refused_with_its_version(
    answer: httpx.Response, said: str
) -> None:
    with pytest.raises(Misconfigured, match=said) as caught:
        client(answer).version()
    assert caught.value.field == "url"


def test_a_newer_server_of_the_same_kind_is_worked_with_and_remarked_on() -> None:
    assert ArgillaSurvey(client(httpx.Response(200, json={"version": "2.8.3"})), {}).server().remark is None
    found = ArgillaSurvey(client(httpx.Response(200, json={"version": "2.9.0"})), {}).server()
    assert found.version == "2.9.0"
    assert "only 2.8.0 was tested" in str(found.remark)


def test_errors_of_a_desk_elsewhere_name_its_own_settings() -> None:
    with pytest.raises(Misconfigured) as caught:
        client(httpx.Response(401, json={"detail": "no"}), "desk").me()
    assert caught.value.field == "desk.token"


@pytest.mark.parametrize("kind", ["Audio", "Video", "TimeSeries", "Pdf"])
def test_items_that_argilla_cannot_show_are_refused_by_name(kind: str) -> None:
    schema = LabelSchema(
        "c", "t", ("a", "b"), (ObjectTag("t", "Text", "text"), ObjectTag("x", kind, "media"))
    )
    with pytest.raises(Misconfigured, match=f"'media', which is {kind}"):
        check_shown(schema)


def test_an_image_without_an_address_is_not_asked_about() -> None:
    form = ArgillaForm({"photo": "image", "secondlook_more": "text"}, [{"name": "label", "id": "q"}])
    request = ReviewRequest("k", "b", "T", "C", {"photo": "/data/upload/1/dog.png"}, (), "a", 0.5, "m")
    with pytest.raises(Rejected, match="'photo' has no address"):
        record_for(request, form, ARGILLA["choice"])


@pytest.mark.parametrize(
    ("kind", "name", "other"),
    [("argilla", "Argilla", "Label Studio"), ("label_studio", "Label Studio", "Argilla")],
)
def test_the_advice_of_a_platform_names_no_other(kind: str, name: str, other: str) -> None:
    """`doctor` and `init` say these sentences."""
    words = registry.words(kind)
    assert words.name == name
    advice = [words.no_control, words.add_control, words.add_items, words.private_hooks, *words.writeback]
    assert not [sentence for sentence in advice if other in sentence]
