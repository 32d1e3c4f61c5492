"""The pages: made on the server, without scripts, safe against what labels contain; buttons act once."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
import uuid
from datetime import timedelta
from html import unescape
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from connector.actions import users
from connector.errors import Retryable
from connector.model import CorrectionState, GuidelineNote, ReviewState, ReviewTask
from connector.model.access import AccessRole
from connector.model.jobs import JobState
from connector.model.similarity_map import chosen_text
from connector.web.dashboard import lists
from connector.wiring import Services
from connector.wording import ago
from tests.unit.web.forms import PASSWORD, form_of
from tests.unit.web.questions import QUESTIONS, seed_questions
from tests.unit.web.seeding import HOSTILE, NOW, TOKEN, kill_job, seed


def words(page: str) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page)))


def test_who_is_not_known_is_led_to_the_sign_in_and_back(client: httpx.Client) -> None:
    answer = client.get("/p/cats/queue?state=open")
    assert answer.status_code == 303
    page = client.get(answer.headers["location"]).text
    assert 'value="/p/cats/queue?state=open"' in page
    assert "Nobody can sign in yet" in page


def test_the_token_is_the_password_of_any_user_for_reads(client: httpx.Client) -> None:
    assert client.get("/", auth=("anyone", TOKEN)).status_code == 200
    assert client.get("/", auth=("anyone", "guess")).status_code == 303


def test_the_first_page_says_where_each_project_stands(ann: httpx.Client, services: Services) -> None:
    seed(services, issues=2)
    project = services.project("cats")
    with services.store.begin() as unit:
        unit.projects.pause(project.id, "the token is not valid")
    text = words(ann.get("/").text)
    for expected in ("Paused. the token is not valid", "Open questions 1", "Corrected 1", "1 of 2 questions"):
        assert expected in text
    text = words(ann.get("/p/cats").text)
    for expected in ("accepted 1", "open 1", "applied 1", "The predictions may not be out-of-sample."):
        assert expected in text


def test_a_project_that_was_never_synced_is_named(ann: httpx.Client) -> None:
    assert "secondlook sync cats" in ann.get("/").text
    answer = ann.get("/p/cats/queue")
    assert answer.status_code == 404
    assert "not synced yet" in answer.text


def test_what_labels_and_errors_contain_is_text(ann: httpx.Client, services: Services) -> None:
    seed(services)
    kill_job(services, error=HOSTILE)
    for path in (
        *("/", "/p/cats", "/p/cats/queue?state=any", "/p/cats/pairs", "/p/cats/corrections", "/ops/jobs"),
        *("/p/cats/items/1", "/p/cats/corrections/correction", "/p/cats/queue?state=any&given=%3Cscript%3E"),
    ):
        assert "<script>" not in ann.get(path).text, path
    assert "&lt;script&gt;" in ann.get("/p/cats/queue?state=any").text


def test_a_link_that_is_no_web_address_is_not_made(ann: httpx.Client, services: Services) -> None:
    project = services.project("cats")
    with services.store.begin() as unit:
        unit.projects.set_review_project(project.id, "8", "javascript:alert(1)")
    assert "javascript:" not in ann.get("/p/cats").text


def test_nothing_is_loaded_from_elsewhere_and_nothing_is_inline(
    ann: httpx.Client, services: Services
) -> None:
    seed(services)
    for path in ("/", "/p/cats", "/p/cats/queue?state=any", "/p/cats/items/1", "/p/cats/quality"):
        page = ann.get(path).text
        loaded = re.findall(r'(?:src="|<link rel="stylesheet" href=")([^"]+)', page)
        assert all(each.startswith(("/static/", "/p/cats/media?")) for each in loaded), path
        assert "style=" not in page
        assert re.findall("<script[^>]*>.", page) == re.findall('<script src="/static/[^"]+" defer><', page)
        assert not re.search(r"\son\w+=", page)
    for address, kind in zip(loaded, ("text/css", "text/javascript"), strict=True):
        answer = ann.get(address)
        assert answer.headers["content-type"].startswith(kind)
        assert "immutable" in answer.headers["cache-control"]


def test_every_answer_carries_the_headers_of_a_careful_server(client: httpx.Client) -> None:
    for path in ("/", "/sign-in", "/api/v1/projects", "/nowhere", "/health", "/static/x/style.css"):
        headers = client.get(path).headers
        assert "script-src 'self'" in headers["content-security-policy"]
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert "cache-control" in headers


def test_a_database_that_does_not_answer_is_said(
    ann: httpx.Client, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        msg = "the database did not answer: <no reason>"
        raise Retryable(msg)

    monkeypatch.setattr(services.store, "read", broken)
    answer = ann.get("/p/cats/queue")
    assert answer.status_code == 503
    assert "did not answer: &lt;no reason&gt;" in answer.text
    assert 'href="/p/cats/queue"' in answer.text


def test_a_fault_of_the_service_is_a_page_with_a_reference_into_the_log(
    ann: httpx.Client, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed(services)
    monkeypatch.setattr(services.store, "read", None)  # as no code of ours leaves it
    with capture_logs() as logged:
        answer = ann.get("/p/cats/queue")
    assert answer.status_code == 500
    assert "<h1>A fault of the service</h1>" in answer.text
    assert answer.headers["content-security-policy"]
    [reference] = [one["reference"] for one in logged if one["event"] == "request failed"]
    assert f"beside the reference {reference}." in answer.text


def test_what_is_refused_is_said_in_a_sentence(ann: httpx.Client, services: Services) -> None:
    seed(services)
    assert "There is no such item in this project." in ann.get("/p/cats/items/999999").text
    answer = ann.post("/p/cats")
    assert answer.status_code == 405
    assert "This address takes no such request." in answer.text


class FailingStore:
    """A store that does not answer any more after so many reads."""

    def __init__(self, services: Services, reads: int) -> None:
        self._read, self.left = services.store.read, reads

    def read(self) -> Any:
        self.left -= 1
        if self.left < 0:
            msg = "the database did not answer"
            raise Retryable(msg)
        return self._read()


@pytest.mark.parametrize("path", ["/", "/p/cats", "/p/cats/queue", "/p/cats/items/1", "/ops/health"])
def test_a_database_that_stops_in_the_middle_of_a_page_is_said(
    ann: httpx.Client, services: Services, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    seed(services)
    monkeypatch.setattr(services.store, "read", FailingStore(services, 1).read)  # who asks is known still
    answer = ann.get(path)
    assert (answer.status_code, "did not answer" in answer.text) == (503, True)
    assert "retry-after" in answer.headers


def test_a_file_that_breaks_off_is_no_whole_file(
    ann: httpx.Client, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed(services, issues=5)
    monkeypatch.setattr(lists, "AT_ONCE", 2)
    assert len(ann.get("/p/cats/queue.json?state=any").json()) == 5
    monkeypatch.setattr(services.store, "read", FailingStore(services, 3).read)
    with capture_logs(), pytest.raises(httpx.RemoteProtocolError):
        ann.get("/p/cats/queue.json?state=any")
    monkeypatch.undo()
    with services.store.read() as unit:
        taken = [row.detail["rows"] for row in unit.audit.entries() if row.action == "exported"]
    assert taken == [5, 2]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-5, "just now"), (59, "just now"), (60, "1 minute ago"), (7300, "2 hours ago"), (90_000, "1 day ago")],
)
def test_ages_are_said_in_one_unit(seconds: int, words: str) -> None:
    assert ago(NOW - timedelta(seconds=seconds), NOW) == words


def test_a_filter_that_is_none_is_said_and_one_without_match_too(
    ann: httpx.Client, services: Services
) -> None:
    seed(services)
    assert ann.get("/p/cats/queue?state=odd").status_code == 400
    assert ann.get("/p/cats/queue?older=-1").status_code == 400
    assert ann.get("/p/cats/queue?given=%00").status_code == 400
    answer = ann.get("/p/cats/queue?state=any&given=nothing")
    assert "No issue matches." in answer.text
    assert 'href="/p/cats/queue">Clear filters' in answer.text


def test_pages_of_a_list_show_every_row_once(ann: httpx.Client, services: Services) -> None:
    seed_questions(services)
    found: list[str] = []
    address: str | None = "/p/cats/queue?state=any"
    while address:
        page = ann.get(address).text
        found += re.findall(r'href="/p/cats/items/(\d+)[?"]', page)
        following = re.search(r'href="([^"]+)" rel="next"', page)
        address = unescape(following[1]) if following else None
    assert sorted(map(int, found)) == [each.number for each in QUESTIONS]


def spreadsheet(client: httpx.Client, path: str) -> str:
    """A file of CSV, begun so that a spreadsheet knows its encoding."""
    content = client.get(path).content
    assert content.startswith(codecs.BOM_UTF8)
    return content.decode("utf-8-sig")


def test_a_list_is_the_same_rows_as_csv_json_and_parquet(ann: httpx.Client, services: Services) -> None:
    import pyarrow.parquet as pq

    seed_questions(services)
    query = "?state=rejected"
    as_csv = list(csv.DictReader(io.StringIO(spreadsheet(ann, f"/p/cats/queue.csv{query}"))))
    as_json = json.loads(ann.get(f"/p/cats/queue.json{query}").text)
    as_parquet = pq.read_table(io.BytesIO(ann.get(f"/p/cats/queue.parquet{query}").content)).to_pylist()
    expected = {str(each.number) for each in QUESTIONS if each.state == "rejected"}
    for rows in (as_csv, as_json, as_parquet):
        assert {row["item"] for row in rows} == expected
    with services.store.read() as unit:
        taken = [row for row in unit.audit.entries() if row.action == "exported"]
    assert [(row.actor, row.detail["rows"]) for row in taken] == [("user:ann", len(expected))] * 3


def test_what_is_chosen_on_the_map_is_a_filter_of_the_queue(ann: httpx.Client, services: Services) -> None:
    seed_questions(services)
    about = ann.get("/p/cats/map/about").json()
    assert len(ann.get("/p/cats/map/points").content) == 4 * about["n"]
    assert len(ann.get("/p/cats/map/layers/doubt").content) == about["n"]
    point = ann.get("/p/cats/map/items/7")
    item = point.headers["location"].rpartition("/")[2]
    page = ann.get(
        "/p/cats/queue", params={"state": "any", "points": chosen_text(about["version"], [7])}
    ).text
    assert set(re.findall(r"/p/cats/items/(\w+)", page)) == {item}
    old = ann.get("/p/cats/queue", params={"state": "any", "points": chosen_text("earlier", [7])}).text
    assert "drawn anew since these points were chosen" in old
    table = ann.get("/p/cats/map").text
    for link in re.findall(r'href="(/p/cats/queue[^"]*points=[^"]*)"', table)[:2]:
        assert "/p/cats/items/" in ann.get(unescape(link)).text
    assert ann.get("/p/cats/map/items/999").status_code == 404


def test_who_waits_for_whom_and_how_fast_each_goes_is_shown(ann: httpx.Client, services: Services) -> None:
    seed_questions(services)
    text = words(ann.get("/p/cats").text)
    assert re.search(r"reviewers: answers to (\d+) questions", text)
    assert "the next push: questions" in text
    assert "a_day" in ann.get("/p/cats/reviewers.csv").text.splitlines()[0]


def test_pairs_are_drawn_as_a_matrix_and_say_each_cell(ann: httpx.Client, services: Services) -> None:
    seed(services)
    page = ann.get("/p/cats/pairs").text
    assert 'class="chart heatmap"' in page
    assert "<title>lynx → &lt;script&gt;alert(1)&lt;/script&gt;: 1 flag" in page


def test_a_few_labels_of_each_annotator_are_drawn_each_day(ann: httpx.Client, services: Services) -> None:
    seed_questions(services)
    rows = ann.get("/p/cats/spot-checks.json").json()
    assert len(rows) == 5
    assert rows == ann.get("/p/cats/spot-checks.json").json()
    assert ann.get("/p/cats/spot-checks.json?annotator=nobody").json() == []


def test_a_column_that_only_leads_on_is_in_no_file(ann: httpx.Client, services: Services) -> None:
    seed(services)
    assert "spot-checks?annotator=" in ann.get("/p/cats/annotators").text
    assert ann.get("/p/cats/annotators.csv").text.splitlines()[0].endswith(",said,remark")


def test_a_cell_is_no_formula(ann: httpx.Client, services: Services) -> None:
    seed(services)
    project = services.project("cats")
    with services.store.begin() as unit:
        for n, text in enumerate(("=1+1", "+1", "-1", "@x", "plain")):
            unit.notes.save(_note(project.id, f"note-{n}", text))
    rows = list(csv.DictReader(io.StringIO(spreadsheet(ann, "/p/cats/guidelines.csv"))))
    assert sorted(row["text"] for row in rows) == ["'+1", "'-1", "'=1+1", "'@x", "plain"]


def _note(project_id: int, key: str, text: str) -> GuidelineNote:
    return GuidelineNote(key, project_id, None, "lynx", HOSTILE, text, "3", "draft", NOW)


def test_a_double_click_takes_a_correction_back_once(ann: httpx.Client, services: Services) -> None:
    seed(services)
    page = ann.get("/p/cats/corrections/correction").text
    fields = form_of(page, "/p/cats/corrections/revert")
    answers = [ann.post("/p/cats/corrections/revert", data=fields) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert {answer.headers["location"] for answer in answers} == {"/p/cats/corrections/correction"}
    with services.store.read() as unit:
        found = unit.corrections.get("correction")
        asked = [row for row in unit.audit.entries() if row.action == "correction.revert_asked"]
    assert found is not None
    assert found.state is CorrectionState.REVERTING
    assert [row.actor for row in asked] == ["user:ann"]


def test_who_acts_on_what_was_changed_meanwhile_is_told_what_it_is_now(
    ann: httpx.Client, services: Services
) -> None:
    seed(services)
    project = services.project("cats")
    with services.store.begin() as unit:
        unit.notes.save(_note(project.id, "note", "old words"))
    fields = form_of(ann.get("/p/cats/guidelines").text, "/p/cats/guidelines/accept")
    with services.store.begin() as unit:
        unit.notes.reword("note", "other words")
    answer = ann.post("/p/cats/guidelines/accept", data=fields)
    assert answer.status_code == 409
    assert "says: other words" in answer.text
    fresh = form_of(ann.get("/p/cats/guidelines").text, "/p/cats/guidelines/accept")
    assert ann.post("/p/cats/guidelines/accept", data=fresh).status_code == 303
    assert "accepted" in ann.get("/p/cats/guidelines?state=accepted").text


def test_a_run_is_taken_back_only_with_its_number(ann: httpx.Client, services: Services) -> None:
    seed(services)
    fields = form_of(ann.get("/p/cats/corrections/correction").text, "/p/cats/corrections/revert-run")
    answer = ann.post("/p/cats/corrections/revert-run", data={**fields, "number": "7"})
    assert answer.status_code == 409
    assert "1 correction of this run" in answer.text
    assert ann.post("/p/cats/corrections/revert-run", data={**fields, "number": "1"}).status_code == 303


def test_jobs_are_tried_again_from_the_page(ann: httpx.Client, services: Services) -> None:
    job_id = kill_job(services)
    page = ann.get("/ops/jobs").text
    assert "the platform refused" in page
    fields = form_of(page, "/ops/jobs/replay")
    assert ann.post("/ops/jobs/replay", data=fields).status_code == 303
    with services.store.read() as unit:
        job = unit.jobs.get(job_id)
    assert job is not None
    assert job.state is JobState.QUEUED
    again = ann.post("/ops/jobs/replay", data={**fields, "key": str(uuid.uuid4())})
    assert again.status_code == 409


def test_an_alert_is_silenced_and_heard_again_from_the_page(ann: httpx.Client, services: Services) -> None:
    from workers.service.alerting import look_for_alerts

    kill_job(services)
    assert look_for_alerts(services)
    page = ann.get("/ops/alerts").text
    assert "Jobs given up" in page
    fields = form_of(page, "/ops/alerts/silence")
    assert ann.post("/ops/alerts/silence", data={**fields, "hours": "soon"}).status_code == 400
    done = ann.post("/ops/alerts/silence", data={**fields, "hours": "2"})
    assert done.headers["location"] == "/ops/alerts?state=any"
    with services.store.read() as unit:
        (silence,) = unit.alerts.silences()
        assert (silence.rule, silence.by, silence.until) == (
            "jobs_dead",
            "user:ann",
            NOW + timedelta(hours=2),
        )
        (entry,) = [one for one in unit.audit.entries() if one.action == "alert.silenced"]
        assert entry.actor == "user:ann"
    fields = form_of(ann.get("/ops/alerts").text, "/ops/alerts/hear")
    assert ann.post("/ops/alerts/hear", data=fields).status_code == 303
    assert "No channel is configured" in ann.get("/ops/messages").text


def test_users_are_kept_from_the_page_but_not_oneself(ann: httpx.Client, services: Services) -> None:
    services.project("cats")
    page = ann.get("/admin/users").text
    fields = form_of(page, "/admin/users/add")
    sent = {**fields, "name": "bob", "password": PASSWORD, "role": "viewer", "project": "cats"}
    assert ann.post("/admin/users/add", data=sent).status_code == 303
    with services.store.read() as unit:
        bob = unit.users.by_name("bob")
    assert bob is not None
    assert bob.grants == {"cats": AccessRole.VIEWER}
    mine = form_of(ann.get("/admin/users").text, "/admin/users/revoke")
    assert mine["name"] == "ann"
    assert ann.post("/admin/users/revoke", data=mine).status_code == 400


def test_a_button_needs_its_role(client: httpx.Client, services: Services) -> None:
    seed(services)
    with services.store.begin() as unit:
        users.add(unit, "vic", PASSWORD, {"cats": AccessRole.VIEWER}, "test")
    client.post("/sign-in", data={"name": "vic", "password": PASSWORD})
    page = client.get("/p/cats/corrections/correction").text
    assert "/corrections/revert" not in page
    mark = form_of(page, "/sign-out")["csrf"]
    sent = {"csrf": mark, "key": str(uuid.uuid4()), "correction": "correction", "was": "x"}
    for path, role in (
        ("/p/cats/corrections/revert", "operator in cats"),
        ("/p/cats/work/scan", "operator in cats"),
        ("/p/cats/golden/add", "admin in cats"),
        ("/admin/users/add", "admin for all projects"),
        ("/ops/jobs/replay", "operator for all projects"),
    ):
        answer = client.post(path, data=sent)
        assert answer.status_code == 403, path
        assert role in answer.text
    assert client.post("/p/dogs/work/scan", data=sent).status_code == 404


def test_a_scan_is_asked_for_from_the_page(ann: httpx.Client, services: Services) -> None:
    seed(services)
    page = ann.get("/p/cats").text
    fields = form_of(page, "/p/cats/work/controls")
    for number in ("0", "-1", "1e3", "1001", "9" * 30):
        assert ann.post("/p/cats/work/controls", data={**fields, "number": number}).status_code == 400
    assert ann.post("/p/cats/work/everything", data=fields).status_code == 404
    for step, key in (
        ("sync", "sync:1"),
        ("scan", "scan:1"),
        ("push", "push:1"),
        ("controls", "scan:1:controls-7"),
    ):
        fields = form_of(page, f"/p/cats/work/{step}") | {"number": "7"}
        assert ann.post(f"/p/cats/work/{step}", data=fields).status_code == 303
        with services.store.read() as unit:
            assert unit.jobs.queued(key) is not None


def test_a_question_is_put_to_one_more_and_closed_by_whom_it_has_not_changed_for(
    ann: httpx.Client, services: Services
) -> None:
    seed(services, issues=2)
    project = services.project("cats")
    with services.store.begin() as unit:
        unit.reviews.plan(
            [ReviewTask("key-2", "issue-001", project.id, ReviewState.PUSHED, "32", "b", False, 2, 2, {})]
        )
    page = ann.get("/p/cats/items/2").text
    more, close = (form_of(page, f"/p/cats/issues/{what}") for what in ("one-more", "close"))
    assert ann.post("/p/cats/issues/one-more", data=more).status_code == 303
    late = ann.post("/p/cats/issues/close", data=close)
    assert (late.status_code, "It is open, 3 people are asked" in late.text) == (409, True)
    fresh = form_of(ann.get("/p/cats/items/2").text, "/p/cats/issues/close")
    assert [ann.post("/p/cats/issues/close", data=fresh).status_code for _ in range(2)] == [303, 303]
    assert "closed by ann, without an answer" in words(ann.get("/p/cats/items/2").text)
    with services.store.read() as unit:
        closed = [row for row in unit.audit.entries() if row.action == "question.closed"]
        task = unit.reviews.get("key-2")
    assert [row.actor for row in closed] == ["user:ann"]
    assert task is not None
    assert task.state is ReviewState.WITHDRAWING
    again = ann.post("/p/cats/issues/close", data={**fresh, "key": str(uuid.uuid4())})
    assert (again.status_code, "It is unresolved" in again.text) == (409, True)


def test_held_corrections_of_a_class_go_together_by_their_number(
    ann: httpx.Client, services: Services
) -> None:
    seed(services)
    with services.store.begin() as unit:
        unit.corrections.set_state("correction", CorrectionState.HELD)
    page = ann.get("/p/cats/corrections?state=held").text
    fields = form_of(page, "/p/cats/corrections/release")
    assert fields["label"] == "lynx"
    wrong = ann.post("/p/cats/corrections/release", data={**fields, "number": "2"})
    assert (wrong.status_code, "1 correction of 'lynx' is held now" in unescape(wrong.text)) == (409, True)
    assert ann.post("/p/cats/corrections/release", data={**fields, "number": "1"}).status_code == 303
    with services.store.read() as unit:
        assert unit.corrections.counts(services.project("cats").id) == {CorrectionState.PENDING: 1}


def test_quality_is_drawn_day_by_day(ann: httpx.Client, services: Services) -> None:
    project = services.project("cats")
    rate = {"hits": 1, "n": 10, "value": 0.1, "low": 0.01, "high": 0.4}
    figures = {
        "items": 100,
        "remaining_high": 0.05,
        "target": 0.01,
        "controls": rate,
        "flags": {"precision": rate},
        "alarms": [],
        "verdict": "Not yet clean enough.",
        "clean_enough": False,
    }
    assert "Nothing is known yet" in ann.get("/p/cats/quality").text
    with services.store.begin() as unit:
        unit.quality.save(project.id, figures)
    page = ann.get("/p/cats/quality").text
    assert page.count("<svg") == 3
    assert "Largest share of labels that can be wrong: 5.0% on 2026-03-01" in page


def test_the_validation_record_is_a_file(ann: httpx.Client, services: Services) -> None:
    seed(services)
    rows = list(csv.DictReader(io.StringIO(spreadsheet(ann, "/p/cats/validation.csv"))))
    assert [row["correction"] for row in rows] == ["correction"]


def test_a_picture_that_cannot_be_shown_is_a_sentence_in_its_place(
    ann: httpx.Client, services: Services
) -> None:
    seed(services)
    page = ann.get("/p/cats/items/1").text
    (address,) = set(re.findall(r'<img src="([^"]+)"', page))
    assert address == "/p/cats/media?item=1&amp;field=photo"
    answer = ann.get(unescape(address))
    assert (answer.status_code, answer.headers["content-type"]) == (422, "image/svg+xml")
    assert "This cannot be shown: its address is no web" in words(answer.text)
    assert "sandbox" in answer.headers["content-security-policy"]
    for query in ("item=1&field=none", "item=none&field=photo", ""):
        answer = ann.get(f"/p/cats/media?{query}")
        assert (answer.status_code, "no such item or field" in words(answer.text)) == (404, True)
