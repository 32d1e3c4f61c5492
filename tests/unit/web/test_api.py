"""The JSON API: what is stored, for who has the token."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
import pytest
from pydantic import TypeAdapter

from connector.errors import Retryable
from connector.web.api.examples import examples
from connector.wiring import Services
from tests.unit.web.seeding import HOSTILE, TOKEN, kill_job, seed, seed_findings
from workers.report.shapes import Report

READS = [
    *("/api/v1/projects", "/api/v1/issues", "/api/v1/reviews", "/api/v1/corrections", "/api/v1/jobs"),
    "/api/v1/dispositions",
]


def test_without_the_token_nothing_is_shown(client: httpx.Client) -> None:
    wrong = [
        "",
        f"Bearer {TOKEN}x",
        "Bearer",
        f"Token {TOKEN}",
        "Basic !",
        "Basic " + "A" * 90,
        "Bearer \xff",
    ]
    for path in [*READS, "/api/v1/projects/cats", "/api/v1/issues/x"]:
        for header in wrong:
            answer = client.get(path, headers={"Authorization": header.encode("latin-1")})
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"].startswith("Bearer")


def test_the_token_may_come_as_basic_password(client: httpx.Client) -> None:
    encoded = base64.b64encode(f"anyone:{TOKEN}".encode()).decode()
    assert client.get("/api/v1/projects", headers={"Authorization": f"Basic {encoded}"}).status_code == 200


def test_a_project_shows_what_became_of_its_labels(api: httpx.Client, services: Services) -> None:
    seed(services)
    kill_job(services)
    project = api.get("/api/v1/projects/cats").json()
    assert [project] == api.get("/api/v1/projects").json()
    expected = {
        "items": 3,
        "labelled": 3,
        "flagged": 1,
        "issues": {"accepted": 1},
        "reviews": {"decided": 1},
        "votes": 2,
        "votes_counted": 1,
        "corrections": {"applied": 1},
        "skipped": {"empty": 2, "no prediction": 2},
        "jobs": {"dead": 1},
        "review_link": "http://labels.example.org/projects/8/data?labeling=1",
        "paused_reason": None,
        "away_since": None,
        "away_reason": None,
    }
    assert {name: project[name] for name in expected} == expected


def test_an_issue_shows_its_evidence_and_its_end(api: httpx.Client, services: Services) -> None:
    seed(services)
    issue = api.get("/api/v1/issues/issue-000").json()
    assert (issue["project"], issue["item"], issue["annotation"]) == ("cats", "1", "101")
    assert (issue["given"], issue["suggested"], issue["state"]) == ("lynx", HOSTILE, "accepted")
    assert (issue["outcome"], issue["review"], issue["correction"]) == ("accept", "key-1", "correction")
    assert issue["evidence"]["near"] == [["lynx", 0.01]]


def walk(api: httpx.Client, path: str, **params: Any) -> list[str]:
    found: list[str] = []
    after = None
    while True:
        page = api.get(path, params={**params, **({"after": after} if after else {})}).json()
        found += [row.get("id") or row["key"] for row in page["items"]]
        after = page["next"]
        if after is None:
            return found


def test_pages_show_every_row_once_in_order(api: httpx.Client, services: Services) -> None:
    seed(services, issues=7)
    for limit in (1, 2, 3, 7, 100):
        assert walk(api, "/api/v1/issues", limit=limit) == [f"issue-{n:03}" for n in range(7)]


def test_rows_can_be_filtered(api: httpx.Client, services: Services) -> None:
    seed(services, issues=3)
    job_id = kill_job(services)
    assert walk(api, "/api/v1/issues", state="open", project="cats") == ["issue-001", "issue-002"]
    assert walk(api, "/api/v1/issues", project="dogs") == []
    assert walk(api, "/api/v1/corrections", state="applied") == ["correction"]
    assert walk(api, "/api/v1/corrections", state="failed") == []
    assert walk(api, "/api/v1/reviews", state="decided", limit=1) == ["key-1"]
    assert walk(api, "/api/v1/jobs") == [job_id]
    assert walk(api, "/api/v1/jobs", state="queued") == []


def test_a_made_up_cursor_is_400(api: httpx.Client) -> None:
    for path in ("/api/v1/issues", "/api/v1/reviews", "/api/v1/jobs"):
        for cursor in ("x", "e30", "WzFd", "WzEsMl0", "WzEsImEiLDNd", "bnVsbA", "\x00", "é", "A" * 499):
            assert api.get(path, params={"after": cursor}).status_code == 400


def test_what_no_row_can_have_is_422(api: httpx.Client) -> None:
    for params in ({"limit": 0}, {"limit": 1001}, {"state": "odd"}, {"project": "A b"}):
        assert api.get("/api/v1/issues", params=params).status_code == 422


def test_what_does_not_exist_is_404(api: httpx.Client) -> None:
    for path in ("issues/none", "projects/dogs", "projects/%00", "issues/%00"):
        assert api.get(f"/api/v1/{path}").status_code == 404


def test_a_database_that_does_not_answer_is_503(
    api: httpx.Client, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        msg = "the database did not answer"
        raise Retryable(msg, after=2.5)

    monkeypatch.setattr(services.store, "read", broken)
    answer = api.get("/api/v1/issues")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "3")


def test_an_unexpected_error_tells_nothing_of_itself(
    api: httpx.Client, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        msg = "secret detail"
        raise RuntimeError(msg)

    monkeypatch.setattr(services.store, "read", broken)
    answer = api.get("/api/v1/issues")
    assert answer.status_code == 500
    assert "detail" in answer.json()
    assert "secret detail" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_api_describes_itself_without_foreign_scripts(client: httpx.Client) -> None:
    paths = client.get("/api/openapi.json").json()["paths"]
    assert set(READS) <= set(paths)
    assert not any(path.startswith("/hooks") for path in paths)
    assert client.get("/docs").status_code == client.get("/redoc").status_code == 404


def test_every_operation_has_an_example_of_the_shape_that_it_answers_with(client: httpx.Client) -> None:
    described = client.get("/api/openapi.json").json()
    for path, operations in described["paths"].items():
        (answer,) = operations["get"]["responses"]["200"]["content"].values()
        problems = shape_problems(
            answer["example"], answer.get("schema", {}), described["components"]["schemas"]
        )
        assert problems == [], path


def shape_problems(value: Any, schema: dict[str, Any], known: dict[str, Any], at: str = "") -> list[str]:
    """Where an example has other names than its schema, all the way down."""
    schema = known[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    if isinstance(value, dict) and "properties" in schema:
        names = schema["properties"]
        found = [] if set(value) == set(names) else [f"{at}: {sorted(set(value) ^ set(names))}"]
        return found + [
            problem
            for name in set(value) & set(names)
            for problem in shape_problems(value[name], names[name], known, f"{at}.{name}")
        ]
    if isinstance(value, list) and isinstance(schema.get("items"), dict):
        return [
            problem for each in value for problem in shape_problems(each, schema["items"], known, f"{at}[]")
        ]
    return []


def test_the_example_of_a_report_is_a_report() -> None:
    example = examples()["/api/v1/projects/{name}/audits/{audit_id}"]
    TypeAdapter(Report).validate_json(json.dumps(example), strict=True)


# --- findings ------------------------------------------------------------------------------------


def test_findings_are_listed_kind_by_kind_with_a_sentence(api: httpx.Client, services: Services) -> None:
    seed_findings(services)
    found = api.get("/api/v1/findings", params={"project": "cats"}).json()
    assert [(one["kind"], one["item"], one["subject"]) for one in found["items"]] == [
        ("overlap", None, f"lynx / {HOSTILE}"),
        ("outlier", "1", "1"),
        ("outlier", "2", "2"),
    ]
    assert found["items"][1]["why"].startswith("It is unlike all other items: 4.0 times")
    first = api.get("/api/v1/findings", params={"limit": 2}).json()
    rest = api.get("/api/v1/findings", params={"limit": 2, "after": first["next"]}).json()
    assert [one["subject"] for one in rest["items"]] == ["2"]
    assert rest["next"] is None
    assert len(api.get("/api/v1/findings", params={"kind": "overlap"}).json()["items"]) == 1
    assert api.get("/api/v1/findings", params={"kind": "nonsense"}).status_code == 422


def test_what_a_scan_looked_for_is_told(api: httpx.Client, services: Services) -> None:
    seed_findings(services)
    looked = api.get("/api/v1/projects/cats/looked").json()
    assert looked == {
        "found": {"overlap": 1, "outlier": 7},
        "not_looked_for": {"disagreement": "no item has answers of two people"},
    }
    assert api.get("/api/v1/projects/dogs/looked").status_code == 404
