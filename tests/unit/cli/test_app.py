"""Mistakes get one clear line and an exit code; faults of ours get a file."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest

from connector import errors
from connector.store.views import loop
from connector.wiring import Services
from tests.unit.cli.conftest import Secondlook
from workers.cli import main
from workers.cli.exits import ExitCode, exit_code

COMMANDS = ["init", "doctor", "up", "web", "sync", "scan", "push", "collect", "status", "issues", "revert",
            "audit", "demo", "jobs", "audit export", "audit verify", "jobs list", "jobs replay"]  # fmt: skip


def test_every_command_documents_the_exit_codes(secondlook: Secondlook) -> None:
    for command in COMMANDS:
        done = secondlook(*command.split(), "--help")
        assert done.code == 0, command
        assert "Exit codes:" in done.out, command


def test_every_exit_code_stands_in_the_epilog(secondlook: Secondlook) -> None:
    text = secondlook("--help").out
    assert all(f" {code.value} " in text.replace("\n", " ") for code in ExitCode)


def test_the_page_names_every_exit_code() -> None:
    page = (Path(__file__).parents[3] / "docs" / "configuration.md").read_text("utf-8")
    assert all(f"| {code.value} |" in page for code in ExitCode)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.Misconfigured("m", field="f", remedy="r"), 3),
        (errors.Conflict("c"), 4),
        (errors.Retryable("r"), 5),
        (errors.UnknownOutcome("u"), 5),
        (errors.LeaseLost("l"), 5),
        (errors.Rejected("r"), 1),
        (errors.NotFound("n"), 1),
    ],
)
def test_the_exit_code_says_what_to_do_next(error: errors.SecondlookError, code: int) -> None:
    assert exit_code(error) == code


@pytest.mark.parametrize(
    ("text", "arguments", "code", "words"),
    [
        ("", ["nope"], 2, "No such command"),
        ("", ["sync"], 2, "Missing argument"),
        ("", ["sync", "cats"], 3, "no project is configured"),
        ("", ["-c", "gone.toml", "status"], 2, "there is no file gone.toml"),
        ('[projects.cats]\nurl = "http://a"\nproject = 7\n', ["status"], 3, "projects.cats.token: missing"),
        ("port = = 1", ["status"], 3, "line 1"),
        ("[server]\nprot = 1", ["status"], 3, "Did you mean server.port?"),
        ("[database]\nurl = 'sqlite:////proc/none/x.db'", ["status"], 3, "database.url"),
        ("[database]\nurl = 'postgresql+psycopg://u@127.0.0.1:1/d'", ["status"], 5, "did not answer"),
    ],
)  # fmt: skip
def test_a_users_mistake_is_one_line_without_a_traceback(
    secondlook: Secondlook, home: Path, text: str, arguments: list[str], code: int, words: str
) -> None:
    (home / "secondlook.toml").write_text(text)
    done = secondlook(*arguments)
    assert done.code == code
    assert words in done.err
    assert "Traceback" not in done.err + done.out
    assert done.out == ""


def test_a_fault_of_ours_is_short_and_its_details_go_to_a_private_file(
    secondlook: Secondlook, configured: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        msg = "boom, Authorization: Token 0123456789abcdef0123456789abcdef01234567"
        raise RuntimeError(msg)

    monkeypatch.setattr(loop, "project_views", broken)
    done = secondlook("status")
    assert done.code == 1
    assert "unexpected RuntimeError" in done.err
    assert "boom" not in done.err
    file = configured.settings.data_dir / "secondlook-error.log"
    assert "boom" in file.read_text()
    assert "0123456789abcdef" not in file.read_text()
    assert file.stat().st_mode & 0o077 == 0
    debugged = secondlook("--debug", "status")
    assert "Traceback" in debugged.err
    assert "0123456789abcdef" not in debugged.err


def test_help_is_shown_without_loading_what_computes() -> None:
    code = (
        "import sys; from workers.cli.app import run; run(['--help']);"
        "bad = {'numpy', 'sqlalchemy', 'celery', 'httpx', 'fastapi'} & set(sys.modules);"
        "sys.exit(str(bad) if bad else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_the_version_is_printed(secondlook: Secondlook) -> None:
    assert secondlook("--version").out.startswith("secondlook ")


def test_a_reader_that_goes_away_is_answered_with_silence(configured: Services) -> None:
    with configured.store.begin() as unit:
        for n in range(500):
            unit.audit.append("a", "b", f"subject {n}", {"text": "x" * 200})
    script = f"{sys.executable} -m workers.cli audit export | head -1"
    done = subprocess.run(["bash", "-c", script], check=False, capture_output=True, text=True)
    assert done.stderr == ""


@pytest.mark.parametrize("encoding", ["latin-1", "ascii"])
def test_a_terminal_that_cannot_show_a_letter_is_shown_its_number(
    home: Path, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    shown = {name: io.TextIOWrapper(io.BytesIO(), encoding=encoding) for name in ("stdout", "stderr")}
    for name, stream in shown.items():
        monkeypatch.setattr(sys, name, stream)
    monkeypatch.setattr(sys, "argv", ["secondlook", "-c", "猫→.toml", "status"])
    with pytest.raises(SystemExit) as ending:
        main()
    shown["stderr"].flush()
    assert ending.value.code == ExitCode.USAGE
    assert b"\\u732b\\u2192.toml" in shown["stderr"].buffer.getvalue()  # type: ignore[attr-defined]
