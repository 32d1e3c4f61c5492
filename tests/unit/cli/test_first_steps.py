"""What a new user meets: nothing is made by looking, and `up` says how to go on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from connector.actions import users
from connector.model.access import EVERYWHERE, AccessRole
from connector.wiring import Services
from tests.unit.cli.conftest import Secondlook
from workers.cli.exits import ExitCode
from workers.cli.serve import greet
from workers.service.alone import alone

MOST_MODULES = 1_020  # 960 when this was written

READING = ["status", "issues cats", "findings cats", "dispositions cats", "quality cats", "reviewers cats",
           "held list cats", "jobs list", "audit export", "audit verify", "users list", "tokens list",
           "guidelines list cats"]  # fmt: skip


@pytest.mark.parametrize("command", READING)
def test_a_command_that_only_reads_makes_nothing(secondlook: Secondlook, home: Path, command: str) -> None:
    (home / "token").write_text("0123456789")
    (home / "secondlook.toml").write_text(
        '[projects.cats]\nurl = "http://127.0.0.1:1"\nproject = 7\ntoken = { file = "token" }\n'
    )
    before = sorted(home.iterdir())
    done = secondlook(*command.split())
    assert "unexpected" not in done.err
    assert sorted(home.iterdir()) == before


def test_doctor_names_where_the_key_will_be_before_there_is_one(secondlook: Secondlook, home: Path) -> None:
    (home / "secondlook.toml").write_text('data_dir = "kept"\n')
    [check] = [one for one in secondlook("doctor", "--json").json["checks"] if one["name"] == "secret key"]
    assert check["found"] == f"made at the first start, in {home / 'kept' / 'secret-key'}"


def test_another_project_than_those_there_are_is_typed_wrongly(secondlook: Secondlook, home: Path) -> None:
    (home / "secondlook.toml").write_text("[server]\nport = 8499\n")
    assert secondlook("quality", "cats").code == ExitCode.MISCONFIGURED
    (home / "token").write_text("0123456789")
    (home / "secondlook.toml").write_text(
        '[projects.cats]\nurl = "http://127.0.0.1:1"\nproject = 7\ntoken = { file = "token" }\n'
    )
    done = secondlook("quality", "dogs")
    assert done.code == ExitCode.USAGE
    assert "Projects in the configuration: cats." in done.err


@pytest.mark.parametrize(
    "line",
    [
        "-c missing.toml status",
        "scan missing.csv",
        "alerts silence jobs_dead --hours 0",
        "alerts silence odd",
        "golden import cats missing.csv",
        "issues cats --after rubbish",
        "report cats --out nofolder/report.html",
    ],
)
def test_what_cannot_be_followed_as_it_stands_is_typed_wrongly(
    secondlook: Secondlook, configured: Services, line: str
) -> None:
    assert secondlook(*line.split()).code == ExitCode.USAGE


def test_up_without_a_project_is_refused(secondlook: Secondlook, home: Path) -> None:
    (home / "secondlook.toml").write_text("[server]\nport = 8499\n")
    done = secondlook("up")
    assert done.code == 3
    assert "secondlook init" in done.err
    assert not (home / ".secondlook").exists()


def test_a_second_up_on_a_data_folder_is_refused(secondlook: Secondlook, configured: Services) -> None:
    with alone(configured.settings.data_dir):
        done = secondlook("up")
    assert done.code == 3
    assert "another `secondlook up`" in done.err


def test_up_says_how_to_sign_in(configured: Services, capsys: pytest.CaptureFixture[str]) -> None:
    greet(configured)
    first = capsys.readouterr().err
    assert "/first/" in first
    assert "token in server.api_token" in first
    with configured.store.begin() as unit:
        users.add(unit, "ada", "a long enough password", {EVERYWHERE: AccessRole.ADMIN}, "test")
    greet(configured)
    then = capsys.readouterr().err
    assert "Sign in at" in then
    assert "as ada" in then
    assert "/first/" not in then


def test_status_loads_nothing_that_it_does_not_need(configured: Services) -> None:
    code = (
        "import sys; from workers.cli.app import run; assert run(['status']) == 0;"
        "heavy = {'numpy', 'scipy', 'sklearn', 'structlog', 'rich', 'alembic', 'celery', 'httpx', 'fastapi'};"
        "loaded = heavy & set(sys.modules);"
        f"sys.exit(str(loaded) if loaded else max(0, len(sys.modules) - {MOST_MODULES}))"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
