"""Naming platforms in one place, and importing no more than is needed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from connector.errors import Misconfigured
from connector.platforms import registry
from connector.platforms.face import DeskConfig, PlatformConfig
from connector.platforms.registry import KINDS
from connector.ports import Guidelines, Reviewers, WebhookRegistrar


def config(kind: str) -> PlatformConfig:
    return PlatformConfig(kind=kind, url="http://127.0.0.1:9", project_id="1", token="not-to-be-shown")


@pytest.mark.parametrize("kind", KINDS)
def test_every_platform_is_built_without_a_connection(kind: str) -> None:
    source = registry.source(config(kind))
    assert isinstance(source, WebhookRegistrar)
    assert isinstance(source, Guidelines)
    desk = registry.desk(DeskConfig(kind, "http://127.0.0.1:9", "token", beside="1"))
    assert isinstance(desk, WebhookRegistrar)
    assert isinstance(desk, Reviewers)
    assert registry.dialect(kind)


def test_an_unknown_platform_names_the_known_ones() -> None:
    with pytest.raises(Misconfigured, match="label_studio"):
        registry.source(config("doccano"))


@pytest.mark.parametrize("kind", registry.servers())
def test_every_server_says_what_each_mode_of_writing_means(kind: str) -> None:
    text = " ".join(registry.words(kind).writeback)
    assert all(mode.value in text for mode in registry.rules(kind).write_modes)


def test_a_token_is_not_shown() -> None:
    assert "not-to-be-shown" not in repr(config("label_studio"))


def test_building_adapters_imports_neither_numpy_nor_the_sdk() -> None:
    code = """
import sys
from connector.platforms import registry
from connector.platforms.face import DeskConfig, PlatformConfig
for kind in registry.KINDS:
    registry.source(PlatformConfig(kind, "http://127.0.0.1:9", "1", "token"))
    registry.desk(DeskConfig(kind, "http://127.0.0.1:9", "token", beside="1"))
    registry.dialect(kind)
heavy = {"numpy", "sklearn", "pandas", "label_studio_sdk", "argilla", "datasets"} & set(sys.modules)
assert not heavy, heavy
"""
    subprocess.run([sys.executable, "-c", code], check=True)
