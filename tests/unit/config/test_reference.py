"""The page about the configuration says what the classes say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from connector.config.file import load
from connector.config.reference import entries, render_reference

PAGE = Path(__file__).parents[3] / "docs" / "configuration.md"


def test_the_tables_are_those_of_the_classes() -> None:
    _, _, tables = PAGE.read_text(encoding="utf-8").partition("a test compares them -->\n\n")
    assert tables.rstrip() == render_reference().rstrip()


def test_every_key_says_what_it_means() -> None:
    assert [entry.key for entry in entries() if not entry.description.endswith(".")] == []


@pytest.mark.parametrize("example", re.findall(r"```toml\n(\[.*?)```", PAGE.read_text("utf-8"), re.DOTALL))
def test_the_example_is_accepted(tmp_path: Path, example: str) -> None:
    (tmp_path / "secondlook.toml").write_text(example)
    assert load(tmp_path / "secondlook.toml", environ={}).projects


def test_the_variables_of_the_page_are_accepted(tmp_path: Path) -> None:
    page = PAGE.read_text("utf-8")
    (tmp_path / "s.toml").write_text(re.findall(r"```toml\n(\[.*?)```", page, re.DOTALL)[0])
    variables = dict(re.findall(r"`(SECONDLOOK_\w+__\w+)=(\w+)`", page))
    settings = load(tmp_path / "s.toml", environ=variables)
    assert settings.server.port == 8500
    assert settings.project("pets").review.quorum == 3
