"""One review task of each question about boxes and spans, answered by keys in a real browser."""

from __future__ import annotations

import base64
import io
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, expect, sync_playwright

from connector.model.jobs import JobKind
from tests.e2e.test_regions import (
    BOX_CONFIG,
    HEIGHT,
    OTHER_CONFIGS,
    SPAN_CONFIG,
    WIDTH,
    Installation,
    Region,
    as_box,
    installed,
    pictures,
    sentences,
    span_task,
    truthful,
)
from tests.support.label_studio import LabelStudioServer
from workers.label_types.spans.objects import RenderedHtml
from workers.label_types.spans.value import Span

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

CHROMIUM = "/usr/bin/chromium"
SHOTS = os.environ.get("REGION_SHOTS")  # a folder where pictures of the pages are kept
Raw = dict[str, Any]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as play:
        found = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


def drawn(regions: list[Region]) -> str:
    """A picture of what is right, as a data URI."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), "#e8ece4")
    pen = ImageDraw.Draw(picture)
    for label, x, y, w, h in regions:
        pen.rectangle((x, y, x + w, y + h), fill="#35608f" if label == "car" else "#8a5a2b")
    held = io.BytesIO()
    picture.save(held, "PNG")
    return f"data:image/png;base64,{base64.b64encode(held.getvalue()).decode()}"


def box_task(given: list[Region], right: list[Region], annotator: int) -> Raw:
    result = [as_box(region, f"r{n}") for n, region in enumerate(given)]
    predicted = [as_box(region, f"p{n}", 0.97) for n, region in enumerate(right)]
    return {
        "data": {"image": drawn(right)},
        "annotations": [{"result": result, "completed_by": annotator}],
        "predictions": [{"model_version": "detector-1", "result": predicted}],
    }


def signed_in(browser: Browser, server: LabelStudioServer, person: Any) -> Page:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(f"{server.url}/user/login/")
    page.fill("input[name=email]", person.email)
    page.fill("input[name=password]", person.password)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(lambda url: "login" not in url)
    return page


def answer_in_browser(made: Installation, page: Page, truth: Mapping[str, Any]) -> dict[str, str]:
    """Answer all that the reviewer is offered, by the key of the right answer; question → code."""
    reviewer, answered = made.people[0], {}
    page.goto(f"{made.server.url}/projects/{made.review}/data?labeling=1")
    with made.server.client(reviewer.token) as client:
        while (found := client.get(f"/api/projects/{made.review}/next")).status_code == httpx.codes.OK:
            task = found.json()
            context = task["data"]["secondlook_context"]
            code = truthful(truth)(task)
            chosen = next(one for one in task["data"]["secondlook_answers"] if one["alias"] == code)
            expect(page.get_by_text(context.split("?")[1].strip()[:40]).first).to_be_visible(timeout=30_000)
            page.wait_for_timeout(500)
            if "image" in task["data"]:
                assert task["data"]["secondlook_crop"].startswith("data:image/jpeg")
            if SHOTS:
                page.keyboard.press("Escape")  # the instructions, which each page opens with
                page.wait_for_timeout(700)
                page.screenshot(path=str(Path(SHOTS) / f"{context.split('?')[0].replace(' ', '-')}.png"))
            page.keyboard.press(chosen["hotkey"])
            with page.expect_response(lambda one: "/annotations" in one.url and one.request.method == "POST"):
                page.keyboard.press("Control+Enter")
            answered[context.split("?")[0]] = code
    return answered


def test_each_question_about_a_box_is_answered_with_one_key(
    label_studio: LabelStudioServer, browser: Browser, tmp_path: Path
) -> None:
    annotator = label_studio.create_user("annotator@example.com")
    rows = [(list(given), list(right)) for n, (given, right) in enumerate(pictures().values()) if n < 28]
    tasks = [box_task(given, right, annotator.id) for given, right in rows]
    truth = {Path(drawn(right)).name: (given, right) for given, right in rows}
    with installed(label_studio, tmp_path, BOX_CONFIG, "box", tasks) as made:
        answered = answer_in_browser(made, signed_in(browser, label_studio, made.people[0]), truth)
        assert sorted(answered.values()) == ["model", "model", "model", "remove"]
        assert made.answer_all(truthful(truth)) == 4
        made.work(JobKind.COLLECT)
        _all_are_right(made, truth)


def test_each_question_about_a_span_is_answered_with_one_key(
    label_studio: LabelStudioServer, browser: Browser, tmp_path: Path
) -> None:
    annotator = label_studio.create_user("annotator@example.com")
    truth = dict(list(sentences().items())[:28])
    tasks = [span_task(text, *regions, annotator.id) for text, regions in truth.items()]
    with installed(label_studio, tmp_path, SPAN_CONFIG, "ner", tasks) as made:
        answered = answer_in_browser(made, signed_in(browser, label_studio, made.people[0]), truth)
        assert sorted(answered.values()) == ["model", "model", "model", "remove"]
        assert made.answer_all(truthful(truth)) == 4
        made.work(JobKind.COLLECT)
        _all_are_right(made, truth)


PAGES = (
    "<p>Hi \U0001f600 <b>Bob</b> Smith</p><p>Second &amp; line</p>",
    "Ana <i>met</i> Bob<br>in Rome<!-- not here -->today",
    "<div>\n<h2>Ana</h2>\n<ul><li>Bob</li><li>Rome &eacute;t&eacute;</li></ul></div>",
    "<table><tbody><tr><td>Ana</td><td>Bob</td></tr></tbody></table>",
    "<table><tr><td>Ana</td></tr></table><p>Bob<p>Rome",
)


def test_the_editor_finds_the_words_of_html_where_we_say(
    label_studio: LabelStudioServer, browser: Browser
) -> None:
    project = label_studio.new_project("Pages", OTHER_CONFIGS["html"])
    person = label_studio.create_user("editor@example.com")
    page = signed_in(browser, label_studio, person)
    for task in label_studio.import_tasks(project, [{"data": {"html": html}} for html in PAGES]):
        held = RenderedHtml(str(label_studio.task(task)["data"]["html"]))
        words = list(re.finditer(r"\w+", held.text or ""))
        label_studio.annotate(task, [marked(held, word) for word in words], person)
        page.goto(f"{label_studio.url}/projects/{project}/data?task={task}")
        for word in words:
            expect(page.get_by_role("treeitem", name=as_shown(word[0]))).to_be_visible(timeout=30_000)


def as_shown(word: str) -> re.Pattern[str]:
    """A word of two paragraphs is one here and two lines there: the editor breaks the line between them."""
    letters = r"\s*".join(word)
    return re.compile(f"PER {letters} ")


def marked(held: RenderedHtml, word: re.Match[str]) -> Raw:
    """A word as a region that does not say what it marks: the editor looks it up."""
    value = {**held.value(Span(*word.span())), "hypertextlabels": ["PER"]}
    del value["text"]
    named = {"id": f"w{word.start()}", "from_name": "ner", "to_name": "o", "type": "hypertextlabels"}
    return {**named, "value": value}


def _all_are_right(made: Installation, truth: Mapping[str, Any]) -> None:
    for name, result in made.results().items():
        assert len(result) == len(truth[name][1]), name
