"""The house stays easy to read: few rooms, each with a caption, and one thing for each name."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import pytest

from connector.model.jobs import JobKind
from connector.platforms import registry
from workers.service.handlers import ROOMS

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("connector", "workers")
# Where a platform may be named: its folder and the registry, the codecs of the label types, the demo on real
# servers, and the readers of files that a platform exports.
OF_PLATFORMS = ("connector/platforms/", "workers/label_types/", "workers/demo/", "workers/cli/demo.py",
                "workers/cli/offline/")  # fmt: skip
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


def _texts(path: Path) -> list[str]:
    """The texts of a module that do something: its docstrings are not among them."""
    tree = ast.parse(path.read_text("utf-8"))
    documenting = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    constants = [node for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    return [each.value for each in constants if isinstance(each.value, str) and id(each) not in documenting]


def test_nothing_but_its_own_folder_names_a_platform() -> None:
    names = [name for kind in registry.servers() for name in (kind, registry.words(kind).name)]
    named = {
        str(path.relative_to(ROOT)): text
        for package in ("connector", "secondlook", "workers")
        for path in (ROOT / package).rglob("*.py")
        if not str(path.relative_to(ROOT)).startswith(OF_PLATFORMS)
        for text in _texts(path)
        if any(name.lower() in text.lower() for name in names)
    }
    assert named == {}
    pages = "".join(page.read_text("utf-8") for page in (ROOT / "connector").rglob("*.html"))
    assert [name for name in names if name.lower() in pages.lower()] == []


# What people count: a number before one of these words is worded by `number_of`, which knows the singular.
COUNTED = re.compile(
    "^ (?:[a-z]+ ){0,2}?(?:annotations|answers|boxes|changes|characters|classes|columns|controls|corrections|"
    "decisions|entries|errors|files|flags|folders|groups|images|issues|items|jobs|labels|lines|minutes|notes|"
    "people|persons|pictures|projects|questions|regions|results|reviewers|rows|spans|tasks|texts|votes)\\b"
)
COUNT = re.compile(r"len\(|n$|n_|.*\.total\(\)$")


def _counts(path: Path) -> list[str]:
    """Counts that a sentence of a module puts before a plural."""
    return [
        ast.unparse(text)
        for text in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(text, ast.JoinedStr)
        for value, after in pairwise(text.values)
        if isinstance(value, ast.FormattedValue)
        and (COUNT.match(ast.unparse(value.value)) or _grouped(value))
        and isinstance(after, ast.Constant)
        and COUNTED.match(str(after.value))
    ]


def _grouped(value: ast.FormattedValue) -> bool:
    """Whether thousands are set apart, as in whole numbers that people count."""
    return value.format_spec is not None and ast.unparse(value.format_spec)[2:-1] == ","


def test_one_thing_is_never_said_in_the_plural() -> None:
    rooms = ("wording", "actions", "web", "cli", "label_types", "report", "people")
    modules = [
        path for package in PACKAGES for room in rooms for path in (ROOT / package / room).rglob("*.py")
    ]
    assert {str(path.relative_to(ROOT)): found for path in modules if (found := _counts(path))} == {}
