"""The file that a result is written to."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import NoReturn

import pytest

from connector.errors import Misconfigured
from workers.cli.offline.target import replace_file, whole_file


def test_a_file_has_the_mode_that_the_umask_leaves_and_nothing_asks_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asking sets it for all threads."""

    def asked(mask: int) -> NoReturn:
        raise AssertionError(mask)

    before = os.umask(0o027)
    try:
        with monkeypatch.context() as patched:
            patched.setattr(os, "umask", asked)
            replace_file(tmp_path / "a.csv", "x")
    finally:
        os.umask(before)
    assert (tmp_path / "a.csv").stat().st_mode & 0o777 == 0o640


def test_after_an_error_a_file_is_as_it_was(tmp_path: Path) -> None:
    target = tmp_path / "audit.jsonl"
    target.write_text("kept\n")
    target.chmod(0o600)

    def fill_the_disk() -> None:
        with whole_file(target, "--output") as out:
            out.write("half a line")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(Misconfigured, match=r"--output: .*No space left"):
        fill_the_disk()
    assert target.read_text() == "kept\n"
    with whole_file(target) as out:
        out.write("new\n")
    assert (target.read_text(), target.stat().st_mode & 0o777) == ("new\n", 0o600)
    assert [one.name for one in tmp_path.iterdir()] == ["audit.jsonl"]


def test_a_device_is_written_as_it_comes() -> None:
    with whole_file(Path(os.devnull)) as out:
        out.write("gone")
