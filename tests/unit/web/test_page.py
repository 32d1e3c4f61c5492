"""The status page: for people with the token, without scripts, safe against what labels contain."""

from __future__ import annotations

import re
from datetime import timedelta

import httpx
import pytest

from connector.errors import Retryable
from connector.wiring import Services
from connector.wording import ago
from tests.unit.web.seeding import HOSTILE, NOW, TOKEN, kill_job, seed, seed_findings


def test_who_is_not_known_is_led_to_the_sign_in_and_back(client: httpx.Client) -> None:
    answer = client.get("/?x=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=%2F%3Fx%3D1")
    page = client.get(answer.headers["location"]).text
    assert 'value="/?x=1"' in page
    assert "Nobody can sign in yet" in page


def test_the_token_is_the_password_of_any_user(client: httpx.Client) -> None:
    assert client.get("/", auth=("anyone", TOKEN)).status_code == 200
    assert client.get("/", auth=("anyone", "guess")).status_code == 303


def test_it_shows_what_stands_where(api: httpx.Client, services: Services) -> None:
    seed(services, issues=2)
    job_id = kill_job(services)
    project = services.project("cats")
    with services.store.begin() as unit:
        unit.projects.pause(project.id, "the token is not valid")
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", api.get("/").text))
    for expected in (
        "Items 4", "Labelled 4", "Votes 2 1 counted", "accepted 1", "open 1", "applied 1", "empty 3",
        "Paused. the token is not valid", "The predictions may not be out-of-sample.",
        job_id, "the platform refused", "Open the review tasks",
    ):  # fmt: skip
        assert expected in text


def test_a_project_that_was_never_synced_is_named(api: httpx.Client) -> None:
    assert "secondlook sync cats" in api.get("/").text


def test_what_labels_and_errors_contain_is_text(api: httpx.Client, services: Services) -> None:
    seed(services)
    kill_job(services, error=HOSTILE)
    text = api.get("/").text
    assert HOSTILE not in text
    assert text.count("&lt;script&gt;alert(1)") == 2


def test_a_link_that_is_no_web_address_is_not_made(api: httpx.Client, services: Services) -> None:
    project = services.project("cats")
    with services.store.begin() as unit:
        unit.projects.set_review_project(project.id, "8", "javascript:alert(1)")
    assert "javascript:" not in api.get("/").text


def test_nothing_is_loaded_from_elsewhere(api: httpx.Client, services: Services) -> None:
    seed(services)
    answer = api.get("/")
    assert re.findall(r'(?:src|href)="([^"]+)"', answer.text) == [
        "data:,", "/static/status.css", "http://labels.example.org/projects/8/data?labeling=1",
    ]  # fmt: skip
    assert "<script" not in answer.text
    assert "style=" not in answer.text
    assert api.get("/static/status.css").headers["content-type"].startswith("text/css")


def test_every_answer_carries_the_headers_of_a_careful_server(client: httpx.Client) -> None:
    for path in ("/", "/static/status.css", "/api/v1/projects", "/nowhere", "/health"):
        headers = client.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert "cache-control" in headers


def test_a_database_that_does_not_answer_is_said(
    api: httpx.Client, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        msg = "the database did not answer: <no reason>"
        raise Retryable(msg)

    monkeypatch.setattr(services.store, "read", broken)
    answer = api.get("/")
    assert answer.status_code == 503
    assert "did not answer: &lt;no reason&gt;" in answer.text


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-5, "just now"), (59, "just now"), (60, "1 minute ago"), (7300, "2 hours ago"), (90_000, "1 day ago")],
)
def test_ages_are_said_in_one_unit(seconds: int, words: str) -> None:
    assert ago(NOW - timedelta(seconds=seconds), NOW) == words


def test_what_else_was_found_is_shown_kind_by_kind(api: httpx.Client, services: Services) -> None:
    seed_findings(services)
    page = api.get("/").text
    assert HOSTILE not in page
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))
    assert "Also found by the last scan" in text
    assert "Classes that overlap 1" in text
    assert "Outliers 7" in text
    assert "4.0 times as far" in text
    assert "secondlook findings cats --kind outlier" in text
    assert "--kind overlap" not in text
