"""Every page in a real browser: each role, both themes, narrow and wide, by keyboard, without scripts."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import pytest
import uvicorn
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from connector.actions import users
from connector.model import IssueKind
from connector.model.access import EVERYWHERE, AccessRole
from connector.web.app import create_app
from connector.wiring import Services
from tests.unit.web.questions import seed_questions
from tests.unit.web.seeding import kill_job, services_in
from workers.report.documents import Files

CHROMIUM = "/usr/bin/chromium"
AXE = files("axe_playwright_python") / "axe.min.js"
# Tables that would have to be moved sideways to be read.
WIDER_THAN_SHOWN = """[...document.querySelectorAll(".scroll")]
    .filter(each => each.scrollWidth > each.clientWidth).map(each => each.ariaLabel)"""
PASSWORD = "correct horse battery"
OF_VIEWERS = (
    *("/", "/p/cats", "/p/cats/queue", "/p/cats/queue?state=any", "/p/cats/queue?state=any&given=none"),
    *("/p/cats/items/3", "/p/cats/items/1", "/p/cats/corrections/correction-3", "/p/cats/pairs"),
    *(
        "/p/cats/map",
        "/p/cats/annotators",
        "/p/cats/agreement",
        "/p/cats/spot-checks",
        "/p/cats/reviewers",
        "/p/cats/quality",
        "/p/cats/reports",
    ),
    *("/p/cats/reports", "/p/cats/corrections", "/p/cats/guidelines", "/p/cats/questions"),
    *("/p/cats/dispositions", "/p/cats/findings", "/p/cats/views", "/nowhere"),
)
OF_OPERATORS = ("/ops/jobs", "/ops/alerts?state=any", "/ops/messages", "/ops/health", "/ops/audit")
OF_ADMINS = ("/admin/users", "/admin/tokens", "/p/cats/golden")
PAGES = {
    AccessRole.VIEWER: OF_VIEWERS,
    AccessRole.OPERATOR: (*OF_VIEWERS, *OF_OPERATORS),
    AccessRole.ADMIN: (*OF_VIEWERS, *OF_OPERATORS, *OF_ADMINS),
}


@dataclass(frozen=True)
class Site:
    url: str
    services: Services


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The pages over a project with a question of every kind in every state."""
    services = services_in(tmp_path_factory.mktemp("site"))
    services.documents = Files()
    seed_questions(services)
    kill_job(services)
    with services.store.begin() as unit:
        for role in PAGES:
            users.add(unit, role.value, PASSWORD, {EVERYWHERE: role}, "test")
    server = uvicorn.Server(
        uvicorn.Config(create_app(services.settings, services), log_config=None, ws="none")
    )
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        yield Site(f"http://127.0.0.1:{listening.getsockname()[1]}", services)
        server.should_exit = True
        thread.join()
    services.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        found = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


def entered(context: BrowserContext, site: Site, role: AccessRole) -> Page:
    """A page of somebody who has signed in by the form."""
    page = context.new_page()
    page.goto(f"{site.url}/sign-in")
    page.fill("#name", role.value)
    page.fill("#password", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{site.url}/")
    return page


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("role", PAGES)
def test_every_page_is_accessible_quiet_and_of_its_own_host(
    browser: Browser, site: Site, role: AccessRole, theme: Any, width: int
) -> None:
    context = browser.new_context(color_scheme=theme, viewport={"width": width, "height": 800})
    page = entered(context, site, role)
    said: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    axe = AXE.read_text("utf-8")
    for path in PAGES[role]:
        page.goto(site.url + path)
        found = page.evaluate(f"{axe}; axe.run()")
        violations = [(each["id"], [node["html"] for node in each["nodes"]]) for each in found["violations"]]
        assert violations == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert page.evaluate(WIDER_THAN_SHOWN) == [], path
    # The browser itself says that a page or a picture was not to be had, and how fast it draws without a
    # graphics card; nothing else is said.
    of_itself = ("404", "422", "GL Driver Message")
    assert [text for text in said if not any(known in text for known in of_itself)] == []
    assert [url for url in asked if not url.startswith((site.url, "data:"))] == []
    context.close()


def test_a_filter_and_an_undo_work_by_keyboard_without_scripts(browser: Browser, site: Site) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = entered(context, site, AccessRole.ADMIN)
    page.goto(f"{site.url}/p/cats/queue")
    page.focus("[name=state]")
    page.keyboard.type("accepted")
    page.keyboard.press("Tab")
    page.focus("form.filters button")
    page.keyboard.press("Enter")
    page.wait_for_url("**/queue?*state=accepted*")
    assert page.locator("tbody tr").count() == len(IssueKind)
    page.goto(f"{site.url}/p/cats/queue")
    page.focus("[name=chosen] >> nth=0")
    page.keyboard.press("Space")
    page.focus("text=Ask one more person")
    with page.expect_navigation(url="**/queue"):
        page.keyboard.press("Enter")
    assert page.locator("main [role=alert]").count() == 0
    page.goto(f"{site.url}/ops/jobs")
    page.focus("text=Try again")
    page.keyboard.press("Enter")
    page.wait_for_url("**/ops/jobs?state=queued")
    assert page.locator("tbody tr").count() == 2  # it, and the push that tells of the person more
    context.close()


def test_the_first_tab_leads_to_the_content(browser: Browser, site: Site) -> None:
    context = browser.new_context()
    page = entered(context, site, AccessRole.VIEWER)
    page.goto(f"{site.url}/p/cats/queue")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "To the content"
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#main"
    context.close()


def test_a_stolen_cookie_ends_with_the_session(browser: Browser, site: Site) -> None:
    context = browser.new_context()
    page = entered(context, site, AccessRole.OPERATOR)
    stolen = context.cookies()
    (cookie,) = stolen
    assert cookie["httpOnly"]
    page.click("text=Sign out")
    page.wait_for_url("**/sign-in")
    other = browser.new_context()
    other.add_cookies(stolen)  # type: ignore[arg-type]
    thief = other.new_page()
    thief.goto(f"{site.url}/ops/jobs")
    assert "/sign-in" in thief.url
    other.close()
    context.close()


def test_a_key_chooses_a_row_and_changes_nothing(browser: Browser, site: Site) -> None:
    context = browser.new_context()
    page = entered(context, site, AccessRole.OPERATOR)
    page.goto(f"{site.url}/p/cats/queue")
    page.keyboard.press("j")
    page.keyboard.press("x")
    assert page.locator("[name=chosen]:checked").count() == 1
    page.keyboard.press("x")
    assert page.locator("[name=chosen]:checked").count() == 0
    context.close()


def test_keys_move_and_open_and_can_be_turned_off(browser: Browser, site: Site) -> None:
    context = browser.new_context()
    page = entered(context, site, AccessRole.OPERATOR)
    page.goto(f"{site.url}/p/cats/queue?state=any")
    page.keyboard.press("j")
    page.keyboard.press("j")
    second = page.locator("tbody tr").nth(1).locator("a").first
    assert second.evaluate("link => link === document.activeElement")
    page.keyboard.press("Enter")
    page.wait_for_url("**/items/*")
    here = page.url
    page.keyboard.press("]")
    page.wait_for_url(lambda url: "/items/" in url and url != here)
    page.keyboard.press("[")
    page.wait_for_url(here)
    page.keyboard.press("g")
    page.keyboard.press("m")
    page.wait_for_url("**/map")
    page.keyboard.press("?")
    page.check("#keys input")
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("q")
    assert page.url.endswith("/map")
    context.close()


def test_a_lasso_on_the_map_leads_to_the_queue(browser: Browser, site: Site) -> None:
    context = browser.new_context(viewport={"width": 1000, "height": 900})
    page = entered(context, site, AccessRole.OPERATOR)
    page.goto(f"{site.url}/p/cats/map")
    page.wait_for_selector("#legend li")
    box = page.locator("#drawn").bounding_box()
    assert box is not None
    page.click("#choose")
    left, top, right, bottom = box["x"] + 2, box["y"] + 2, box["x"] + box["width"] - 2, box["y"] + 400
    page.mouse.move(left, top)
    page.mouse.down()
    for x, y in ((right, top), (right, bottom), (left, bottom)):
        page.mouse.move(x, y)
    page.mouse.up()
    page.click("#chosen a")
    page.wait_for_url("**/queue?state=any&points=*")
    assert page.locator("tbody tr").count() > 1
    context.close()
