"""Reports and guidelines on the status page and in the API."""

from __future__ import annotations

import re

import httpx

from connector.model import AuditTrigger, GuidelineNote
from connector.store.repositories.guidelines import Confused
from connector.wiring import Services
from tests.unit.web.seeding import HOSTILE, NOW, TOKEN, seed

BASE = "/api/v1/projects/cats"


def guided(services: Services) -> str:
    """A report, a note and a question, all of them hostile; the id of the report."""
    seed(services)
    project = services.project("cats").id
    with services.store.begin() as unit:
        unit.notes.save(GuidelineNote("note", project, None, "lynx", HOSTILE, HOSTILE, HOSTILE, "draft", NOW))
        example = {"shown": HOSTILE, "given": "lynx", "suggested": HOSTILE, "decided": HOSTILE}
        unit.questions.ask(project, ("lynx", HOSTILE), Confused(5), [example])
        made = unit.audits.want(project, AuditTrigger.SCHEDULE, "30 days have passed")
        unit.audits.finish(made, f"Fine {HOSTILE}.", {"schema": 1, "note": HOSTILE})
    return made


def test_the_page_shows_the_last_report_and_what_is_asked(api: httpx.Client, services: Services) -> None:
    made = guided(services)
    pages = [api.get(f"/p/cats{path}").text for path in ("", "/reports", "/questions", "/guidelines")]
    assert not any(HOSTILE in page for page in pages)
    text = [re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", page)) for page in pages]
    assert "Report of 2026-03-01" in text[0]
    assert "0 notes published, 1 to be accepted" in text[0]
    assert "30 days have passed" in text[1]
    assert "Reviewers moved 5 items between" in text[2]
    assert "draft" in text[3]
    assert api.get(f"{BASE}/audits/{made}").status_code == 200
    assert f'href="/p/cats/reports/{made}"' in pages[0]


def test_a_project_without_reports_and_notes_shows_nothing_of_them(
    api: httpx.Client, services: Services
) -> None:
    seed(services)
    assert "Reports and guidelines" not in api.get("/p/cats").text


def test_reports_are_listed_and_fetched(api: httpx.Client, services: Services) -> None:
    made = guided(services)

    (listed,) = api.get(f"{BASE}/audits").json()
    assert (listed["id"], listed["trigger"], listed["reason"]) == (made, "schedule", "30 days have passed")
    assert api.get(f"{BASE}/audits/{made}").json() == {"schema": 1, "note": HOSTILE}
    assert api.get(f"{BASE}/audits/nothing").status_code == 404
    assert api.get("/api/v1/projects/dogs/audits").status_code == 404


def test_notes_and_questions_are_told(api: httpx.Client, services: Services) -> None:
    guided(services)
    told = api.get(f"{BASE}/guidelines").json()

    assert (told["version"], [note["state"] for note in told["notes"]]) == (None, ["draft"])
    assert [question["state"] for question in told["questions"]] == ["open"]


def test_without_the_token_nothing_of_it_is_told(client: httpx.Client, services: Services) -> None:
    made = guided(services)
    for path in ("/audits", f"/audits/{made}", "/guidelines"):
        assert client.get(BASE + path).status_code == 401
    assert client.get(f"{BASE}/audits", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
