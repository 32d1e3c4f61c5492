"""The import contracts hold, and each of them catches what it is there for."""

from __future__ import annotations

import configparser
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = ROOT / ".importlinter"
PACKAGES = ("connector", "workers")
_SECTION = "importlinter:contract:"


@dataclass(frozen=True)
class Violation:
    """Some code that a contract must refuse, put at the end of a module (or into a new one)."""

    contract: str
    module: str
    code: str = ""
    also: tuple[tuple[str, str], ...] = ()  # further modules that belong to the same violation

    def __str__(self) -> str:
        return f"{self.contract}: {self.module}: {self.code}"


VIOLATIONS = (
    Violation("direction", "connector/wording/text.py", "import workers.issues"),
    Violation("connector-layers", "connector/model/kinds.py", "import connector.config.settings"),
    Violation("connector-layers", "connector/wording/text.py", "import connector.store"),
    Violation("registry", "connector/store/tables/base.py", "import connector.platforms.registry"),
    Violation("connector-layers", "connector/utils.py"),
    Violation("config-layers", "connector/config/settings.py", "import connector.config.file"),
    Violation("config-layers", "connector/config/misc.py"),
    Violation("web-layers", "connector/web/access.py", "import connector.web.app"),
    Violation("web-layers", "connector/web/misc.py"),
    Violation("workers-layers", "workers/issues/__init__.py", "import workers.detect"),
    Violation("workers-layers", "workers/issues/__init__.py", "import workers.consensus"),
    Violation("workers-layers", "workers/review/votes.py", "import workers.detect.queue"),
    Violation("workers-layers", "workers/sync/items.py", "import workers.write_back.notes"),
    Violation("workers-layers", "workers/people/kept.py", "import workers.detect.scan"),
    Violation("workers-layers", "workers/helpers.py"),
    Violation(
        "acyclic",
        "workers/demo/one.py",
        "import workers.demo.two",
        also=(("workers/demo/two.py", "import workers.demo.one"),),
    ),
    Violation(
        "handlers",
        "workers/detect/judge.py",
        "import workers.detect.scan",
    ),
    Violation(
        "platforms", "connector/platforms/argilla/__init__.py", "import connector.platforms.label_studio"
    ),
    Violation("platforms", "connector/platforms/http.py", "import connector.platforms.label_studio"),
    Violation(
        "platforms",
        "connector/platforms/argilla/__init__.py",
        "import connector.platforms.misc",
        also=(("connector/platforms/misc.py", ""),),
    ),
    Violation("registry", "connector/wiring.py", "import connector.platforms.label_studio"),
    Violation("registry", "workers/context.py", "from connector.platforms import label_studio"),
    Violation("registry", "connector/web/intake.py", "from connector.platforms.memory.server import server"),
    Violation(
        "registry",
        "connector/wiring.py",
        "import connector.platforms.toy",
        also=(("connector/platforms/toy/__init__.py", ""),),
    ),
    Violation("label-types", "workers/label_types/rating/__init__.py", "import workers.label_types.choice"),
    Violation("label-types", "workers/label_types/misc.py"),
    Violation("label-type-names", "workers/decide/verdicts.py", "import workers.label_types.rating.value"),
    Violation("label-type-names", "workers/detect/scan.py", "from workers.label_types import choice"),
    Violation("label-type-names", "workers/cli/doctor.py", "import workers.label_types.boxes.value"),
    Violation("sql", "workers/context.py", "import sqlalchemy"),
    Violation("sql", "connector/wiring.py", "from sqlalchemy.orm import Session"),
    Violation("sql", "workers/demo/server.py", "import alembic"),
    Violation("http", "workers/detect/predictions/__init__.py", "import httpx"),
    Violation("http", "connector/wiring.py", "import argilla"),
    Violation("celery", "connector/model/jobs.py", "import celery"),
    Violation("celery", "workers/detect/scan.py", "from kombu import Queue"),
    Violation("light-web", "connector/model/kinds.py", "import numpy"),
    Violation("light-web", "connector/store/tables/base.py", "import scipy.stats"),
    Violation("light-web", "connector/wording/text.py", "from sklearn import metrics"),
    Violation("light-web", "connector/wiring.py", "import pyarrow"),
    *(
        Violation("pure-cores", f"workers/{core}/__init__.py", f"import {module}")
        for core in ("issues", "consensus")
        for module in ("connector.model", "os", "logging", "random", "time", "datetime")
    ),
)


def _lint(folder: Path, *contracts: str) -> subprocess.CompletedProcess[str]:
    chosen = [part for contract in contracts for part in ("--contract", contract)]
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [program, "--no-cache", *chosen], cwd=folder, capture_output=True, text=True, check=False
    )


def _declared() -> set[str]:
    parser = configparser.ConfigParser()
    parser.read(CONTRACTS)
    return {name.removeprefix(_SECTION) for name in parser.sections() if name.startswith(_SECTION)}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(CONTRACTS, tmp_path)
    return tmp_path


def test_every_contract_holds() -> None:
    done = _lint(ROOT)
    assert done.returncode == 0, done.stdout


def test_every_contract_is_shown_to_catch_something() -> None:
    assert {violation.contract for violation in VIOLATIONS} == _declared()


@pytest.mark.parametrize("violation", VIOLATIONS, ids=str)
def test_a_planted_violation_is_caught(violation: Violation, copy: Path) -> None:
    for module, code in ((violation.module, violation.code), *violation.also):
        path = copy / module
        path.parent.mkdir(exist_ok=True)
        with path.open("a") as file:
            file.write(f"\n{code}\n")
    done = _lint(copy, violation.contract)
    assert done.returncode == 1, done.stdout
    assert "Contracts: 0 kept, 1 broken." in done.stdout


def test_a_new_label_type_must_be_hidden_behind_the_registry() -> None:
    parser = configparser.ConfigParser()
    parser.read(CONTRACTS)
    hidden = set(parser[f"{_SECTION}label-type-names"]["protected_modules"].split())
    folders = {path.parent.name for path in (ROOT / "workers" / "label_types").glob("*/__init__.py")}
    assert hidden == {f"workers.label_types.{name}" for name in folders}
