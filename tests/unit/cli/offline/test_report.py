"""The HTML report: one file, safe with hostile labels, and complete."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.unit.cli.offline.conftest import Ran, annotation, csv_of, texts

Scan = Callable[..., Ran]
HOSTILE = "<script>alert('&')</script>"
VOID = {"meta", "link", "img"}


class Outline(HTMLParser):
    """The tags of a page, with what they point to; raises where they are not closed in order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID:
            return
        assert self.open.pop() == tag


def outline(page: str) -> Outline:
    found = Outline()
    found.feed(page)
    assert found.open == []
    return found


@pytest.fixture
def page(scan: Scan, tmp_path: Path) -> str:
    """A report of items whose text, labels, ids and annotators are hostile."""
    rows = [["id", "text", "label", "annotator"]]
    rows += [
        [f"{HOSTILE}{n}", f"{text} {HOSTILE}", f"{label}{HOSTILE}", f"ann{HOSTILE}"]
        for n, (text, label) in enumerate(texts())
    ]
    (tmp_path / "a.csv").write_text(csv_of(rows), encoding="utf-8")
    code, _, err = scan("a.csv", "--out", "report.html")
    assert code == 0, err
    return (tmp_path / "report.html").read_text("utf-8")


def test_what_the_file_holds_is_escaped(page: str) -> None:
    assert "<script" not in page
    assert "&lt;script&gt;alert(&#39;&amp;&#39;)" in page


def test_nothing_is_loaded_from_anywhere(page: str) -> None:
    tags = outline(page).tags
    assert {tag for tag, _ in tags} & {"script", "iframe", "object", "embed", "form"} == set()
    addresses = [attrs[name] for _, attrs in tags for name in ("src", "href") if name in attrs]
    assert all(address.startswith(("#", "data:")) for address in addresses)
    assert "url(" not in page
    assert "@import" not in page
    assert "default-src 'none'" in page


def test_every_section_can_be_reached_and_is_named(page: str) -> None:
    tags = outline(page).tags
    ids = [attrs["id"] for _, attrs in tags if "id" in attrs]
    links = [attrs["href"][1:] for tag, attrs in tags if tag == "a"]
    assert len(ids) == len(set(ids))
    assert links == [
        "found",
        "labels",
        "matrix",
        "overlaps",
        "classes",
        "annotators",
        "map",
        "model",
        "skipped",
    ]
    assert set(links) <= set(ids)
    named = {attrs["aria-labelledby"] for _, attrs in tags if "aria-labelledby" in attrs}
    assert named <= set(ids)


def test_light_and_dark_are_both_given(page: str) -> None:
    assert "prefers-color-scheme: dark" in page
    light, dark = re.findall(r":root \{(.*?)\}", page, re.DOTALL)
    assert set(re.findall(r"--[\w-]+(?=:)", light)) - {"--plate"} == set(re.findall(r"--[\w-]+(?=:)", dark))


def test_the_matrix_counts_every_item(page: str) -> None:
    body = re.search(r'<table class="matrix.*?</table>', page, re.DOTALL)
    assert body is not None
    assert sum(int(n) for n in re.findall(r"<td[^>]*>(\d+)</td>", body.group())) == 60


def test_images_are_shown_from_the_file_itself(scan: Scan, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    tasks = []
    for n in range(60):
        pixels = rng.integers(0, 60, (8, 8), dtype=np.uint8)
        pixels[:, :4] += np.uint8(150 * (n % 2))
        stream = io.BytesIO()
        Image.fromarray(pixels).save(stream, format="PNG")
        uri = "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()
        label = "dark" if n % 2 == 0 or n == 7 else "light"
        tasks.append({"id": n, "data": {"image": uri}, "annotations": [annotation(label)]})
    (tmp_path / "a.json").write_text(json.dumps(tasks))
    assert scan("a.json", "--out", "r.html")[0] == 0
    shown = [attrs for tag, attrs in outline((tmp_path / "r.html").read_text()).tags if tag == "img"]
    assert [attrs["alt"] for attrs in shown] == ["Item 7"]
    assert shown[0]["src"] == tasks[7]["data"]["image"]  # type: ignore[index]


def test_vectors_are_told_by_their_length(scan: Scan, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = []
    for n in range(60):
        vector = (rng.normal(size=3) + 8 * (n % 2)).tolist()
        rows.append({"vector": vector, "label": "low" if n % 2 == 0 or n == 7 else "high"})
    (tmp_path / "a.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    assert scan("a.jsonl", "--out", "r.html")[0] == 0
    assert "3 numbers" in (tmp_path / "r.html").read_text()


def test_many_classes_are_cut_to_those_that_are_confused(scan: Scan, tmp_path: Path) -> None:
    rows = [["text", "label"]]
    rows += [
        [f"word{k} thing{n % 2}", f"class {k if n else (k + 1) % 40}"] for k in range(40) for n in range(6)
    ]
    (tmp_path / "a.csv").write_text(csv_of(rows), encoding="utf-8")
    assert scan("a.csv", "--out", "r.html")[0] == 0
    assert "The 30 of 40 classes with most disagreement" in (tmp_path / "r.html").read_text()
