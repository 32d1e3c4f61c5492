"""Several rows at once, views that people keep, alerts that somebody sees to; what an item's page knows."""

from __future__ import annotations

import re
import threading
import uuid
from dataclasses import replace
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from connector.actions import users
from connector.config.project import ReviewSettings
from connector.model import FlagEvidence, LabelSchema, ObjectTag, ReviewState, ReviewTask
from connector.model.access import EVERYWHERE, AccessRole
from connector.model.reasons import coded
from connector.store.tables import corrections, issues, items
from connector.web.app import create_app
from connector.web.dashboard.items import difference
from connector.wiring import Services
from tests.unit.web.forms import PASSWORD, form_of
from tests.unit.web.questions import seed_questions
from tests.unit.web.seeding import HOSTILE, TOKEN, kill_job, seed
from tests.unit.web.test_secrecy import token_of

SOUND = b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(20)
BOX = "cat 10,20 30x40 of 200x100"


def with_tasks(services: Services) -> None:
    """Three flagged items, of which two are asked about."""
    seed(services, issues=3)
    project = services.project("cats")
    task = ReviewTask("key-2", "issue-001", project.id, ReviewState.PUSHED, "32", "b", False, 2, 2, {})
    with services.store.begin() as unit:
        unit.reviews.plan([task, replace(task, key="key-3", issue_id="issue-002", remote_id="33")])


def choices(page: str) -> list[str]:
    return [unescape(each) for each in re.findall(r'name="chosen" value="([^"]+)"', page)]


def choosing(page: str) -> dict[str, str]:
    """The hidden fields of the form of what is chosen."""
    return form_of(page, "/p/cats/chosen/one-more")


def asked(services: Services) -> list[int]:
    with services.store.read() as unit:
        return [task.overlap for task in unit.reviews.of_issues(["issue-001", "issue-002"]).values()]


def test_one_thing_is_done_with_all_that_are_chosen_once(ann: httpx.Client, services: Services) -> None:
    with_tasks(services)
    page = ann.get("/p/cats/queue?state=open").text
    sent = choosing(page) | {"chosen": choices(page)}
    assert len(sent["chosen"]) == 2
    answers = [ann.post("/p/cats/chosen/one-more", data=sent) for _ in range(2)]
    assert [answer.headers["location"] for answer in answers] == ["/p/cats/queue?state=open"] * 2
    assert asked(services) == [3, 3]
    with services.store.read() as unit:
        done = [row.actor for row in unit.audit.entries() if row.action == "question.one_more"]
    assert done == ["user:ann"] * 2


def test_two_people_with_one_question_chosen_do_it_once_and_the_later_is_told_what_it_is_now(
    ann: httpx.Client, services: Services
) -> None:
    with_tasks(services)
    page = ann.get("/p/cats/queue?state=open").text
    mine, theirs = (choosing(page) | {"key": str(uuid.uuid4())} for _ in range(2))
    both = choices(page)
    assert ann.post("/p/cats/chosen/close", data=theirs | {"chosen": both[:1]}).status_code == 303
    late = ann.post("/p/cats/chosen/one-more", data=mine | {"chosen": both})
    assert late.status_code == 409
    assert "Of 2 questions 1 was changed since the page was loaded" in late.text
    assert "item 2 is unresolved" in late.text
    assert asked(services) == [2, 2]


def test_nothing_chosen_and_what_is_none_is_said(ann: httpx.Client, services: Services) -> None:
    with_tasks(services)
    page = ann.get("/p/cats/queue?state=open").text
    sent = choosing(page)
    none = ann.post("/p/cats/chosen/close", data=sent)
    assert (none.status_code, "0 questions are chosen" in none.text) == (400, True)
    many = {"chosen": [f"question-{n}:x" for n in range(201)]}
    assert ann.post("/p/cats/chosen/close", data=sent | many).status_code == 400
    assert ann.post("/p/cats/chosen/close", data=sent | {"chosen": "no:x"}).status_code == 404
    assert ann.post("/p/cats/chosen/all", data=sent | {"chosen": choices(page)}).status_code == 404
    assert asked(services) == [2, 2]


def test_a_question_goes_to_an_adjudicator_where_one_is_named(ann: httpx.Client, services: Services) -> None:
    with_tasks(services)
    page = ann.get("/p/cats/queue?state=open").text
    sent = choosing(page) | {"chosen": choices(page)[:1]}
    refused = ann.post("/p/cats/chosen/adjudicate", data=sent)
    assert (refused.status_code, "review.adjudicators" in refused.text) == (409, True)
    named = services.settings.projects["cats"].model_copy(
        update={"review": ReviewSettings(adjudicators=("7",))}
    )
    services.settings = services.settings.model_copy(update={"projects": {"cats": named}})
    assert ann.post("/p/cats/chosen/adjudicate", data=sent).status_code == 303
    again = ann.post("/p/cats/chosen/adjudicate", data=sent | {"key": str(uuid.uuid4())})
    assert (again.status_code, "asked about" in again.text) == (409, True)
    with services.store.read() as unit:
        task = unit.reviews.get("key-2")
        (row,) = [row for row in unit.audit.entries() if row.action == "question.escalated"]
    assert task is not None
    assert task.escalated_at is not None
    assert row.actor == "user:ann"
    fields = form_of(ann.get("/p/cats/items/3").text, "/p/cats/issues/adjudicate")
    assert ann.post("/p/cats/issues/adjudicate", data=fields).status_code == 303


def test_a_view_is_kept_by_its_owner_and_its_link_works_for_all(
    ann: httpx.Client, services: Services
) -> None:
    seed_questions(services)
    page = ann.get("/p/cats/queue?state=accepted&given=given-002x").text
    fields = form_of(page, "/p/cats/views/save")
    assert ann.post("/p/cats/views/save", data=fields | {"name": " "}).status_code == 400
    kept = ann.post("/p/cats/views/save", data=fields | {"name": HOSTILE})
    address = kept.headers["location"]
    assert ann.get(address).headers["location"] == "/p/cats/queue?state=accepted&given=given-002x"
    own = ann.get("/p/cats/views").text
    assert HOSTILE not in own
    assert HOSTILE in unescape(own)
    assert address in ann.get("/p/cats/queue").text
    with services.store.begin() as unit:
        users.add(unit, "bob", PASSWORD, {EVERYWHERE: AccessRole.VIEWER}, "test")
    remove = form_of(own, "/p/cats/views/remove")
    with httpx.Client(base_url=ann.base_url) as bob:
        assert bob.post("/sign-in", data={"name": "bob", "password": PASSWORD}).status_code == 303
        assert bob.get(address).status_code == 303
        assert "You keep no view yet" in bob.get("/p/cats/views").text
        theirs = form_of(bob.get("/p/cats/queue").text, "/p/cats/views/save")
        stolen = {"csrf": theirs["csrf"], "key": theirs["key"], "view": remove["view"]}
        assert bob.post("/p/cats/views/remove", data=stolen).status_code == 404
    assert ann.post("/p/cats/views/remove", data=remove).status_code == 303
    assert ann.get(address).status_code == 404


def test_somebody_sees_to_an_alert_once_and_it_is_told_no_more(ann: httpx.Client, services: Services) -> None:
    from workers.service.alerting import look_for_alerts

    kill_job(services)
    assert look_for_alerts(services)
    fields = form_of(ann.get("/ops/alerts").text, "/ops/alerts/acknowledge")
    assert ann.post("/ops/alerts/acknowledge", data=fields).status_code == 303
    page = ann.get("/ops/alerts").text
    assert "user:ann" in page
    assert "/ops/alerts/acknowledge" not in page
    again = ann.post("/ops/alerts/acknowledge", data=fields | {"key": str(uuid.uuid4())})
    assert (again.status_code, "user:ann sees to it already" in again.text) == (409, True)
    unknown = ann.post(
        "/ops/alerts/acknowledge",
        data=fields | {"key": str(uuid.uuid4()), "subject": "nothing"},
    )
    assert unknown.status_code == 404


@pytest.mark.parametrize("path", ["/p/cats/quality", "/p/cats/reports", "/p/cats/map", "/ops/health"])
def test_pages_with_tables_have_files_too(ann: httpx.Client, services: Services, path: str) -> None:
    seed(services)
    kill_job(services)
    rate = {"hits": 1, "n": 10, "value": 0.1, "low": 0.01, "high": 0.4}
    figures = {"items": 9, "remaining_high": 0.05, "target": 0.01, "controls": rate, "alarms": []}
    with services.store.begin() as unit:
        figures |= {"flags": {"precision": rate}, "verdict": "v", "clean_enough": False}
        unit.quality.save(services.project("cats").id, figures)
    for kind in ("csv", "json", "parquet"):
        assert ann.get(f"{path}.{kind}").status_code == 200
    if path == "/p/cats/quality":
        (row,) = ann.get(f"{path}.json").json()
        assert (row["day"], row["bound"], row["controls_n"]) == ("2026-03-01", 0.05, 10)
    if path == "/ops/health":
        assert ann.get(f"{path}.json").json()[0]["dead"] == 1


def test_an_items_page_names_the_items_like_it_to_operators(ann: httpx.Client, services: Services) -> None:
    seed_questions(services)
    with services.store.begin() as unit:
        issue = unit.issues.get("question-001")
        other = unit.issues.get("question-002")
        assert issue is not None
        assert other is not None
        evidence = FlagEvidence(similar=("lynx",), neighbours=((other.item_id, 0.125),)).to_json()
        unit.connection.execute(update(issues).values(evidence=dict(evidence)))
    text = ann.get("/p/cats/items/1").text
    said = f"0.125 away, {other.state.value.replace('_', ' ')}</small>"
    assert f'<a href="/p/cats/items/2">2</a> lynx <small>{said}' in text
    token = token_of(services, AccessRole.VIEWER, "cats")
    for number in (1, 4, 5):
        page = httpx.get(
            f"{ann.base_url}/p/cats/items/{number}", headers={"Authorization": f"Bearer {token}"}
        )
        assert "away" not in page.text


def test_a_correction_of_a_region_is_drawn_before_and_after(ann: httpx.Client, services: Services) -> None:
    seed(services)
    with services.store.begin() as unit:
        moved = BOX.replace(" 10,", " 50,")
        unit.connection.execute(update(corrections).values(given=BOX, label=moved))
    page = ann.get("/p/cats/corrections/correction").text
    drawn = re.findall(r'<rect class="box" x="([\d.]+)"', page)
    assert len(set(drawn)) == 2
    assert '<image href="/p/cats/media?item=1&amp;field=photo"' in page


def test_torn_questions_are_a_filter_of_the_queue(ann: httpx.Client, services: Services) -> None:
    seed_questions(services)
    with services.store.begin() as unit:
        unit.connection.execute(
            update(issues).where(issues.c.id == "question-002").values(reason=coded("torn", votes=["a", "b"]))
        )
        unit.connection.execute(
            update(issues).where(issues.c.id == "question-003").values(reason=coded("overdue"))
        )
    page = ann.get("/p/cats/queue?state=any&why=torn").text
    assert re.findall(r'href="/p/cats/items/(\d+)[?"]', page) == ["2"]
    assert ann.get("/p/cats/queue?state=any&why=nothing").status_code == 400


class Tape(BaseHTTPRequestHandler):
    """A server with one sound."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(SOUND)

    def log_message(self, *_: object) -> None:
        """Nothing is written."""


def test_a_sound_is_played_from_any_byte_on(services: Services) -> None:
    seed(services)
    project = services.project("cats")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Tape)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    with services.store.begin() as unit:
        schema = LabelSchema("kind", "sound", ("lynx",), (ObjectTag("sound", "Audio", "sound"),))
        unit.projects.described(project.id, "Cats", [schema], "9")
        unit.connection.execute(update(items).values(data={"sound": f"{address}/roar.wav"}))
    dashboard = services.settings.dashboard.model_copy(update={"media_hosts": ("127.0.0.0/8",)})
    services.settings = services.settings.model_copy(update={"dashboard": dashboard})
    client = TestClient(create_app(services.settings, services), headers={"Authorization": f"Bearer {TOKEN}"})
    page = client.get("/p/cats/items/1").text
    (there,) = re.findall(r'<audio controls preload="none" src="([^"]+)"', page)
    whole = client.get(unescape(there))
    assert (whole.status_code, whole.headers["content-type"], whole.content) == (200, "audio/wav", SOUND)
    for asked, content in {
        "bytes=4-7": SOUND[4:8],
        "bytes=8-": SOUND[8:],
        "bytes=-3": SOUND[-3:],
        "bytes=0-999999": SOUND,
    }.items():
        part = client.get(unescape(there), headers={"Range": asked})
        assert (part.status_code, part.content) == (206, content)
    for asked in ("bytes=999-", "bytes=5-2", "bytes=-", "bytes=-0", "items=1-2", "bytes=0-1,3-4"):
        assert client.get(unescape(there), headers={"Range": asked}).status_code == 200
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("role", [AccessRole.VIEWER, AccessRole.OPERATOR])
def test_an_item_leads_on_through_the_queue_that_it_was_opened_from(
    client: httpx.Client, services: Services, role: AccessRole
) -> None:
    seed_questions(services)
    client.headers["Authorization"] = f"Bearer {token_of(services, role, 'cats')}"
    page = client.get("/p/cats/queue?state=accepted").text
    links = [unescape(each) for each in re.findall(r'href="(/p/cats/items/[^"]+)"', page)]
    assert len(links) >= 2
    walked = [links[0]]
    while following := re.search(r'href="([^"]+)" rel="next"', client.get(walked[-1]).text):
        walked.append(unescape(following[1]))
    assert walked == links
    back = re.search(r'href="([^"]+)" rel="prev"', client.get(links[-1]).text)
    assert back
    assert unescape(back[1]) == links[-2]
    assert client.get("/p/cats/items/1?within=state%3Dodd").status_code == 400


def test_a_report_is_asked_for_once_and_people_are_measured_from_their_page(
    ann: httpx.Client, services: Services
) -> None:
    seed(services)
    project = services.project("cats")
    fields = form_of(ann.get("/p/cats/reports").text, "/p/cats/work/report")
    assert ann.post("/p/cats/work/report", data=fields).headers["location"] == "/p/cats/reports"
    again = ann.post("/p/cats/work/report", data=fields | {"key": str(uuid.uuid4())})
    assert (again.status_code, "waits for its scan already" in again.text) == (409, True)
    fields = form_of(ann.get("/p/cats/reviewers").text, "/p/cats/work/reviewers")
    assert ann.post("/p/cats/work/reviewers", data=fields).headers["location"] == "/p/cats/reviewers"
    with services.store.read() as unit:
        assert unit.audits.wanted(project.id) is not None
        assert unit.jobs.queued(f"scan:{project.id}") is not None
        assert unit.jobs.queued(f"reviewers:{project.id}") is not None
        done = [row.action for row in unit.audit.entries() if row.actor == "user:ann"]
    assert done[-2:] == ["report.wanted", "reviewers.asked"]


def test_a_change_is_shown_of_the_annotation_alone() -> None:
    before = {"annotation": {"id": 3, "result": "cat"}, "ground_truth_ids": []}
    changed = difference(before, {"id": 3, "result": "dog"})
    assert [line for line in changed if line[0] != " "] == [
        ("-", ' "result": "cat"'),
        ("+", ' "result": "dog"'),
    ]
    assert difference(before, None) == []
    assert ("+", ' "id": 3') in difference(None, {"id": 3})
