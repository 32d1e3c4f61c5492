"""What the pages say about commands is what the commands are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from tests.unit.docs.pages import ROOT, commands, pages
from workers.cli.app import application
from workers.cli.exits import ExitCode
from workers.cli.session import Session

PAGE = (ROOT / "docs" / "cli.md").read_text("utf-8")
GIVEN_BY_ALL = {"--help"}


def _leaves() -> dict[str, Any]:
    """Every command that does something, by its words."""
    root: Any = typer.main.get_command(application(Session()))
    found: dict[str, Any] = {}
    for name, command in root.commands.items():
        inner = getattr(command, "commands", None)
        found |= {f"{name} {sub}": leaf for sub, leaf in inner.items()} if inner else {name: command}
    return found


LEAVES = _leaves()


def _options(command: Any) -> set[str]:
    return {text for parameter in command.params for text in parameter.opts if text.startswith("-")}


def _section(title: str) -> str:
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    assert found is not None, f"docs/cli.md has no section {title!r}"
    return found.group(1)


def _told(section: str) -> set[str]:
    first_cells = re.findall(r"^\| (`-.*?) \|", section, re.MULTILINE)
    return {option for cell in first_cells for option in re.findall(r"`(-[\w-]+)`", cell)}


def test_the_page_has_a_section_for_each_command() -> None:
    assert set(re.findall(r"^## secondlook (.+)$", PAGE, re.MULTILINE)) == set(LEAVES)


@pytest.mark.parametrize("name", LEAVES)
def test_the_options_of_the_page_are_those_of_the_command(name: str) -> None:
    assert _told(_section(f"secondlook {name}")) == _options(LEAVES[name]) - GIVEN_BY_ALL


def test_the_options_before_the_command() -> None:
    root: Any = typer.main.get_command(application(Session()))
    assert _told(_section("Before the command")) == _options(root) - GIVEN_BY_ALL


def test_the_exit_codes() -> None:
    told = {int(code) for code in re.findall(r"^\| (\d+) \|", _section("Exit codes"), re.MULTILINE)}
    assert told == {int(code) for code in ExitCode}


def test_the_exit_codes_of_the_readme() -> None:
    line = next(line for line in (ROOT / "README.md").read_text("utf-8").splitlines() if "Exit codes" in line)
    assert {int(code) for code in re.findall(r"\b(\d+) ", line)} == {int(code) for code in ExitCode}


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_in_the_pages_exist_with_their_options(page: Path) -> None:
    unknown = [" ".join(["secondlook", *words]) for words in commands(page) if not _is_known(words)]
    assert unknown == []


def test_most_commands_are_shown_somewhere() -> None:
    shown = {_leaf(words)[0] for page in pages() for words in commands(page)}
    assert len(shown) > len(LEAVES) / 2


def _is_known(words: list[str]) -> bool:
    name, rest = _leaf(words)
    root: Any = typer.main.get_command(application(Session()))
    if name is None:
        # A group or a placeholder alone: `secondlook audit`, `secondlook COMMAND --help`.
        return not rest or rest[0] in {*root.commands, *_options(root), *GIVEN_BY_ALL, "COMMAND"}
    return {word.partition("=")[0] for word in rest if word.startswith("-")} <= _options(
        LEAVES[name]
    ) | GIVEN_BY_ALL


def _leaf(words: list[str]) -> tuple[str | None, list[str]]:
    for length in (2, 1):
        name = " ".join(words[:length])
        if name in LEAVES:
            return name, words[length:]
    return None, words


@pytest.mark.parametrize("name", LEAVES)
def test_every_command_has_help_with_exit_codes(name: str) -> None:
    result = CliRunner().invoke(application(Session()), [*name.split(), "--help"])
    assert result.exit_code == 0
    assert "Exit codes" in result.output


def test_the_paths_of_the_api() -> None:
    from connector.web.api.v1 import router

    told = set(re.findall(r"`(/api/v1/[^`]+)`", _section("The JSON API")))
    assert told == {getattr(route, "path", "") for route in router.routes}


def test_the_list_of_commands_says_what_each_says_of_itself() -> None:
    root: Any = typer.main.get_command(application(Session()))
    named: Any = typer.main.get_command(application(Session(), only=""))
    first = {name: (command.help or "").partition("\n\n")[0] for name, command in root.commands.items()}
    assert {name: " ".join(text.split()) for name, text in first.items()} == {
        name: command.help for name, command in named.commands.items()
    }
