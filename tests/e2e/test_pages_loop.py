"""The loop through pages alone: a person in a browser, a real Label Studio, traces collected."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.support.collector import Collector, running_collector
from tests.support.label_studio import LabelStudioServer
from tests.support.loop import NAME, Crew, Scene, crew, looking, set_scene, wait_until, write_config
from tests.support.processes import ProcessPark

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

CHROMIUM = "/usr/bin/chromium"
SHOTS = os.environ.get("PAGE_SHOTS")  # a folder where pictures of the pages are kept
PASSWORD = "correct horse battery"
WRONG = 3
DOT = base64.b64decode(  # a picture of one point
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
NARROW, WIDE = 320, 1280


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        found = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@dataclass
class Visit:
    """What one person sees and presses; what the browser said, and whom it asked."""

    page: Page
    url: str
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("request", lambda request: self.asked.append(request.url))

    def open(self, path: str) -> str:
        """Its text."""
        self.page.goto(self.url + path)
        return self.page.inner_text("main")

    def until(self, path: str, ready: Callable[[str], bool]) -> str:
        """The page's text, once it is so."""
        found = wait_until(f"what {path} should show", lambda: self._ready(path, ready))
        return str(found)

    def _ready(self, path: str, ready: Callable[[str], bool]) -> str | None:
        text = self.open(path)
        return text if ready(text) else None

    def press(self, name: str) -> None:
        with self.page.expect_navigation():
            self.page.get_by_role("button", name=name, exact=True).first.click()

    def follow(self, there: str) -> None:
        """The first link of the first row; it leads to an address like this."""
        self.page.locator("tbody tr a").first.click()
        self.page.wait_for_url(there)

    def shot(self, name: str) -> None:
        """Wide and narrow, where somebody wants to look."""
        if SHOTS:
            for width in (NARROW, WIDE):
                self.page.set_viewport_size({"width": width, "height": 800})
                self.page.screenshot(path=Path(SHOTS, f"{name}-{width}.png"), full_page=True)


def test_a_person_goes_round_the_loop_by_pages_alone(
    label_studio: LabelStudioServer, processes: ProcessPark, browser: Browser, tmp_path: Path
) -> None:
    scene = set_scene(label_studio, n_items=15, n_wrong=WRONG)
    label_studio.call(
        "POST", f"/api/projects/{scene.project}/import", files={"dot.png": ("dot.png", DOT, "image/png")}
    )
    config = write_config(tmp_path / "installation", scene, label_studio.url, poll_seconds=36_000.0)
    one = crew(config, processes)
    with running_collector() as collector:
        up = processes.python(
            *("-m", "workers.cli", "--config", str(config), "up"),
            env={"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "300"},
        )
        link = wait_until("the first link", lambda: re.search(r"/first/\S+", up.output))[0]
        visit = Visit(browser.new_page(viewport={"width": WIDE, "height": 800}), one.settings.server.url)
        _comes_in(visit, link)
        _has_it_synced_scanned_and_pushed(visit)
        _sees_a_picture_of_the_platform(visit, scene)
        _finds_a_flag_and_why(visit)
        _sees_answers_come_to_a_correction(visit, scene, one)
        _takes_it_back(visit, scene)
        _is_on_record(one)
        _is_traced(collector)
        assert visit.said == []
        assert [url for url in visit.asked if not url.startswith((visit.url, "data:"))] == []


def _comes_in(visit: Visit, link: str) -> None:
    visit.open(link)
    visit.shot("first")
    for name, text in (("name", "ann"), ("password", PASSWORD), ("again", PASSWORD)):
        visit.page.fill(f"[name={name}]", text)
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_url(f"{visit.url}/")
    visit.until("/", lambda text: "Animals" in text)
    visit.shot("home")


def _has_it_synced_scanned_and_pushed(visit: Visit) -> None:
    for step in ("Sync now", "Scan now", "Push now"):
        visit.open(f"/p/{NAME}")
        visit.press(step)
    visit.until(f"/p/{NAME}/queue", lambda text: f"{WRONG} match" in text)
    visit.shot("queue")


def _sees_a_picture_of_the_platform(visit: Visit, scene: Scene) -> None:
    """An upload, which the platform shows to who has a token alone: the browser has none."""
    task = next(task for task in scene.server.tasks(scene.project) if "/upload/" in task["data"]["text"])
    there = f"{scene.server.url}{task['data']['text']}"
    assert httpx.get(there).content != DOT
    found = visit.page.request.get(f"{visit.url}/p/{NAME}/media?item={task['id']}&field=text")
    assert (found.status, found.headers["content-type"], found.body()) == (200, "image/png", DOT)
    visit.open(f"/p/{NAME}/queue")


def _finds_a_flag_and_why(visit: Visit) -> None:
    visit.follow("**/items/*")
    text = visit.page.inner_text("main")
    assert re.search(r"\w+ → \w+ in review", text)
    assert "held-out-1" in text
    assert "Open on the platform" in text
    visit.shot("item")


def _sees_answers_come_to_a_correction(visit: Visit, scene: Scene, one: Crew) -> None:
    item = visit.page.url.removeprefix(visit.url)
    with looking(one) as services:
        review = int(services.project(NAME).review_remote_id or 0)
    while scene.answer_open(review):
        pass
    visit.open(f"/p/{NAME}")
    visit.press("Collect answers now")
    rows = visit.page.locator("tbody tr")
    visit.until(f"/p/{NAME}/corrections?state=applied", lambda _text: rows.count() == WRONG)
    assert scene.labels() == scene.truth
    visit.open(item)
    assert visit.page.locator("#answers + ul li").count() >= 2
    visit.shot("item-decided")


def _takes_it_back(visit: Visit, scene: Scene) -> None:
    visit.open(f"/p/{NAME}/corrections?state=applied")
    visit.follow("**/corrections/*")
    expect(visit.page.locator("pre.diff .more").first).to_be_visible()
    visit.shot("correction")
    address = visit.page.url.removeprefix(visit.url)
    visit.press("Take it back")
    visit.until(address, lambda text: "reverted" in text)
    visit.shot("correction-taken-back")
    wrong = [text for text, label in scene.labels().items() if label != scene.truth[text]]
    assert len(wrong) == 1, "one label is what it was before"


def _is_on_record(one: Crew) -> None:
    """Each press is a row of the audit log with the person."""
    with looking(one) as services, services.store.read() as unit:
        rows = list(unit.audit.entries(NAME))
        assert list(unit.audit.verify()) == []
    pressed = [row.action for row in rows if row.actor == "user:ann"]
    assert pressed == [
        *(f"{step}.asked" for step in ("sync", "scan", "push", "collect")),
        *("correction.revert_asked", "correction.reverted"),
    ]


def _is_traced(collector: Collector) -> None:
    """What the collector took: jobs are linked to what stored them, and requests lie inside of jobs."""
    by_id = {each.span: each for each in collector.spans}
    names = {each.name for each in collector.spans}
    assert collector.problems == []
    assert {"job sync", "job scan", "job push"} <= names, names
    jobs = [each for each in collector.spans if each.name.startswith("job ")]
    assert any(link in by_id for each in jobs for link in each.links)
    inside = {each.span for each in jobs}
    assert any(each.parent in inside for each in collector.spans if each.parent)
    told = " ".join(str(each.attributes) for each in collector.spans)
    assert "@example.com" not in told
    assert "item 0" not in told
