"""The documentation as these tests read it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")
# The command itself, at the start or run by another: sudo -u secondlook env ... /opt/.../secondlook doctor
RUNS = re.compile(r"\s*(?:(?:sudo|docker) .*\s)?(?:/\S*/)?secondlook(?=\s|$)")


def pages() -> list[Path]:
    """Every page that a person reads."""
    named = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "deploy/README.md")]
    return [*named, *sorted((ROOT / "docs").rglob("*.md"))]


def written_files() -> list[Path]:
    """All text files of the documentation and of deploy/."""
    return [*pages(), *(file for file in sorted((ROOT / "deploy").rglob("*")) if file.is_file())]


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of a page in one language; '' for blocks that name none."""
    return [text for found, text in FENCE.findall(page.read_text("utf-8")) if found == language]


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return FENCE.sub("", page.read_text("utf-8"))


def commands(page: Path) -> Iterator[list[str]]:
    """The words after each `secondlook` that a page tells people to type."""
    lines = [line for block in blocks(page, "") for line in block.splitlines()]
    for line in lines + CODE.findall(prose(page)):
        if typed := RUNS.match(line):
            yield line[typed.end() :].split("#")[0].split()
