"""Dated reports: their figures, their shape, the page, and the record that a regulator asks for."""

from __future__ import annotations

import codecs
import csv
import io
import json
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter
from sqlalchemy import text

from connector.config.project import AuditSettings
from connector.model import Json, LabelSchema
from connector.model.jobs import JobKind
from connector.store.views.figures import CastVote
from tests.support.commands import command
from tests.support.world import NAME, World, schema_of
from workers.consensus import Votes, krippendorff_alpha
from workers.report.agreement import agreement
from workers.report.compare import moved_beyond
from workers.report.shapes import Report, json_schema

Build = Callable[..., World]
HOSTILE = '"><script>alert(1)</script>'
SCHEMA_FILE = Path(__file__).parents[3] / "docs" / "report.schema.json"
LOOSE: Json = {"max_class_loss": 1.0, "rare_share": 0.0}  # corrections of few items may empty a class


@pytest.fixture
def build(build: Build) -> Build:
    return partial(build, quality=LOOSE)


def reviewed(world: World) -> World:
    """Three flags: one corrected, one confirmed as labeled, one that is reverted."""
    world.some_right(4)
    for text_ in ("odd", "even", "third"):
        world.wrong(text_, given="cat", truly="dog")
    world.settle()
    world.agree("odd", "dog", note="floppy ears")
    world.agree("even", "cat")
    world.agree("third", "dog")
    world.later(seconds=61)
    world.revert(world.corrected("third").id, "cli:boss")
    world.settle()
    return world


def written(world: World, path: Path, *arguments: str) -> str:
    assert command(world, "report", NAME, "--out", str(path), "--force", *arguments) == 0
    return path.read_text("utf-8-sig" if path.suffix == ".csv" else "utf-8")


def report_of(world: World, folder: Path, *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(written(world, folder / "report.json", *arguments))
    return found


# --- figures -----------------------------------------------------------------------------------


def test_a_report_says_what_was_judged_flagged_decided_and_changed(world: World, tmp_path: Path) -> None:
    found = report_of(reviewed(world), tmp_path)

    assert found["schema"] == 1
    assert found["judged"]["judged"] == 15
    assert found["judged"]["flagged"] == 3
    assert found["model"]["accuracy"] == pytest.approx(12 / 15, abs=1e-4)
    flags = found["reviews"]["flags"]
    assert (flags["accepted"], flags["rejected"], flags["waiting"]) == (2, 1, 0)
    assert flags["precision"]["value"] == pytest.approx(2 / 3)
    assert [row["name"] for row in found["reviews"]["by_method"]] == ["predicted_neq_given"]
    assert found["corrections"]["by_state"] == {"applied": 1, "reverted": 1}
    assert found["corrections"]["moved"] == [{"given": "cat", "label": "dog", "items": 1}]
    change = {row["label"]: row["gained"] - row["lost"] for row in found["corrections"]["classes"]}
    assert change == {"bird": 0, "cat": -1, "dog": 1}
    assert found["agreement"]["votes"] == 6
    assert found["agreement"]["alpha"]["value"] == pytest.approx(1.0)
    assert {row["reviewer"]: row["agreed"]["value"] for row in found["reviewers"]} == {"rita": 1, "ravi": 1}
    assert found["guidelines"]["version"] == 1
    assert found["record"]["rows"] == len(world.audit()) - 1, "the row about the report comes after"


def test_two_accounts_of_one_person_are_one_reviewer(build: Build, tmp_path: Path) -> None:
    world = build(reviewers={"same_person": {"rita2": "rita"}})
    world.some_right(4)
    for text_ in ("odd", "even"):
        world.wrong(text_)
    world.settle()
    world.agree("odd", "dog", "rita", "ravi")
    world.agree("even", "dog", "rita2", "ravi")
    world.later(seconds=61)

    found = report_of(world, tmp_path)["reviewers"]

    assert [(one["reviewer"], one["votes"], one["agreed"]["hits"]) for one in found] == [
        ("ravi", 2, 2),
        ("rita", 2, 2),
    ]


def test_only_what_happened_since_a_day_counts_where_one_is_given(world: World, tmp_path: Path) -> None:
    reviewed(world)
    world.clock.advance(days=2)
    day = f"{world.clock.now() - timedelta(days=1):%Y-%m-%d}"

    found = report_of(world, tmp_path, "--since", day)

    assert found["occasion"]["since"].startswith(day)
    assert found["agreement"]["votes"] == 0
    assert found["corrections"]["by_state"] == {}
    assert found["reviews"]["flags"]["accepted"] == 0
    assert found["judged"]["judged"] == 15, "what stands is judged whenever it came"


def test_a_report_before_anything_happened_holds_no_figure(world: World, tmp_path: Path) -> None:
    world.settle()
    found = report_of(world, tmp_path)

    assert found["agreement"]["alpha"] == {"value": None, "low": None, "high": None}
    assert found["remaining"]["controls"]["value"] is None
    assert "<!doctype html>" in written(world, tmp_path / "report.html")


def test_a_report_is_stored_listed_written_again_and_compared(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = report_of(reviewed(world), tmp_path)
    for n in range(8):
        world.item(f"new {n}", "cat", bird=0.9, cat=0.05, dog=0.05)
    world.later(seconds=61)
    world.do(JobKind.SCAN)
    second = report_of(world, tmp_path)

    assert first["comparison"]["previous"] is None
    changes = {row["name"]: row for row in second["comparison"]["figures"]}
    accuracy = changes["model_accuracy"]
    assert accuracy["before"] == first["model"]["accuracy"]
    assert accuracy["now"] == second["model"]["accuracy"]
    assert accuracy["change"] == pytest.approx(accuracy["now"] - accuracy["before"])
    assert accuracy["beyond"] is True
    assert changes["flag_precision"]["beyond"] is False
    capsys.readouterr()
    assert command(world, "report", NAME, "--list", "--json") == 0
    listed = json.loads(capsys.readouterr().out)["audits"]
    assert [one["trigger"] for one in listed] == ["person", "person"]
    assert second["comparison"]["previous"] == listed[1]["id"]
    assert report_of(world, tmp_path, "--audit", listed[1]["id"]) == first
    assert len(world.audit("report.made")) == 2


# --- effect of a note --------------------------------------------------------------------------


def test_the_confusion_of_a_pair_is_counted_before_and_after_its_note(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world.some_right(10)
    for n in range(8):
        world.wrong(f"before {n}", given="cat", truly="dog")
    world.settle()
    for n in range(8):
        world.agree(f"before {n}", "dog", note="floppy ears" if n == 7 else None)
    world.later(minutes=2)
    world.clock.advance(days=1)
    later = world.clock.now()
    for n in range(40):
        label, other = ("dog", "cat") if n % 2 else ("cat", "dog")
        world.item(f"after {n}", label, **{label: 0.9, other: 0.1})
    date_labels(world, "after", later)
    world.later(seconds=61)

    (effect,) = report_of(world, tmp_path)["guidelines"]["effects"]
    assert (effect["before"]["hits"], effect["before"]["n"]) == (8, 28)
    assert (effect["after"]["hits"], effect["after"]["n"]) == (0, 40)
    assert effect["verdict"] == "fewer"
    assert effect["high"] < 0
    with world.read() as unit:
        published = next(note for note in unit.notes.listed(world.project.id) if note.published_at)
    capsys.readouterr()
    assert command(world, "guidelines", "show", NAME, published.id) == 0
    assert "since its publication: fewer confusions: -28.6 points" in capsys.readouterr().out


def date_labels(world: World, prefix: str, moment: datetime) -> None:
    """Let labels of the items that start so be given at that moment."""
    for held in world.source.held.values():
        if str(held.item.data["text"]).startswith(prefix):
            made = tuple(replace(one, created_at=moment, updated_at=moment) for one in held.item.annotations)
            held.item = replace(held.item, annotations=made)


# --- shape -------------------------------------------------------------------------------------


def test_the_json_has_the_documented_shape(world: World, tmp_path: Path) -> None:
    found = report_of(reviewed(world), tmp_path)

    TypeAdapter(Report).validate_json(json.dumps(found), strict=True)
    assert set(found) == set(json_schema()["properties"])


def test_the_documented_schema_is_that_of_the_code() -> None:
    assert json.loads(SCHEMA_FILE.read_text("utf-8")) == json_schema()


# --- the page ----------------------------------------------------------------------------------


def with_class(build: Build, label: str, text_: str) -> World:
    """A world with that class, and one item of it that is labeled cat."""
    classes = ("cat", "dog", label)
    world = build(schema=schema_of(*classes))
    for right in classes:
        for n in range(4):
            world.item(f"{right} {n}", right, **{name: 0.9 if name == right else 0.05 for name in classes})
    world.item(text_, "cat", **{label: 0.9, "cat": 0.04, "dog": 0.06})
    world.settle()
    return world


def hostile_world(build: Build) -> World:
    """Labels, notes, names and texts that would be markup."""
    world = with_class(build, HOSTILE, HOSTILE)
    world.server.annotators["rita"] = HOSTILE
    world.agree(HOSTILE, HOSTILE, note=HOSTILE)
    world.later(seconds=61)
    return world


def test_nothing_that_was_typed_becomes_markup_and_nothing_is_loaded(build: Build, tmp_path: Path) -> None:
    html = written(hostile_world(build), tmp_path / "report.html", "--validation")

    assert "alert(1)" in html, "it is shown"
    assert "<script" not in html
    assert HOSTILE not in html
    assert set(re.findall(r'(?:href|src)="([^"#]*)', html)) <= {"data:,", ""}
    assert "@import" not in html
    assert "url(" not in html
    assert "default-src 'none'" in html


# --- the validation record ---------------------------------------------------------------------


def test_every_correction_stands_once_in_the_record_with_votes_and_audit_rows(
    world: World, tmp_path: Path
) -> None:
    reviewed(world)
    found = report_of(world, tmp_path, "--validation")

    record = {entry["item"]: entry for entry in found["validation"]}
    assert len(record) == len(found["validation"]) == 2
    odd = record[world.held("odd").item.remote_id]
    third = record[world.held("third").item.remote_id]
    assert (odd["given"], odd["label"], odd["remedy"], odd["reverted_by"]) == ("cat", "dog", "applied", None)
    assert {vote["reviewer"]: vote["label"] for vote in odd["votes"]} == {"rita": "dog", "ravi": "dog"}
    assert odd["probability"] == pytest.approx(0.9)
    assert odd["after"]["label"] == "dog"
    assert (third["remedy"], third["reverted_by"]) == ("reverted", "cli:boss")
    assert third["reverted_at"] is not None
    with world.read() as unit:
        rows = {entry.seq: entry for entry in unit.audit.entries()}
    for entry in record.values():
        assert entry["audit"]
        for row in entry["audit"]:
            assert rows[row["seq"]].hash == row["hash"]
            assert rows[row["seq"]].subject == entry["correction"]
    assert found["audit_log"]["ok"] is True
    assert found["audit_log"]["hash"] == rows[found["audit_log"]["rows"]].hash


def test_the_record_is_complete_beyond_one_page(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connector.store.views.records.AT_ONCE", 1)
    found = report_of(reviewed(world), tmp_path, "--validation")

    with world.read() as unit:
        wanted = sorted(one.id for one in unit.corrections.listed(world.project.id))
    assert sorted(entry["correction"] for entry in found["validation"]) == wanted


def test_the_record_names_rows_of_the_log_that_were_changed(world: World, tmp_path: Path) -> None:
    reviewed(world)
    with world.services.store.begin() as unit:
        unit.connection.execute(text("DROP TRIGGER IF EXISTS audit_no_update"))
        triggers = unit.connection.execute(
            text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'")
        )
        for (name,) in triggers.all():
            unit.connection.execute(text(f"DROP TRIGGER {name}"))
        unit.connection.execute(text("UPDATE audit SET actor = 'nobody' WHERE seq = 2"))

    page = written(world, tmp_path / "report.html", "--validation")
    found = report_of(world, tmp_path, "--validation")

    assert found["audit_log"]["ok"] is False
    assert "row 2 was changed after it was written" in page


def test_a_spreadsheet_opens_the_csv_as_it_is(build: Build, tmp_path: Path) -> None:
    world = with_class(build, "=1+1", "odd")
    world.agree("odd", "=1+1")
    world.later(seconds=61)

    rows = list(csv.DictReader(io.StringIO(written(world, tmp_path / "record.csv"))))
    assert (tmp_path / "record.csv").read_bytes().startswith(codecs.BOM_UTF8)

    (row,) = rows
    assert row["label"] == "'=1+1"
    assert row["reviewers"] == "rita; ravi"
    assert len(row["audit_hash"]) == 64
    assert all(not cell.startswith(("=", "+", "@")) for cell in row.values())


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--out", "report.pdf"], 2),
        (["--since", "yesterday"], 2),
        (["--validation"], 2),
        (["--audit", "nothing"], 1),
        (["--out", "no/such/folder/report.html"], 2),
    ],
)
def test_bad_input_is_refused_and_changes_nothing(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int
) -> None:
    world.settle()
    monkeypatch.chdir(tmp_path)

    assert command(world, "report", NAME, *arguments) == code

    with world.read() as unit:
        assert unit.audits.listed(world.project.id, 10) == []
    assert list(tmp_path.glob("report.*")) == []


# --- the pure parts ----------------------------------------------------------------------------

CAST = st.builds(
    CastVote,
    task=st.sampled_from(["t1", "t2", "t3"]),
    reviewer=st.sampled_from(["a", "b", "c"]),
    label=st.sampled_from(["cat", "dog", "gone"]),
    at=st.integers(0, 90).map(lambda days: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=days)),
)


@given(st.lists(CAST, max_size=20, unique_by=lambda one: (one.task, one.reviewer, one.at)))
def test_agreement_counts_the_last_answer_of_each_reviewer_in_any_order(cast: list[CastVote]) -> None:
    last = {(one.task, one.reviewer): one.label for one in sorted(cast, key=lambda one: one.at)}
    places = {name: n for n, name in enumerate(["t1", "t2", "t3", "a", "b", "c", "cat", "dog", "gone"])}
    votes = Votes(
        [places[task] for task, _ in last],
        [places[reviewer] for _, reviewer in last],
        [places[label] for label in last.values()],
    )
    wanted = krippendorff_alpha(votes) if last else float("nan")

    found = agreement(iter(cast), LabelSchema("kind", "text", ("cat", "dog"), ()))

    assert found.votes == len(last)
    assert (found.alpha.value is None) == (wanted != wanted)
    if found.alpha.value is not None:
        assert found.alpha.value == pytest.approx(wanted)
    assert sum(month.votes for month in found.by_month) == len(last)


def test_agreement_weighs_how_far_answers_are_apart_where_the_type_says_so() -> None:
    def cast(*labels: str) -> list[CastVote]:
        """The labels of two people, item by item."""
        at = datetime(2026, 1, 1, tzinfo=UTC)
        return [CastVote(f"t{n // 2}", "ab"[n % 2], label, at) for n, label in enumerate(labels)]

    stars = LabelSchema("stars", "text", ("1", "2", "3", "4", "5"), (), "rating")
    near, far = cast("1", "2", "5", "4", "3", "3"), cast("1", "5", "5", "1", "3", "3")
    plain = LabelSchema("kind", "text", stars.classes, ())
    assert agreement(near, plain).alpha.value == pytest.approx(agreement(far, plain).alpha.value, abs=0.2)
    assert (agreement(near, stars).alpha.value or 0) > 0.7
    assert (agreement(far, stars).alpha.value or 0) < -0.5

    assert (agreement(near, stars).by_pair[0].kappa or 0) > 0.7
    assert (agreement(far, stars).by_pair[0].kappa or 0) < 0
    assert [row.label for row in agreement(near, stars).by_class] == list(stars.classes)
    apart = agreement(far, stars).difference
    assert apart is not None
    assert apart.value == pytest.approx((4 + 4 + 0) / 3)
    assert agreement(near, plain).difference is None

    moods = LabelSchema("moods", "text", ("anger", "joy"), (), "multi_label")
    found = agreement(cast("joy", "anger, joy", "anger", "anger", "(none)", "(none)"), moods)
    assert found.pairwise.value == pytest.approx((0.5 + 1 + 1) / 3), "the classes in common"
    by_class = {row.label: row.alpha for row in found.by_class}
    assert by_class.keys() == {"anger", "joy"}
    assert by_class["joy"] == 1
    assert 0 < (by_class["anger"] or 0) < (found.alpha.value or 0) < 1, "the classes pooled"


SHARES = st.one_of(st.none(), st.floats(0, 1))


@given(SHARES, SHARES, st.floats(0, 1))
def test_a_figure_moved_where_both_are_known_and_differ_by_more_than_the_limit(
    before: float | None, now: float | None, limit: float
) -> None:
    settings = AuditSettings(error_rate_limit=limit)
    found = moved_beyond({"error_rate": before}, {"error_rate": now}, settings)
    if before is None or now is None:
        assert found == []
    elif abs(abs(now - before) - limit) > 1e-6:
        assert bool(found) == (abs(now - before) > limit)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """A command sets up logging: what it set up is taken down again."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
