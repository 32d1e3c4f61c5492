"""What would spoil reviews is shown to operators alone: every route, every role, every state."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import pytest
from fastapi.routing import APIRoute

from connector.actions import tokens
from connector.model import IssueKind, IssueState
from connector.model.access import AccessRole
from connector.model.similarity_map import VERDICTS, MapLayer
from connector.web.app import ROUTERS
from connector.wiring import Services
from tests.unit.web.questions import QUESTIONS, Question, seed_questions

ISSUER = ("/sign-in/oidc", "/sign-in/oidc/back", "/sign-out/oidc")  # 404 where none is configured
NOBODYS = {"/api/openapi.json", "/health", "/ready", "/sign-in", "/first/{key}", *ISSUER}
STATIC = ("/static/",)
OF_ENTRANCE = {"/sign-in", "/sign-out", "/first/{key}"}  # forms of people who are nobody yet, or leave
ACTIONS = {
    "/p/{project}/corrections/{what}": ("release", "discard"),
    "/p/{project}/guidelines/{what}": ("accept", "answer", "reword", "withdraw"),
    "/p/{project}/work/{what}": ("collect", "controls", "push", "report", "reviewers", "scan", "sync"),
    "/p/{project}/issues/{what}": ("adjudicate", "close", "one-more"),
    "/p/{project}/chosen/{what}": ("adjudicate", "close", "one-more"),
    "/p/{project}/views/{what}": ("remove", "save"),
    "/ops/alerts/{what}": ("acknowledge", "hear", "silence", "test"),
    "/ops/jobs/{what}": ("replay", "replay-all"),
    "/admin/users/{what}": ("add", "revoke", "role"),
}
FORM_FIELDS = [
    "correction",
    "issue",
    "run",
    "number",
    "label",
    "item",
    "note",
    "question",
    "text",
    "job",
    "name",
    "role",
    "rule",
    "channel",
    "hours",
    "chosen",
    "view",
    "page",
]
FILLED = {
    "project": ["cats"],
    "name": ["cats"],
    "issue_id": [each.id for each in QUESTIONS],
    "item": [str(each.number) for each in QUESTIONS],
    "correction": [f"correction-{each.number}" for each in QUESTIONS],
    "layer": [layer.value for layer in MapLayer],
    "point": ["0"],
}
SINGLE = {"issue_id", "item", "correction"}


def routes(method: str = "GET") -> list[APIRoute]:
    found = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    return [route for route in found if method in route.methods]


def addresses() -> list[str]:
    """Every address that can be read, with its parts filled in, and with each state as a filter."""
    found: list[str] = []
    for route in routes():
        if route.path in NOBODYS or route.path.startswith(STATIC):
            continue
        names = re.findall(r"{(\w+)(?::\w+)?}", route.path)
        fillings = [{}]
        for name in names:
            values = FILLED.get(name, ["none"])
            fillings = [{**filled, name: value} for filled in fillings for value in values]
        for filled in fillings:
            path = re.sub(r"{(\w+)(?::\w+)?}", lambda part, f=filled: quote(f[part.group(1)]), route.path)
            found.append(path)
            if not SINGLE & set(names):
                found.append(f"{path}?project=cats&limit=1000&state=any")
            if "issues" in path or "queue" in path or "reviews" in path:
                found += [f"{path}?state={state.value}&limit=1000" for state in IssueState]
            if path.endswith("/queue"):
                found += [f"{path}?state=any&{name}={each}" for each, name in contents()]
    return found


def contents() -> list[tuple[str, str]]:
    """Filters by what is secret of a question that is open to nobody."""
    given, suggested, *_ = next(hidden()).secrets
    return [
        (given, "given"),
        (suggested, "suggested"),
        ("golden", "kind"),
        ("control", "kind"),
        ("method", "method"),
    ]


def token_of(services: Services, role: AccessRole, project: str) -> str:
    with services.store.begin() as unit:
        return tokens.add(unit, f"{role}-x", role, [project], "test").token


@pytest.fixture
def viewer(client: httpx.Client, services: Services) -> httpx.Client:
    seed_questions(services)
    client.headers["Authorization"] = f"Bearer {token_of(services, AccessRole.VIEWER, 'cats')}"
    return client


def told(secrets: list[str], text: str, address: str) -> list[str]:
    """Which of them a page tells; what was asked for stands in its own form."""
    return [secret for secret in secrets if secret in text and secret not in address]


def test_asking_for_what_is_secret_finds_nothing(viewer: httpx.Client) -> None:
    for value, name in contents():
        if name != "method":
            page = viewer.get("/p/cats/queue", params={"state": "any", name: value}).text
            assert "No issue matches." in page, name
            assert "/p/cats/items/" not in page
    page = viewer.get("/p/cats/queue", params={"state": "any", "method": "method"}).text
    found = {int(number) for number in re.findall(r"/p/cats/items/(\d+)", page)}
    assert found == {each.number for each in QUESTIONS if each.open_to_all}


def hidden() -> Iterator[Question]:
    return (each for each in QUESTIONS if not each.open_to_all)


def test_a_viewer_finds_nothing_of_open_questions_anywhere(viewer: httpx.Client, services: Services) -> None:
    secrets = [secret for each in hidden() for secret in each.secrets]
    shown = 0
    for address in addresses():
        text = viewer.get(address).text
        assert told(secrets, text, address) == [], address
        shown += sum(secret in text for each in QUESTIONS if each.open_to_all for secret in each.secrets)
    assert shown, "settled questions are shown, or this test sees nothing"


def test_the_walk_knows_every_route() -> None:
    assert len(routes()) > len(NOBODYS)
    assert "/api/v1/issues?state=open&limit=1000" in addresses()
    assert "/api/v1/issues/question-001" in addresses()


def test_a_viewer_cannot_tell_a_golden_question_from_one_that_waits(viewer: httpx.Client) -> None:
    for path, id_of in (("/api/v1/issues", "id"), ("/api/v1/reviews", "issue")):
        rows = {row[id_of]: row for row in viewer.get(path, params={"limit": 1000}).json()["items"]}
        looks = {each: _look(rows[each.id]) for each in QUESTIONS}
        waiting = next(look for each, look in looks.items() if each.state is IssueState.IN_REVIEW)
        golden = [each for each in QUESTIONS if each.kind is IssueKind.GOLDEN]
        for each in golden:
            if each.state in (IssueState.IN_REVIEW, IssueState.MEASURED):
                assert looks[each] == waiting, (path, each)
            others = {looks[other] for other in hidden() if other.kind is not IssueKind.GOLDEN}
            assert looks[each] in others, (path, each)
        filtered = viewer.get(path, params={"limit": 1000, "state": "in_review"})
        if path.endswith("issues"):
            answered = {each.id for each in golden if each.state is IssueState.MEASURED}
            assert answered <= {row["id"] for row in filtered.json()["items"]}


def _look(row: dict[str, object]) -> str:
    """A row without what names it."""
    own = {"id", "issue", "key", "item", "annotation", "remote_id", "content"}
    return str({name: value for name, value in row.items() if name not in own})


def test_the_order_of_rows_says_nothing_of_their_rank(viewer: httpx.Client) -> None:
    for path in ("/api/v1/issues", "/api/v1/reviews"):
        found = [
            row.get("id") or row["key"] for row in viewer.get(path, params={"limit": 1000}).json()["items"]
        ]
        assert found == sorted(found)


def test_no_route_answers_who_is_not_known(client: httpx.Client, services: Services) -> None:
    seed_questions(services)
    for address in addresses():
        answer = client.get(address)
        assert answer.status_code in (401, 303), address
        if answer.status_code == 303:
            assert answer.headers["location"].startswith("/sign-in?next="), address


def test_a_project_without_a_role_does_not_exist(client: httpx.Client, services: Services) -> None:
    seed_questions(services)
    client.headers["Authorization"] = f"Bearer {token_of(services, AccessRole.ADMIN, 'dogs')}"
    every = [secret for each in QUESTIONS for secret in each.secrets]
    for address in addresses():
        answer = client.get(address)
        assert answer.status_code in (200, 303, 403, 404, 422), address
        assert "question-0" not in answer.text.replace(address, "")
        assert told(every, answer.text, address) == [], address


def test_an_operator_sees_all_of_it(client: httpx.Client, services: Services) -> None:
    seed_questions(services)
    client.headers["Authorization"] = f"Bearer {token_of(services, AccessRole.OPERATOR, 'cats')}"
    rows = {row["id"]: row for row in client.get("/api/v1/issues", params={"limit": 1000}).json()["items"]}
    for each in QUESTIONS:
        assert (rows[each.id]["kind"], rows[each.id]["state"]) == (each.kind, each.state)
        assert rows[each.id]["given"] in each.secrets


def test_jobs_are_for_operators(viewer: httpx.Client) -> None:
    answer = viewer.get("/api/v1/jobs", params={"project": "cats"})
    assert answer.status_code == 403
    assert "the role operator in cats" in answer.json()["detail"]


def test_a_token_for_metrics_reads_nothing_else(client: httpx.Client, services: Services) -> None:
    seed_questions(services)
    client.headers["Authorization"] = f"Bearer {token_of(services, AccessRole.METRICS, '*')}"
    every = [secret for each in QUESTIONS for secret in each.secrets]
    for address in addresses():
        text = client.get(address).text
        assert told(every, text, address) == [], address


def buttons() -> list[str]:
    """Every address that changes something, with each of its actions."""
    return [
        route.path.replace("{project}", "cats").replace("{what}", action)
        for route in routes("POST")
        if route.path not in OF_ENTRANCE
        for action in (ACTIONS[route.path] if "{what}" in route.path else ("",))
    ]


# All but the views that each person keeps for themselves.
ABOVE_VIEWER = "/work/ /issues/ /chosen/ /corrections/ /guidelines/ /golden/ /admin/ /ops/"


@pytest.mark.parametrize(
    ("role", "project", "refusal", "above"),
    [
        (None, "", {401, 303}, "/"),
        (AccessRole.VIEWER, "*", {403}, ABOVE_VIEWER),
        (AccessRole.METRICS, "*", {403, 404}, "/"),
        (AccessRole.ADMIN, "dogs", {403, 404}, "/"),
        (AccessRole.OPERATOR, "cats", {403}, "/golden/ /admin/ /ops/ revert-run"),
        (AccessRole.ADMIN, "cats", {403}, "/admin/ /ops/"),
    ],
)
def test_no_button_works_for_who_does_not_hold_its_role(
    client: httpx.Client,
    services: Services,
    role: AccessRole | None,
    project: str,
    refusal: set[int],
    above: str,
) -> None:
    """Every POST route is walked; `above` names, by parts of paths, those that the role does not reach."""
    seed_questions(services)
    if role is not None:
        client.headers["Authorization"] = f"Bearer {token_of(services, role, project)}"
    before = _changes(services)
    for address in (each for each in buttons() if any(part in each for part in above.split())):
        fields = {"key": str(uuid.uuid4()), **dict.fromkeys(FORM_FIELDS, "correction-1")}
        assert client.post(address, data=fields).status_code in refusal, address
    assert _changes(services) == before


def _changes(services: Services) -> tuple[int, int]:
    """How much was audited, and how many jobs there are."""
    with services.store.read() as unit:
        return unit.audit.head()[0], sum(unit.jobs.counts().values())


def test_spot_checks_show_viewers_no_label_of_an_item_that_is_asked_about(viewer: httpx.Client) -> None:
    items = {int(row["item"]) for row in viewer.get("/p/cats/spot-checks.json").json()}
    assert items
    assert items <= {each.number for each in QUESTIONS if each.open_to_all}


def test_the_map_shows_viewers_no_label_and_no_verdict_of_open_questions(viewer: httpx.Client) -> None:
    about = viewer.get("/p/cats/map/about").json()
    pages = [viewer.get(f"/p/cats/map/items/{n}").headers["location"] for n in range(about["n"])]
    items = [int(page.rpartition("/")[2]) for page in pages]
    given, verdicts, by_whom = (
        viewer.get(f"/p/cats/map/layers/{layer}").content for layer in ("given", "verdict", "annotator")
    )
    for n, item in enumerate(items):
        asked = QUESTIONS[item - 1]
        label = about["layers"]["given"][given[n] - 1] if given[n] else None
        verdict = VERDICTS[verdicts[n] - 1] if verdicts[n] else None
        assert label == (asked.secrets[0] if asked.open_to_all else None)
        assert bool(by_whom[n]) == asked.open_to_all
        if not asked.open_to_all:
            assert verdict not in ("accepted", "rejected", "unresolved")
    assert viewer.get("/p/cats/map/layers/doubt").status_code == 404
    assert "doubt" not in about["layers"]
