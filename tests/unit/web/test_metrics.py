"""`/metrics`: what stands in the database and what was tallied, for who may read it."""

from __future__ import annotations

import re
import socket
from contextlib import suppress
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import update

from connector.actions import tokens
from connector.alerts.readings import Figures, readings
from connector.config.settings import ServerSettings
from connector.errors import Misconfigured, Retryable
from connector.model import CorrectionState
from connector.model.access import EVERYWHERE, AccessRole
from connector.model.alerts import AlertRule
from connector.model.jobs import JobKind, NewJob
from connector.model.metrics import METRICS, Accumulator, counted, labels, timed
from connector.store.tables import corrections
from connector.store.views.loop import project_views
from connector.store.views.metrics import stored_metrics, watched_metrics
from connector.web.app import create_app
from connector.web.exposition import exposition
from connector.web.listeners import metrics_apart
from connector.wiring import Services
from tests.unit.web.questions import seed_questions
from tests.unit.web.seeding import kill_job

LINE = re.compile(r"(\w+)(?:{(.*)})? (\S+)")


@pytest.fixture
def scraper(client: httpx.Client, services: Services) -> httpx.Client:
    with services.store.begin() as unit:
        token = tokens.add(unit, "prometheus", AccessRole.METRICS, [EVERYWHERE], "test").token
    client.headers["Authorization"] = f"Bearer {token}"
    return client


def _away() -> None:
    msg = "the database is away"
    raise Retryable(msg)


def read(client: httpx.Client) -> dict[str, dict[str, float]]:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    found: dict[str, dict[str, float]] = {}
    for line in answer.text.splitlines():
        if not line.startswith("#"):
            match = LINE.fullmatch(line)
            assert match, line
            found.setdefault(match[1], {})[match[2] or ""] = float(match[3])
    return found


def test_figures_are_those_of_the_status(scraper: httpx.Client, services: Services) -> None:
    seed_questions(services)
    kill_job(services)
    found = read(scraper)
    with services.store.read() as unit:
        (status,) = project_views(unit)
    for name, counts in (
        ("issues", status.issues),
        ("review_tasks", status.reviews),
        ("corrections", status.corrections),
    ):
        told = {labels(project="cats", state=state): n for state, n in counts.items()}
        assert found[f"secondlook_{name}"] == told
    votes = found["secondlook_votes_total"]
    assert sum(votes.values()) == status.votes
    assert votes[labels(project="cats", counted="true")] == status.votes_counted
    assert sum(found["secondlook_jobs"].values()) == sum(status.jobs.values())
    assert found["secondlook_project_paused"] == {labels(project="cats"): 0}


def test_a_second_project_changes_nothing_of_the_first(scraper: httpx.Client, services: Services) -> None:
    seed_questions(services)
    with services.store.read() as unit:
        alone = stored_metrics(unit)
    with services.store.begin() as unit:
        unit.projects.bind("dogs", "label_studio", "http://labels.example.org", "8")
    with services.store.read() as unit:
        beside = stored_metrics(unit)
    assert {key: n for key, n in beside.items() if "dogs" not in key[1]} == alone


def test_alerts_read_in_little_what_they_would_read_in_all(services: Services) -> None:
    seed_questions(services)
    kill_job(services)
    with services.store.begin() as unit:
        unit.tallies.add(counted("webhook_deliveries_total", project="cats", result="refused"))
        unit.connection.execute(update(corrections).values(state=CorrectionState.HELD.value))
    with services.store.read() as unit:
        all_, few = stored_metrics(unit), watched_metrics(unit)
        watched = readings(Figures(few, unit.now, few))
        assert watched == readings(Figures(all_, unit.now, all_))
    assert few.keys() < all_.keys()
    assert {key.rule for key in watched} >= {
        *(AlertRule.JOBS_DEAD, AlertRule.CORRECTIONS_HELD, AlertRule.BATCH_FINISHED),
        *(AlertRule.WEBHOOKS_REFUSED, AlertRule.PROJECT_PAUSED),
    }


def test_no_item_class_or_person_is_named(scraper: httpx.Client, services: Services) -> None:
    seed_questions(services)
    text = scraper.get("/metrics").text
    assert not re.search(r"-\d{3}x|question-\d", text)
    assert set(re.findall(r"(\w+)=\"", text)) <= {
        *("project", "state", "kind", "outcome", "counted", "mode", "le", "version", "result"),
        *("route", "method", "status", "bound", "trusted", "step", "worker", "platform", "operation"),
    }


def test_one_read_serves_who_asks_within_seconds(
    scraper: httpx.Client, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed_questions(services)
    first = scraper.get("/metrics").text
    kill_job(services)
    assert scraper.get("/metrics").text == first
    moved = services.clock.now() + timedelta(seconds=15)
    monkeypatch.setattr(services.clock, "now", lambda: moved)
    assert scraper.get("/metrics").text != first


def test_viewers_and_strangers_read_no_metrics(client: httpx.Client, services: Services) -> None:
    assert client.get("/metrics").status_code == 401
    with services.store.begin() as unit:
        token = tokens.add(unit, "v", AccessRole.VIEWER, [EVERYWHERE], "test").token
    assert client.get("/metrics", headers={"Authorization": f"Bearer {token}"}).status_code == 403


def test_a_listener_of_their_own_serves_metrics_and_nothing_else(services: Services) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    bound = services.settings.server.model_copy(update={"metrics_bind": f"127.0.0.1:{port}"})
    services.settings = services.settings.model_copy(update={"server": bound})
    app = create_app(services.settings, services)
    with metrics_apart(services, app), httpx.Client(base_url=f"http://127.0.0.1:{port}") as prometheus:
        assert "secondlook_build_info" in prometheus.get("/metrics").text
        assert prometheus.get("/api/v1/projects").status_code == 404
        with pytest.raises(Misconfigured, match=r"server.metrics_bind"), metrics_apart(services, app):
            """Taken."""
    for wrong in ("9400", "localhost", "http://x:1", "a@b:1", "x:99999"):
        with pytest.raises(ValueError, match=r"HOST:PORT|[Pp]ort"):
            ServerSettings(metrics_bind=wrong)


def test_deliveries_and_answers_are_counted_by_route(scraper: httpx.Client, services: Services) -> None:
    scraper.get("/api/v1/projects/cats")
    scraper.get("/no/such/page")
    scraper.post("/hooks/cats/source/wrong")
    found = read(scraper)
    routes = found["secondlook_http_request_duration_seconds_count"]
    assert routes[labels(route="none", method="none", status="404")] >= 1
    assert any('route="/hooks/{project}/{role}/{path_key}"' in text for text in routes)
    assert found["secondlook_webhook_deliveries_total"] == {labels(project="cats", result="refused"): 1}


def test_buckets_add_up() -> None:
    counts = Accumulator()
    for seconds in (0.05, 0.3, 0.3, 99999.0):
        counts.add(timed("job_duration_seconds", seconds, kind="scan"))
    with counts.taken() as values:
        text = exposition(values)
    cumulative = [float(line.split()[-1]) for line in text.splitlines() if "_bucket" in line]
    assert cumulative == [1, 3, 3, 3, 3, 3, 3, 3, 3, 4]
    assert 'secondlook_job_duration_seconds_count{kind="scan"} 4' in text


def test_counts_that_could_not_be_stored_are_kept() -> None:
    counts = Accumulator()
    counts.add(counted("logins_total", result="refused"))
    with pytest.raises(Retryable), counts.taken():
        _away()
    with counts.taken() as values:
        assert sum(values.values()) == 1


def test_tallies_are_added_up_over_processes(services: Services) -> None:
    for _ in range(3):
        with services.store.begin() as unit:
            unit.tallies.add(counted("logins_total", result="refused"))
    with services.store.read() as unit:
        assert list(unit.tallies.all().values()) == [3]


def test_what_is_rolled_back_is_not_counted(services: Services) -> None:
    with suppress(Retryable), services.store.begin() as unit:
        unit.tallies.add(counted("logins_total", result="refused"))
        _away()
    with services.store.read() as unit:
        assert unit.tallies.all() == {}


def test_a_label_cannot_end_its_line() -> None:
    assert labels(a='x"\n\\') == 'a="x\\"\\n\\\\"'


def test_every_metric_has_a_sentence() -> None:
    assert all(each.help.endswith(".") for each in METRICS.values())


def test_jobs_are_timed_when_they_end(services: Services) -> None:
    from workers.service.runner import run

    project = services.project("cats")
    with services.store.begin() as unit:
        job_id = unit.enqueue(NewJob(JobKind.PUSH, project.id))
    assert job_id
    assert run(services, job_id)
    with services.store.read() as unit:
        names = {name for name, _ in unit.tallies.all()}
    assert {"secondlook_jobs_finished_total", "secondlook_job_duration_seconds_count"} <= names
    assert "secondlook_job_wait_seconds_sum" in names
