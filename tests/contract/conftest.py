"""One suite over every platform."""

from __future__ import annotations

import pytest

from tests.contract.scenes import LabelStudioScene, MemoryScene, Scene


@pytest.fixture(params=["memory", "label_studio"])
def scene(request: pytest.FixtureRequest) -> Scene:
    """An empty source project and a review desk on each platform."""
    if request.param == "memory":
        return MemoryScene()
    return LabelStudioScene(request.getfixturevalue("label_studio"))
