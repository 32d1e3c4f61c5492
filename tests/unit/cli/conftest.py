"""Commands run in a folder of their own, in this process."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from connector.wiring import Services
from tests.unit.cli.little_studio import little_studio
from tests.unit.web.seeding import services_in
from workers.cli.app import run


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Secondlook = Callable[..., Done]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def secondlook(home: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Secondlook]:
    """Run a command: exit code, stdout, stderr."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level

    def call(*arguments: str) -> Done:
        code = run(arguments)
        out, err = capsys.readouterr()
        return Done(code, out, err)

    yield call
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def configured(home: Path) -> Iterator[Services]:
    """The project "cats", with a configuration file beside its database."""
    services = services_in(home)
    (home / "secondlook.toml").write_text(
        'data_dir = "data"\n[projects.cats]\nurl = "http://labels.example.org"\nproject = 7\n'
        'token = { file = "token" }\n'
    )
    yield services
    services.close()


@pytest.fixture
def studio() -> Iterator[str]:
    with little_studio() as url:
        yield url
