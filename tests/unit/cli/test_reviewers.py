"""Reviewers, golden items and feedback on the command line."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from connector.model import PersonDetail, PersonSnapshot
from connector.store.views.people import ReviewAccounts, keep_members
from connector.wiring import Services
from tests.unit.cli.conftest import Done
from tests.unit.web.seeding import HOSTILE, NOW, seed
from workers.cli.exits import ExitCode

Secondlook = Callable[..., Done]


def snapshot(person: str, **changes: Any) -> PersonSnapshot:
    known: dict[str, Any] = {
        "person": person, "day": "", "at": NOW, "mean": 0.9, "low": 0.85, "high": 0.95, "answers": 60,
        "golden": 10, "golden_right": 9, "weight": 1.0, "trusted": True, "questioned": 4, "upheld": 3,
        "detail": PersonDetail(seconds=12.0, suggestions_taken=3, suggestions_shown=40),
    }  # fmt: skip
    return PersonSnapshot(**known | changes)


@pytest.fixture
def measured(configured: Services) -> Services:
    seed(configured, issues=2)
    project = configured.project("cats")
    with configured.store.begin() as unit:
        poor = {"mean": 0.4, "low": 0.3, "high": 0.5, "weight": 0.2, "trusted": False}
        unit.people.save(project.id, [snapshot("5"), snapshot(HOSTILE, **poor)])
        keep_members(unit, project, ReviewAccounts(("5",), "platform"))
    return configured


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", text)


@pytest.mark.usefixtures("measured")
def test_reviewers_are_listed_the_least_reliable_first(secondlook: Secondlook) -> None:
    found = secondlook("reviewers", "cats", "--json").json
    assert [one["trusted"] for one in found["people"]] == [False, True]
    assert found["known_reviewers"] == 1
    assert found["quorum"] == 4
    told = secondlook("reviewers", "cats")
    assert "85% to 95%" in told.out
    assert "9 of 10" in told.out
    assert "Only 1 person is known who could review here, and the first changes ask 4" in plain(told.err)
    assert "weigh 0.2 instead of 1" in plain(told.err)


@pytest.mark.usefixtures("measured")
def test_status_says_what_operations_should_know(secondlook: Secondlook) -> None:
    told = secondlook("status", "cats")
    assert "Only 1 person is known" in told.out
    assert secondlook("status", "cats", "--json").json["reviewers"]["cats"]["known_reviewers"] == 1


def test_before_anyone_was_measured_it_says_how(configured: Services, secondlook: Secondlook) -> None:
    seed(configured)
    told = secondlook("reviewers", "cats")
    assert told.code == ExitCode.OK
    assert "--refresh" in told.err


def test_the_golden_set_from_the_command_line(
    configured: Services, secondlook: Secondlook, home: Path
) -> None:
    seed(configured, issues=2)
    (home / "g.csv").write_text("item,label\n1,lynx\n2,lynx\n")
    told = secondlook("golden", "import", "cats", "g.csv", "--by", "maria")
    assert (told.code, told.out) == (ExitCode.OK, "2 golden items added.\n")
    assert "fewer than 100" in plain(told.err)
    assert secondlook("golden", "add", "cats", "3", "lynx", "--json").json["added"] == 1
    listed = secondlook("golden", "list", "cats", "--json").json["golden"]
    assert {one["remote_id"]: one["added_by"] for one in listed}["1"] == "cli:maria"
    assert secondlook("golden", "remove", "cats", "3").code == ExitCode.OK
    report = secondlook("golden", "report", "cats", "--json").json
    assert [one["item"] for one in report["items"]] == ["1", "2"]
    assert "No golden item has been answered yet" in secondlook("golden", "report", "cats").err


def test_a_refused_golden_item_names_line_field_and_remedy(
    configured: Services, secondlook: Secondlook
) -> None:
    seed(configured)
    told = secondlook("golden", "add", "cats", "1", "tiger")
    assert told.code == ExitCode.FAILED
    assert "line 1, label 'tiger': no such class" in plain(told.err)


@pytest.mark.parametrize("ending", ["html", "md", "json"])
def test_feedback_is_written_as_asked(
    configured: Services, secondlook: Secondlook, home: Path, ending: str
) -> None:
    seed(configured)
    told = secondlook("feedback", "cats", "--out", f"sheet.{ending}")
    assert told.code == ExitCode.OK
    assert told.out == ""
    text = (home / f"sheet.{ending}").read_text()
    assert text.strip()
    assert ending != "html" or "<script" not in text
    if ending == "json":
        assert json.loads(text)["sheets"][0]["person"] == "4"


def test_feedback_of_an_unknown_ending_is_refused(configured: Services, secondlook: Secondlook) -> None:
    seed(configured)
    assert secondlook("feedback", "cats", "--out", "sheet.pdf").code == ExitCode.USAGE
