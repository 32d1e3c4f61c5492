"""Dated reports by themselves: what calls for one, the scan before it, and never two a day."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest

from connector.errors import Misconfigured
from connector.model import Audit, AuditState, AuditTrigger
from connector.model.jobs import JobKind
from connector.wording import report_reason
from tests.support.world import Killed, World
from workers.report.due import scanned_since

Build = Callable[..., World]
HOUR = timedelta(hours=1)
LOOSE = {"max_class_loss": 1.0, "rare_share": 0.0}


@pytest.fixture
def build(build: Build) -> Build:
    """Worlds in which corrections of few items may empty a class."""
    return partial(build, quality=LOOSE)


def audits(world: World) -> list[Audit]:
    """Those that were made, the oldest first."""
    with world.read() as unit:
        listed = unit.audits.listed(world.project.id, 100)
        found = [unit.audits.get(world.project.id, one.id) for one in reversed(listed)]
    return [one for one in found if one is not None]


def triggers(world: World) -> list[str]:
    return [audit.trigger.value for audit in audits(world)]


def reviewed(world: World, *texts: str) -> World:
    """Items that are flagged, asked about and decided."""
    world.some_right(4)
    for text in texts or ("odd", "even"):
        world.wrong(text, given="cat", truly="dog")
    world.settle()
    for text in texts or ("odd", "even"):
        world.agree(text, "dog")
    world.later(seconds=61)
    return world


def test_the_first_batch_calls_for_a_scan_and_then_a_report(world: World) -> None:
    reviewed(world)
    scans = world.scan_count()
    assert audits(world) == [], "an hour after the first decision at the earliest"

    world.later(hours=1)
    world.later(hours=1)

    (audit,) = audits(world)
    assert (audit.trigger, audit.state) == ("first_batch", AuditState.DONE)
    assert world.scan_count() == scans + 1
    assert audit.figures is not None
    assert audit.figures["judged"]["fresh"] is True
    assert audit.figures["corrections"]["by_state"] == {"applied": 2}
    assert audit.headline is not None
    assert "2 corrections applied" in audit.headline
    assert [detail["trigger"] for _, _, detail in world.audit("report.made")] == ["first_batch"]


def test_a_scan_under_way_when_a_report_is_wanted_is_not_the_one_that_it_names(world: World) -> None:
    world.some_right(4)
    world.settle()
    with world.read() as unit:
        now = unit.now
        before = unit.issues.last_scan(world.project.id)
    assert before is not None
    under_way = replace(
        before, id="under-way", started_at=now - timedelta(hours=1), finished_at=now + timedelta(minutes=1)
    )
    with world.services.store.begin() as unit:
        waiting = unit.audits.want(world.project.id, AuditTrigger.SCHEDULE, "schedule")
        unit.issues.add_scan(under_way)
        wanted = unit.audits.get(world.project.id, waiting)
        assert wanted is not None
        assert not scanned_since(unit, wanted)
        unit.issues.add_scan(replace(under_way, id="after", started_at=now, finished_at=now + HOUR))
        assert scanned_since(unit, wanted)


def test_a_batch_with_an_open_question_calls_for_none(world: World) -> None:
    world.some_right(4)
    world.wrong("odd")
    world.wrong("even")
    world.settle()
    world.agree("odd", "dog")
    world.later(hours=1)
    world.later(hours=2)

    assert audits(world) == []


def test_the_whole_set_calls_for_a_report_once_a_day_has_passed(world: World) -> None:
    reviewed(world)
    world.later(hours=1)
    world.later(hours=1)
    world.wrong("late")
    world.later(hours=1)
    world.do(JobKind.SCAN)
    world.settle()
    world.agree("late", "dog")
    world.later(hours=2)
    world.later(hours=2)
    assert triggers(world) == ["first_batch"], "never two a day"

    world.later(hours=24)
    world.later(hours=1)

    assert triggers(world) == ["first_batch", "whole_set"]


def test_time_calls_for_a_report_also_where_nobody_answers(build: Build) -> None:
    world = build(audits={"every_days": 3.0})
    world.some_right(4)
    world.settle()
    for _ in range(8):
        world.later(hours=12)
        world.later(hours=1)

    assert triggers(world) == ["schedule"]
    (audit,) = audits(world)
    assert report_reason(audit.reason) == "3 days have passed"


def test_a_figure_that_moved_beyond_its_limit_calls_for_a_report(world: World) -> None:
    reviewed(world)
    world.later(hours=1)
    world.later(hours=1)
    (first,) = audits(world)
    assert first.figures is not None
    before = first.figures["model"]["accuracy"]
    assert before is not None, "the model's accuracy is known, wherever its predictions come from"

    for n in range(12):
        world.item(f"new {n}", "cat", bird=0.9, cat=0.05, dog=0.05)
    world.later(hours=25)
    world.later(hours=2)
    world.later(hours=1)

    assert triggers(world) == ["first_batch", "quality"]
    second = audits(world)[-1]
    assert "the accuracy of the model moved" in report_reason(second.reason)
    assert second.figures is not None
    (moved,) = [one for one in second.figures["comparison"]["figures"] if one["name"] == "model_accuracy"]
    assert moved["beyond"] is True
    assert moved["before"] == before
    assert second.figures["comparison"]["previous"] == first.id


def test_a_kill_anywhere_in_a_report_leaves_one(tmp_path: Path, template_database: Path) -> None:
    """Struck at each commit and message of the jobs that want a report and make it."""
    world = reviewed(World(tmp_path / "before", template_database, quality=LOOSE))
    world.clock.advance(hours=1)
    world.close()
    places = _points_of_reports(_reported(world.fork(tmp_path / "calm")))
    assert len(places) >= 8

    for at in places:
        twin = world.fork(tmp_path / f"struck-{at}")
        twin.points.strike(at, Killed())
        with suppress(Killed):
            twin.settle()
            twin.later(minutes=20)
        assert twin.points.struck
        twin.restart()
        _reported(twin)


def _reported(world: World) -> list[str]:
    """The points that were passed until there was one report, which there is; the world is closed."""
    world.settle()
    world.later(minutes=20)
    world.later(hours=1)
    assert triggers(world) == ["first_batch"]
    assert len(world.audit("report.made")) == len(world.audit("report.wanted")) == 1
    assert world.audit_faults() == []
    world.close()
    return list(world.points.passed)


def _points_of_reports(passed: list[str]) -> list[int]:
    """Where the first two jobs about reports can be struck: from their claim to the next one's."""
    claims = [at for at, name in enumerate(passed) if name.startswith("claimed ")]
    spans = [span for span in pairwise([*claims, len(passed)]) if passed[span[0]] == "claimed audit"]
    return [at for start, end in spans[:2] for at in range(start, end)]


def test_a_scan_that_never_ends_is_not_waited_for_longer_than_a_day(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    reviewed(world)
    broken = Misconfigured("no predictions", field="predictions", remedy="Import some.")

    def refuse(context: object) -> None:
        raise broken

    monkeypatch.setattr("workers.detect.scan.handle", refuse)
    for _ in range(10):
        world.later(hours=3)
    (audit,) = audits(world)

    assert audit.figures is not None
    assert audit.figures["judged"]["fresh"] is False
    assert audit.finished_at is not None
    assert audit.finished_at - audit.wanted_at >= timedelta(days=1)
