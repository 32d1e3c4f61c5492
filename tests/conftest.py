"""Servers that tests share. A missing server program fails the test: nothing is skipped."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.label_studio import LabelStudioServer, running_label_studio


@pytest.fixture(scope="session")
def label_studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabelStudioServer]:
    """A real Label Studio whose webhooks may reach this machine."""
    with running_label_studio(tmp_path_factory.mktemp("label-studio") / "data") as server:
        yield server
