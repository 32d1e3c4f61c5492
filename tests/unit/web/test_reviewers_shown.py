"""Reviewers on the status page and in the API."""

from __future__ import annotations

import re

import httpx
import pytest

from connector.model import PersonDetail, PersonSnapshot
from connector.store.views.people import ReviewAccounts, keep_members
from connector.wiring import Services
from tests.unit.web.seeding import HOSTILE, NOW, seed


@pytest.fixture
def measured(services: Services) -> Services:
    seed(services)
    project = services.project("cats")
    detail = {
        "seconds": 12.0, "drift": [-0.4, -0.5, -0.2], "suggestions": [3, 40],
        "classes": [["lynx", 0.9, 0.8, 0.95, 30.0]], "confusions": [["lynx", HOSTILE, 2.0]],
    }  # fmt: skip
    poor = PersonSnapshot(
        HOSTILE, "", NOW, 0.4, 0.3, 0.5, 60, 10, 4, 0.2, False, 4, 3, PersonDetail.from_json(detail)
    )
    with services.store.begin() as unit:
        unit.people.save(project.id, [poor])
        keep_members(unit, project, ReviewAccounts((HOSTILE,), "platform"))
    return services


@pytest.mark.usefixtures("measured")
def test_the_page_shows_who_weighs_less_and_that_too_few_can_review(api: httpx.Client) -> None:
    page = api.get("/p/cats").text + api.get("/p/cats/reviewers").text
    assert HOSTILE not in page
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))
    for expected in (
        "Reviewers",
        "weighs less",
        "30.0%",
        "4 of 10",
        "Only 1 person is known",
        "by 40 percentage points",
    ):
        assert expected in text


@pytest.mark.usefixtures("measured")
def test_the_api_tells_all_that_is_known(api: httpx.Client) -> None:
    found = api.get("/api/v1/projects/cats/reviewers").json()
    [one] = found["people"]
    assert (one["person"], one["trusted"], one["weight"]) == (HOSTILE, False, 0.2)
    assert one["classes"] == [["lynx", 0.9, 0.8, 0.95, 30.0]]
    assert (one["suggestions_taken"], one["suggestions_shown"]) == (3, 40)
    assert found["known_reviewers"] == 1
    assert len(found["warnings"]) == 3


def test_reviewers_of_an_unknown_project_are_not_found(api: httpx.Client) -> None:
    assert api.get("/api/v1/projects/dogs/reviewers").status_code == 404
