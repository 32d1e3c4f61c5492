"""Links lead somewhere, pictures are there, and nothing of one machine has slipped in."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image

from tests.unit.docs.pages import LINK, ROOT, pages, prose, written_files

# What would only be true on the machine where a page was written, or send readers to one registry.
FORBIDDEN = {
    "a path of one machine": r"(?<![\w.])/(w)ork/|/(r)oot/|/(h)ome/\w|/(t)mp/[a-z]",
    "a package registry": r"(p)ypi\.org|(p)ythonhosted|(n)pmjs|index-url (?!none)\S*://",
    "a secret": r"\beyJ[\w-]{10,}|\b[0-9a-f]{40}\b",
}


def _name(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", pages(), ids=_name)
def test_relative_links_lead_somewhere(page: Path) -> None:
    targets = [link for link in LINK.findall(prose(page)) if "://" not in link]
    missing = [link for link in targets if not _exists(page, link)]
    assert missing == []


def _exists(page: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists() or ROOT not in [target, *target.parents]:
        return False
    return not anchor or anchor in _anchors(target)


def _anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def test_the_tests_that_pages_name_are_there() -> None:
    named = {test for page in pages() for test in re.findall(r"`(test_\w+)`", prose(page))}
    defined = {
        name
        for file in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^\s*def (test_\w+)", file.read_text("utf-8"), re.MULTILINE)
    }
    assert named
    assert sorted(named - defined) == []


@pytest.mark.parametrize("what", FORBIDDEN)
@pytest.mark.parametrize("file", written_files(), ids=_name)
def test_nothing_of_one_machine(file: Path, what: str) -> None:
    assert re.findall(FORBIDDEN[what], file.read_text("utf-8")) == []


def test_the_forbidden_words_would_be_found() -> None:
    caught = {
        "a path of one machine": "see /wo" + "rk/main and /ro" + "ot/x",
        "a package registry": "https://py" + "pi.org/simple",
        "a secret": "token " + "0a" * 20,
    }
    assert [what for what, text in caught.items() if not re.search(FORBIDDEN[what], text)] == []


def test_the_picture_of_the_readme_is_one() -> None:
    with Image.open(ROOT / "docs/images/review-task.png") as picture:
        picture.load()
        assert picture.format == "PNG"
        assert 900 <= picture.width <= 1400


def test_pictures_stay_small() -> None:
    large = {_name(file) for file in (ROOT / "docs/images").iterdir() if file.stat().st_size > 200_000}
    assert large == set()


def test_the_index_of_decisions_names_them_all() -> None:
    folder = ROOT / "docs/adr"
    records = {file.name for file in folder.glob("[0-9]*.md")}
    assert records == set(LINK.findall((folder / "README.md").read_text("utf-8")))


@pytest.mark.parametrize("record", sorted((ROOT / "docs/adr").glob("[0-9]*.md")), ids=_name)
def test_a_decision_has_its_three_parts(record: Path) -> None:
    text = record.read_text("utf-8")
    number = int(record.name[:4])
    assert text.startswith(f"# {number}. ")
    parts = re.findall(r"^\*\*(\w+)\.\*\*", text, re.MULTILINE)
    assert parts == ["Context", "Decision", "Consequences"]


def test_the_changes_name_this_version() -> None:
    import tomllib

    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert version in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_the_make_targets_of_the_pages_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {
        word
        for page in pages()
        for word in re.findall(r"(?:^|`)make ([a-z-]+)", page.read_text("utf-8"), re.MULTILINE)
    }
    assert named - targets == set()
    assert {"demo", "test", "lint"} <= named
