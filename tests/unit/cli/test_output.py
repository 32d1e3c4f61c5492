"""Bars for people, silence and JSON for programs."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console
from rich.progress import Progress

from connector.model import ItemRef, Role
from workers.cli.bar import CountAndRate
from workers.cli.output import json_line, progress


def test_long_work_shows_a_count_and_a_rate() -> None:
    seconds = iter(range(100))
    stream = io.StringIO()
    bar = Progress(
        CountAndRate(),
        console=Console(file=stream, force_terminal=True, width=80),
        get_time=lambda: float(next(seconds)),
        auto_refresh=False,
    )
    task = bar.add_task("sync", total=2000, what="tasks")
    for done in (500, 1000, 1500):
        bar.update(task, completed=done)
    line = CountAndRate().render(bar.tasks[0]).plain
    assert line.startswith("1,500 of 2,000 tasks, ")
    assert line.endswith("/s")


def test_a_total_that_is_not_known_is_left_out() -> None:
    bar = Progress(CountAndRate(), disable=True)
    bar.add_task("sync", total=None, what="tasks", completed=3)
    assert CountAndRate().render(bar.tasks[0]).plain == "3 tasks"


def test_where_no_terminal_is_there_is_no_bar(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("sync") as report:
        report(1, 2, "tasks")
    captured = capsys.readouterr()
    assert captured.out + captured.err == ""


def test_what_commands_return_becomes_json() -> None:
    value = {
        Role.SOURCE: ItemRef("1", datetime(2026, 1, 1, tzinfo=UTC)),
        "path": Path("x"),
        "some": (1, 2.5, None),
    }
    assert json.loads(json_line(value)) == {
        "source": {"remote_id": "1", "created_at": "2026-01-01T00:00:00+00:00"},
        "path": "x",
        "some": [1, 2.5, None],
    }
