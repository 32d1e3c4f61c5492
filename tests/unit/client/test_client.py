"""The client against the running service: the same rows, in the same keys, under the same policy."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient

from connector.actions import tokens
from connector.model import IssueKind
from connector.model.access import EVERYWHERE, AccessRole
from connector.store.views.dispositions import DispositionView
from connector.store.views.findings import FindingView
from connector.store.views.loop import CorrectionView, IssueView, JobView, ProjectView, ReviewView
from connector.web.app import create_app
from connector.wiring import Services
from secondlook import client as module
from secondlook.client import Client, ClientError
from tests.unit.web.questions import QUESTIONS, seed_questions
from tests.unit.web.seeding import kill_job, services_in

VIEWS = {
    module.ProjectRow: ProjectView,
    module.IssueRow: IssueView,
    module.ReviewRow: ReviewView,
    module.CorrectionRow: CorrectionView,
    module.FindingRow: FindingView,
    module.DispositionRow: DispositionView,
    module.JobRow: JobView,
}


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    made = services_in(tmp_path)
    seed_questions(made)
    kill_job(made)
    yield made
    made.close()


def connected(services: Services, role: AccessRole) -> Client:
    with services.store.begin() as unit:
        token = tokens.add(unit, str(role), role, [EVERYWHERE], "test").token
    app = TestClient(create_app(services.settings, services))

    def answer(request: httpx.Request) -> httpx.Response:
        found = app.request(request.method, str(request.url), headers=dict(request.headers))
        return httpx.Response(found.status_code, headers=dict(found.headers), content=found.content)

    return Client("http://localhost", token, transport=httpx.MockTransport(answer))


@pytest.mark.parametrize("row", VIEWS, ids=lambda row: row.__name__)
def test_rows_have_the_keys_of_the_api(row: type) -> None:
    assert list(row.__annotations__) == list(VIEWS[row].__slots__)


def test_lists_go_over_all_pages(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAGE_ROWS", 7)
    with connected(services, AccessRole.OPERATOR) as client:
        assert {row["id"] for row in client.issues()} == {each.id for each in QUESTIONS}
        assert len(list(client.reviews(project="cats"))) == len(QUESTIONS)
        assert len(list(client.corrections())) == len(QUESTIONS)
        assert len(list(client.findings())) == len(QUESTIONS)
        assert len(list(client.dispositions())) == len(QUESTIONS)
        assert [row["state"] for row in client.jobs()] == ["dead"]
        assert [row["name"] for row in client.projects()] == ["cats"]
        assert client.project("cats")["issues"]["open"] == len(IssueKind)
        assert client.issue("question-001")["given"] == "given-001x"
        assert client.reports("cats") == []


def test_what_is_refused_is_an_error_with_its_sentence(services: Services) -> None:
    with connected(services, AccessRole.VIEWER) as client:
        assert client.issue("question-001")["given"] is None
        with pytest.raises(ClientError, match="the role operator") as refused:
            list(client.jobs())
        assert refused.value.status == 403
        with pytest.raises(ClientError, match="no such project"):
            client.project("dogs")


def test_a_busy_service_is_asked_again() -> None:
    answers = iter([httpx.Response(503, headers={"Retry-After": "0"}), httpx.Response(200, json=[])])
    with Client("http://localhost", "t", transport=httpx.MockTransport(lambda _: next(answers))) as client:
        assert client.projects() == []
