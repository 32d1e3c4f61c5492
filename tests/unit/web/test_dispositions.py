"""The items that no single label answers, as the API and the command line show them."""

from __future__ import annotations

import httpx

from connector.wiring import Services
from tests.unit.web.seeding import HOSTILE, set_aside


def test_the_lists_are_read_one_by_one_or_all_together(api: httpx.Client, services: Services) -> None:
    set_aside(services)

    both = api.get("/api/v1/dispositions", params={"project": "cats"}).json()["items"]
    assert {one["kind"] for one in both} == {"multi_label", "guideline_question"}
    (one,) = api.get("/api/v1/dispositions", params={"kind": "multi_label"}).json()["items"]
    assert (one["problem"], one["labels"], one["given"]) == ("ambiguous", [HOSTILE, "lynx"], "lynx")
    assert api.get("/api/v1/dispositions", params={"kind": "none"}).status_code == 422


def test_the_lists_are_counted_in_the_project(api: httpx.Client, services: Services) -> None:
    set_aside(services)

    counted = api.get("/api/v1/projects/cats").json()["dispositions"]
    assert counted == {"multi_label": 1, "guideline_question": 1}


def test_the_lists_are_counted_on_the_projects_page(api: httpx.Client, services: Services) -> None:
    set_aside(services)
    shown = api.get("/p/cats").text
    assert 'href="/p/cats/dispositions?kind=multi_label">multi label</a></dt><dd>1</dd>' in shown
    assert "multi label" in api.get("/p/cats/dispositions?kind=multi_label").text
