"""One suite over every platform."""

from __future__ import annotations

import pytest

from tests.contract.argilla_scene import ArgillaScene
from tests.contract.scenes import LabelStudioScene, MemoryScene, Scene


@pytest.fixture(params=["memory", "label_studio", "argilla"])
def scene(request: pytest.FixtureRequest) -> Scene:
    """An empty source project and a review desk on each platform."""
    if request.param == "memory":
        return MemoryScene()
    if request.param == "argilla":
        return ArgillaScene(request.getfixturevalue("argilla"))
    return LabelStudioScene(request.getfixturevalue("label_studio"))


@pytest.fixture(params=["memory", "label_studio"])
def flagging_scene(request: pytest.FixtureRequest) -> Scene:
    """The same where people can mark one annotation as the truth; Argilla has no such flag."""
    if request.param == "memory":
        return MemoryScene()
    return LabelStudioScene(request.getfixturevalue("label_studio"))
