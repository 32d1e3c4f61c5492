"""What the service keeps is its user's alone, from the first moment."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from connector.store import migrate
from connector.store.engine import open_engine


@pytest.fixture
def careless() -> Iterator[None]:
    """A shell whose new files everybody may read."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("careless")
def test_a_new_database_its_journals_and_its_folder_are_private(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "data"
    engine = open_engine(f"sqlite:///{folder / 'secondlook.db'}")
    migrate.upgrade(engine)
    with engine.connect():
        modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in folder.iterdir()}
    engine.dispose()

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o755, "who may write there may replace the folder"
    assert "secondlook.db" in modes
    assert set(modes.values()) == {0o600}
