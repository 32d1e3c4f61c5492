"""A third platform is one folder, one line of the registry, and a codec in a label type."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from connector.config.file import load
from connector.errors import Misconfigured
from connector.model import LabelSchema, ObjectTag
from connector.platforms import registry
from connector.platforms.memory import MemoryServer, server
from connector.ports import Codec
from tests.unit.cli.conftest import Secondlook, home, secondlook
from workers.label_types.choice.label_type import Choice
from workers.label_types.memory import KeysInMemory

__all__ = ["home", "secondlook"]  # the fixtures of the command line

URL = "http://toy.test"
CONFIG = f"""
data_dir = "data"
[database]
url = "sqlite:///data/s.db"
[projects.toys]
platform = "toy"
url = "{URL}"
project = "box-1"
token = {{ file = "token" }}
predictions = {{ source = "platform", out_of_sample = true }}
policy = {{ min_class_examples = 1, method = "predicted_neq_given" }}
"""


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line of the registry, and the codec of single choices."""
    built_in = Choice.codecs

    def codecs(choice: Choice) -> Mapping[str, Codec]:
        known: Mapping[str, Codec] = built_in.__get__(choice)
        return {**known, "toy": KeysInMemory(choice.kind, choice.valid)}

    monkeypatch.setitem(registry._FOLDERS, "toy", "tests.support.toy_platform")
    monkeypatch.setattr(Choice, "codecs", property(codecs))


@pytest.fixture
def toys(home: Path) -> MemoryServer:
    (home / "token").write_text("toy-token\n")
    (home / "secondlook.toml").write_text(CONFIG)
    server.cache_clear()
    found = server(URL)
    classes = ("cat", "dog")
    board = found.add_project(LabelSchema("kind", "text", classes, (ObjectTag("text", "Text", "text"),)))
    for n in range(12):
        item = found.add_item(board, {"text": f"text {n}"})
        found.annotate(board, item, classes[n % 2], "ada")
        found.predict(board, item, "dog" if n % 2 or n == 4 else "cat", score=0.9, model_version="m1")
    return found


def test_its_settings_are_read_by_its_own_rules(toys: MemoryServer, home: Path) -> None:
    project = load(environ={}).project("toys")
    assert (project.platform, project.project) == ("toy", "1")
    file = home / "secondlook.toml"
    file.write_text(CONFIG.replace("box-1", "7"))
    with pytest.raises(Misconfigured, match="is no box of the toy"):
        load(environ={})
    file.write_text(CONFIG.replace('"toy"', '"tyo"'))
    with pytest.raises(Misconfigured, match="'argilla' or 'toy', not 'tyo'"):
        load(environ={})


def test_the_loop_goes_on_it(toys: MemoryServer, secondlook: Secondlook) -> None:
    checked = secondlook("doctor", "--json")
    levels = {row["name"]: row["level"] for row in checked.json["checks"] if row["project"] == "toys"}
    assert (levels["platform"], levels["token"], levels["labels"]) == ("ok", "ok", "ok")
    assert "Read 12 items of toys: 12 new" in secondlook("sync", "toys").out
    assert "1 of 12 labels of toys is suspicious; 1 review task" in secondlook("scan", "toys").out
    assert "Created 1 review task" in secondlook("push", "toys").out
    assert [board.title for board in toys.boards.values()][1:], "a review project beside the source"
    (row,) = secondlook("issues", "toys", "--json").json["issues"]
    assert row["link"].startswith(f"{URL}/boxes/1/")
