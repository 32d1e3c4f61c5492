"""The built-in model in the service: trained when much has changed, kept sealed, asked about what is new."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from connector import wording
from connector.model import IssueState
from connector.model.findings import FindingKind
from connector.model.jobs import JobKind
from connector.wording import models, reason_texts, scans
from tests.support.world import World
from workers.cli.app import run
from workers.detect.predictions import fitting
from workers.detect.predictions.sealed import opened, sealed
from workers.detect.sources import trained

Build = Callable[..., World]
WORDS = {"cat": "meow purr whiskers", "dog": "bark fetch bone", "bird": "tweet wing feather"}
EACH = 14


def taught(build: Build, **more: Any) -> World:
    """Texts that a model can tell apart, scanned once."""
    world = build(
        predictions={"source": "builtin", "out_of_sample": None, "folds": 2, **more},
        policy={"scan_after_changes": 1_000_000},
    )
    for label, text in WORDS.items():
        for n in range(EACH):
            world.item(f"{text} {n}", label)
    world.settle()
    world.do(JobKind.SCAN)
    return world


@pytest.fixture
def trainings(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One entry for each time that models are trained: how many items there were."""
    seen: list[int] = []
    true = fitting.out_of_sample

    def counted(features: Any, *args: Any, **more: Any) -> Any:
        seen.append(len(features))
        return true(features, *args, **more)

    monkeypatch.setattr(fitting, "out_of_sample", counted)
    return seen


def test_one_more_label_does_not_train_the_model_again(build: Build, trainings: list[int]) -> None:
    world = taught(build)
    once = len(trainings)

    world.item("bark fetch bone again", "cat")
    world.relabel(f"{WORDS['dog']} 3", "bird")
    world.do(JobKind.SYNC)
    world.do(JobKind.SCAN)

    assert len(trainings) == once
    found = {world.text_of(one.item_id): one.suggested for one in world.issues(IssueState.OPEN)}
    assert found["bark fetch bone again"] == "dog"
    assert found[f"{WORDS['dog']} 3"] == "dog"
    scan = world.last_scan()
    assert scan.report.source["trained_now"] is False
    assert scan.report.source["trained_on"] == 3 * EACH
    assert models.model_reused(2, 3 * EACH) in reason_texts(scan.warnings)


def test_copies_are_counted_where_the_kept_model_is_asked_too(build: Build, trainings: list[int]) -> None:
    world = taught(build)
    once = len(trainings)

    world.item(f"{WORDS['dog']} 3", "dog")
    world.do(JobKind.SYNC)
    world.do(JobKind.SCAN)

    assert len(trainings) == once
    assert scans.held_together(2, 1) in reason_texts(world.last_scan().warnings)


def test_a_second_scan_of_the_same_labels_has_nothing_to_warn_of(build: Build, trainings: list[int]) -> None:
    world = taught(build)
    once, before = len(trainings), world.last_scan()

    world.do(JobKind.SCAN)

    assert len(trainings) == once
    assert world.last_scan().id != before.id
    assert world.last_scan().warnings == before.warnings == ()


def test_many_changes_train_it_again(build: Build, trainings: list[int]) -> None:
    world = taught(build)
    once = len(trainings)

    for n in range(4):
        world.item(f"bark fetch {n}", "dog")
    world.do(JobKind.SYNC)
    world.do(JobKind.SCAN)

    assert trainings[once:] == [3 * EACH + 4]
    assert world.last_scan().report.source["trained_now"] is True


def test_a_good_round_of_corrections_trains_it_again(build: Build, trainings: list[int]) -> None:
    world = taught(build, refit_after_share=1.0)
    once = len(trainings)
    for n in range(9):
        world.relabel(f"{WORDS['dog']} {n}", "bird")
    world.do(JobKind.SYNC)
    world.do(JobKind.SCAN)
    assert len(trainings) == once  # nine labels say little

    world.relabel(f"{WORDS['dog']} 9", "bird")
    world.do(JobKind.SYNC)
    assert world.last_scan().n_flagged <= 40  # ten are a quarter of them at least
    world.do(JobKind.SCAN)
    assert len(trainings) == once + 1


def test_it_is_trained_again_when_that_is_asked_for(build: Build, trainings: list[int]) -> None:
    world = taught(build)
    once = len(trainings)
    world.do(JobKind.SCAN, {"refit": True})
    assert trainings[once:] == [3 * EACH]


@pytest.mark.parametrize("change", [{"folds": 3}, {"refit_after_share": 0.0}])
def test_other_settings_or_no_patience_train_it_again(
    build: Build, trainings: list[int], change: dict[str, Any]
) -> None:
    world = taught(build)
    world.reconfigure(predictions={"source": "builtin", "out_of_sample": None, "folds": 2, **change})
    world.item("bark fetch bone again", "dog")
    once = len(trainings)

    world.do(JobKind.SYNC)
    world.do(JobKind.SCAN)

    assert len(trainings) == once + 1


def test_a_restarted_worker_reads_the_kept_model(build: Build, trainings: list[int]) -> None:
    world = taught(build)
    once = len(trainings)

    world.restart()
    world.do(JobKind.SCAN)

    assert len(trainings) == once
    assert world.last_scan().report.source["trained_now"] is False


def test_a_kept_model_that_is_not_ours_is_never_opened_and_made_anew(
    build: Build, trainings: list[int]
) -> None:
    world = taught(build)
    with world.services.store.begin() as unit:
        stored = unit.blobs.get(world.project.id, trained.BLOB)
        assert stored is not None
        assert opened(stored, b"of someone else") is None
        key = world.services.keyring.model_key(world.project.name)
        fitted = opened(stored, key)
        assert fitted is not None
        unit.blobs.put(world.project.id, trained.BLOB, sealed(fitted, b"of someone else"))
    once = len(trainings)

    world.restart()
    world.do(JobKind.SCAN)

    assert len(trainings) == once + 1


def test_a_first_label_is_judged_by_the_kept_model_without_a_scan(build: Build, trainings: list[int]) -> None:
    world = taught(build)
    scans, once = world.scan_count(), len(trainings)

    world.item("bark fetch bone bark", "cat")
    world.deliver()
    world.settle()

    assert "bark fetch bone bark" in world.asked()
    issue = world.issue("bark fetch bone bark")
    assert (issue.given, issue.suggested) == ("cat", "dog")
    assert (world.scan_count(), len(trainings)) == (scans, once)


def test_the_report_tells_how_far_the_probabilities_can_be_trusted(build: Build) -> None:
    report = taught(build).last_scan().report

    assert (report.accuracy or 0) > 0.9
    assert set(report.accuracy_by_class) == {"bird", "cat", "dog"}
    assert sum(part["items"] for part in report.source["reliability"]) == 3 * EACH
    assert report.source["weak"] is False
    assert report.source["judgement_limit"] == 1.0


def test_a_weak_model_puts_only_the_most_suspicious_labels_forward(build: Build) -> None:
    world = build(
        predictions={"source": "builtin", "out_of_sample": None, "folds": 2},
        policy={"method": "predicted_neq_given", "budget": 20, "class_cap": 1.0, "control_share": 0.0},
    )
    rng = np.random.default_rng(0)
    for n in range(120):
        world.item(" ".join(rng.choice(["red", "blue", "green", "warm"], 4)) + f" {n}", ["cat", "dog"][n % 2])
    world.do(JobKind.SYNC)

    summary = dict(world.do(JobKind.SCAN))

    report = world.last_scan().report
    assert report.source["weak"] is True
    limit = int(np.ceil(20 * report.source["judgement_limit"]))
    assert limit < 20
    assert len(world.issues()) == limit
    assert summary["flagged"] > limit
    assert wording.flags_limited(limit, summary["flagged"]) in reason_texts(summary["warnings"])
    assert any(said.startswith("the model is too weak to judge labels") for said in summary["warnings"])


def test_rare_classes_are_said_by_name(build: Build) -> None:
    world = build(predictions={"source": "builtin", "out_of_sample": None, "folds": 5})
    for label, text in WORDS.items():
        for n in range(2 if label == "bird" else 10):
            world.item(f"{text} {n}", label)
    world.do(JobKind.SYNC)

    assert models.rare_classes([("bird", 2)], 0, 5) in dict(world.do(JobKind.SCAN))["warnings"]


def test_a_model_that_nobody_offers_stops_the_scan_and_names_the_setting(build: Build) -> None:
    from connector.errors import Misconfigured

    world = build(predictions={"source": "builtin", "out_of_sample": None, "model": "nobody's"})
    world.some_right(each=3)
    world.do(JobKind.SYNC)

    with pytest.raises(Misconfigured, match=r"predictions\.model"):
        world.do(JobKind.SCAN)


def test_an_item_of_a_table_that_is_far_away_in_any_number_is_an_outlier(build: Build) -> None:
    world = build(
        predictions={"source": "builtin", "out_of_sample": None, "folds": 2, "fields": ["a", "b", "c", "d"]}
    )
    rng = np.random.default_rng(3)
    sizes = rng.normal(size=(160, 4)) + np.where(np.arange(160) % 2, 3.0, -3.0)[:, None]
    sizes[100] *= 30  # in the direction of its class, so no angle shows it
    for n, row in enumerate(sizes.tolist()):
        item = world.server.add_item(
            world.source_id, {"text": f"size {n}", **dict(zip("abcd", row, strict=True))}
        )
        world.server.annotate(world.source_id, item, "dog" if n % 2 else "cat", "ann")
    world.settle()
    world.do(JobKind.SCAN)

    with world.read() as unit:
        found = unit.findings.of_items(range(1, 200))
    outliers = [item for item, every in found.items() for one in every if one.kind is FindingKind.OUTLIER]
    assert [world.text_of(item) for item in outliers] == ["size 100"]


def test_what_an_offline_scan_of_the_corrected_labels_finds_is_asked_by_the_service_too(
    build: Build, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    world = taught(build)
    wrong = [f"{WORDS['dog']} {EACH + n}" for n in range(6)]
    for text in wrong:
        world.item(text, "cat")
    world.do(JobKind.SYNC)
    world.do(JobKind.SCAN)
    for text in wrong[:3]:
        world.relabel(text, "dog")
    world.do(JobKind.SYNC)
    world.do(JobKind.SCAN, {"refit": True})

    items = [held.item for held in world.source.held.values()]
    rows = [
        {"id": n, "text": one.data["text"], "label": one.annotations[0].label} for n, one in enumerate(items)
    ]
    (tmp_path / "labels.json").write_text(json.dumps(rows))
    capsys.readouterr()
    assert run(["scan", str(tmp_path / "labels.json"), "--json"]) == 0
    offline = {rows[int(one["id"])]["text"] for one in json.loads(capsys.readouterr().out)["issues"]}

    asked = {world.text_of(one.item_id) for one in world.issues(IssueState.OPEN)}
    assert set(wrong[3:]) <= offline
    assert offline <= asked
