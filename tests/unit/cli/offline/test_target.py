"""The file that a result is written to."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NoReturn

import pytest

from workers.cli.offline.target import replace_file


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
