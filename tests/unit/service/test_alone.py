"""One `up` on a data folder, and what it says of a changed configuration."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from connector.errors import Misconfigured
from workers.service import alone as module
from workers.service.alone import ConfigWatch, alone, watched

VALID = "[server]\nport = 8401\n"


def test_a_second_process_on_the_folder_is_refused_by_name(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    with alone(folder):
        with pytest.raises(Misconfigured, match=f"process {os.getpid()}.*works in"), alone(folder):
            pass
        other = "import sys; from pathlib import Path; from workers.service.alone import alone\n"
        other += "with alone(Path(sys.argv[1])): pass"
        done = subprocess.run(
            [sys.executable, "-c", other, folder], check=False, capture_output=True, text=True
        )
        assert "Stop it first" in done.stderr
    with alone(folder):
        assert folder.stat().st_mode & 0o077 == 0


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Misconfigured, match="cannot be written"), alone(tmp_path / "file" / "data"):
        pass


def test_each_change_of_the_configuration_is_said_once(tmp_path: Path) -> None:
    file = tmp_path / "secondlook.toml"
    file.write_text(VALID)
    watch = ConfigWatch(file)
    assert watch.change() is None
    file.write_text(VALID.replace("8401", "8402"))
    assert "Restart it to use the new one" in (watch.change() or "")
    assert watch.change() is None
    file.write_text("[server]\nprot = 1\n")
    assert "would be refused: server.prot" in (watch.change() or "")
    file.unlink()
    assert "would be refused" in (watch.change() or "")


def test_a_running_service_tells_of_a_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.01)
    file, told = tmp_path / "secondlook.toml", threading.Event()
    file.write_text(VALID)
    with watched(file, lambda _: told.set()):
        file.write_text(VALID.replace("8401", "8402"))
        assert told.wait(20)


def test_without_a_file_there_is_nothing_to_watch() -> None:
    with watched(None, print):
        pass
