"""Nothing happens at import, and the web process stays light."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Imports every module of ours one after the other and reports what each of them did to the world.
PROBE = """
import importlib, json, pkgutil, sys, threading

import connector, workers

current, seen = "", []
TELLING = {
    "socket.connect", "socket.bind", "sqlite3.connect", "subprocess.Popen", "os.system", "os.exec",
    "os.fork", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "shutil.rmtree",
}

def watch(event, arguments):
    opened_to_write = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
    if event in TELLING or opened_to_write:
        seen.append(f"{current}: {event} {arguments!r}"[:300])

names = []
for package in (connector, workers):
    names += [package.__name__]
    names += [one.name for one in pkgutil.walk_packages(package.__path__, package.__name__ + ".")]
skipped = ("connector.store.migrations.env", "connector.store.migrations.versions.")
names = [name for name in names if not name.startswith(skipped) and not name.endswith(".__main__")]

sys.addaudithook(watch)
for current in names:
    importlib.import_module(current)
    if threading.active_count() > 1:
        seen.append(f"{current}: started a thread")
print(json.dumps({"names": names, "seen": seen}))
"""

HEAVY = ("numpy", "scipy", "sklearn", "pandas", "pyarrow", "label_studio_sdk")


def _run(code: str, folder: Path) -> str:
    """Run Python where there is no configuration to find, and without settings of ours."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder)}
    done = subprocess.run(
        [sys.executable, "-B", "-c", code],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_a_module_does_nothing_to_the_world(tmp_path: Path) -> None:
    report = json.loads(_run(PROBE, tmp_path))
    assert report["seen"] == []
    assert {"connector.model", "workers.issues"} <= set(report["names"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("module", ["connector.web.app", "connector.web.intake"])
def test_the_web_process_does_not_load_what_computes(module: str, tmp_path: Path) -> None:
    loaded = _run(f"import {module}, sys; print(*sys.modules)", tmp_path).split()
    assert set(HEAVY) & set(loaded) == set()
