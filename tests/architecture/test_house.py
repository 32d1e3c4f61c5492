"""The house stays easy to read: few rooms, each with a caption, and one thing for each name."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from connector.model.jobs import JobKind
from workers.service.handlers import ROOMS

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("connector", "workers")
MOST_ENTRIES = 15


def _entries(package: str) -> set[str]:
    folder = ROOT / package
    folders = {path.parent.name for path in folder.glob("*/__init__.py")}
    return folders | {path.stem for path in folder.glob("*.py")} - {"__init__"}


@pytest.mark.parametrize("package", PACKAGES)
def test_the_top_of_a_package_is_read_at_a_glance(package: str) -> None:
    assert len(_entries(package)) <= MOST_ENTRIES, sorted(_entries(package))


def test_a_class_name_stands_for_one_thing() -> None:
    places = defaultdict(list)
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.parse(path.read_text("utf-8")).body:
                if isinstance(node, ast.ClassDef):
                    places[node.name].append(str(path.relative_to(ROOT)))
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_every_package_has_a_caption() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("__init__.py")
        if not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    assert silent == []


def test_the_tables_of_rooms_are_made_from_the_captions() -> None:
    done = subprocess.run([sys.executable, "scripts/captions.py", "--check"], cwd=ROOT, check=False)
    assert done.returncode == 0, "run: python scripts/captions.py"


def test_a_handler_lies_in_the_room_of_its_step_under_the_name_of_its_kind() -> None:
    for kind in JobKind:
        module = importlib.import_module(f"workers.{ROOMS[kind]}.{kind.value}")
        assert callable(module.handle), kind
