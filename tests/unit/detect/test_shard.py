"""A scan that several workers share gives the answer of one, whatever happens to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from connector.errors import Misconfigured
from connector.model import IssueKind, IssueState
from connector.model.findings import FindingKind
from connector.model.jobs import JobKind, JobState
from connector.wording import reason_texts, scans
from tests.support.world import CLASSES, Killed, World
from workers.detect.sharding import Part, blob_name
from workers.detect.state import kept

Build = Callable[..., World]
METHODS = ("prune_by_noise_rate", "both", "confident_learning", "low_normalized_margin")
POLICY: dict[str, Any] = {
    "scan_after_changes": 1_000_000,
    "class_cap": 0.3,
    "budget": 5,
    "min_class_examples": 3,
    "control_share": 0.3,
    "blind_share": 0.3,
}


def crowd(world: World, n: int = 60, *, decimals: int = 12) -> None:
    """Items whose labels are often wrong; with few decimals, many of them are equally suspicious."""
    chance = np.random.default_rng(7)
    for number in range(n):
        truly = int(chance.integers(len(CLASSES)))
        given = truly if chance.random() < 0.7 else int(chance.integers(len(CLASSES)))
        alpha = np.where(np.arange(len(CLASSES)) == truly, 6.0, 1.0)
        probs = chance.dirichlet(alpha).round(decimals)
        probs[-1] = 1 - probs[:-1].sum()
        says = dict(zip(CLASSES, probs.tolist(), strict=True)) if number % 9 else {}
        world.item(f"item {number}", CLASSES[given] if number % 11 else None, **says)


def found(world: World) -> set[tuple[Any, ...]]:
    """Every issue, down to its figures."""
    return {
        (
            world.text_of(one.item_id),
            one.kind,
            one.state,
            one.reason,
            one.given,
            one.suggested,
            round(one.quality, 12),
            round(one.probability, 12),
            one.evidence.blind if one.kind.value != "control" else None,
            str(one.evidence.near),
        )
        for one in world.issues()
        if one.kind.value != "control"
    }


def record(world: World) -> tuple[Any, ...]:
    last = world.last_scan()
    return (last.n_items, last.n_flagged, last.n_planned, last.n_suppressed, last.method, last.skipped)


def left_behind(world: World) -> int:
    """Rows and blobs that a shared scan should have taken away."""
    with world.read() as unit:
        running = unit.sharded_scans.running(world.project.id)
        return int(running is not None) + len(unit.blobs.names(world.project.id, "scan:"))


def kinds_found(world: World) -> set[str]:
    return {kind for kind, n in world.last_scan().report.findings.items() if n}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("decimals", [12, 1])
def test_shards_find_what_one_worker_finds(build: Build, method: str, decimals: int) -> None:
    policy = {**POLICY, "method": method, "control_share": 0.0, "blind_share": 0.0}
    whole, shared = build(policy=policy), build(policy={**policy, "shard_rows": 13})
    for world in (whole, shared):
        crowd(world, decimals=decimals)
        world.settle()

    assert found(whole)
    assert found(shared) == found(whole)
    assert record(shared) == record(whole)
    assert shared.last_scan().report.source["shards"] == 5
    assert shared.last_scan().report.class_counts == whole.last_scan().report.class_counts
    assert kinds_found(shared) == kinds_found(whole) & {"rare_class", "imbalance", "invalid_label"}
    assert shared.jobs_made(JobKind.SHARD) == 5
    assert shared.jobs_made(JobKind.REDUCE) == 1
    assert shared.last_scan().report.accuracy == whole.last_scan().report.accuracy
    assert len(shared.asked()) == len(whole.asked()) == 5
    assert left_behind(shared) == 0


def test_a_later_shared_scan_changes_issues_as_a_scan_by_one_worker_does(build: Build) -> None:
    policy = {**POLICY, "method": "prune_by_noise_rate", "control_share": 0.0, "blind_share": 0.0}
    whole, shared = build(policy=policy), build(policy={**policy, "shard_rows": 13})
    for world in (whole, shared):
        crowd(world)
        world.settle()
        for n in range(1, 9):
            world.relabel(f"item {n}", CLASSES[n % 3])
        item_id = world.held("item 30").item.remote_id
        world.server.predict(
            world.source_id, item_id, None, class_scores={"cat": 0.2, "dog": 0.5, "bird": 0.3}
        )
        world.server.delete_item(world.source_id, world.held("item 20").item.remote_id)
        world.deliver()
        world.later(seconds=61)
        world.enqueue(JobKind.SCAN)
        world.settle()

    active = {IssueState.OPEN, IssueState.IN_REVIEW, IssueState.SUPPRESSED}
    flagged = [{row[:2] + row[4:8] for row in found(world) if row[2] in active} for world in (whole, shared)]
    assert flagged[0] == flagged[1]
    assert shared.scan_count() == 2
    assert left_behind(shared) == 0


def test_a_scan_in_parts_finds_what_labels_alone_show(build: Build) -> None:
    world = build(policy={**POLICY, "shard_rows": 13, "min_class_examples": 5})
    crowd(world)
    world.server.annotate(world.source_id, world.item("skipped"), None, "ann", cancelled=True)
    world.settle()

    assert kinds_found(world) >= {"invalid_label"}
    assert "outlier" in world.last_scan().report.not_searched
    with world.read() as unit:
        assert unit.findings.counts(world.project.id)[FindingKind.INVALID_LABEL] == 1


def test_controls_and_blind_tasks_are_drawn_in_shards_too(build: Build) -> None:
    world = build(policy={**POLICY, "method": "predicted_neq_given", "shard_rows": 13, "budget": 50})
    crowd(world)
    world.settle()

    last = world.last_scan()
    assert last.n_controls > 0
    kinds = [one.kind.value for one in world.issues()]
    assert kinds.count("control") == last.n_controls
    assert any(one.evidence.blind for one in world.issues() if one.kind.value != "control")


def running_at(points: list[str], number: int) -> str:
    """The kind of the job in which a point lies."""
    claims = [name.split()[1] for name in points[:number] if name.startswith("claimed")]
    return claims[-1] if claims else ""


def test_a_kill_at_any_point_leaves_no_trace(build: Build, tmp_path: Path) -> None:
    policy = {**POLICY, "method": "prune_by_noise_rate", "shard_rows": 5, "control_share": 0.0}
    start = build(policy={**policy, "blind_share": 0.0})
    crowd(start, 20, decimals=1)
    start.do(JobKind.SYNC)
    start.close()

    def told(name: str, at: int | None) -> tuple[Any, int]:
        world = start.fork(tmp_path / name)
        if at is not None:
            world.points.strike(at, Killed())
        try:
            world.settle()
        except Killed:
            world.restart()
            world.settle()
        picture = (
            found(world),
            record(world),
            sorted(world.asked()),
            world.scan_count(),
            left_behind(world),
            world.jobs(JobState.DEAD),
            world.audit_faults(),
        )
        points = list(world.points.passed)
        world.close()
        return picture, points

    expected, points = told("whole", None)
    assert expected[3:6] == (1, 0, [])
    commits = [
        number
        for number, name in enumerate(points)
        if name == "committed" and running_at(points, number) in ("scan", "shard", "reduce")
    ]
    assert len(commits) > 10
    for number in commits:
        assert told(f"kill-{number}", number)[0] == expected, number
    start.services = start._start()


def test_a_second_scan_waits_for_the_one_that_runs(build: Build) -> None:
    world = build(policy={**POLICY, "shard_rows": 13})
    crowd(world)
    world.do(JobKind.SYNC)
    first = world.do(JobKind.SCAN)

    assert world.do(JobKind.SCAN) == {"waits_for": first["scan"]}
    world.settle()

    assert world.scan_count() == 1
    assert world.last_scan().id == first["scan"]
    assert left_behind(world) == 0


def test_many_changes_during_a_shared_scan_lead_to_another(build: Build) -> None:
    world = build(policy={**POLICY, "shard_rows": 13, "scan_after_changes": 3})
    crowd(world)
    world.do(JobKind.SYNC)
    world.do(JobKind.SCAN)
    for n in range(1, 5):
        world.relabel(f"item {n}", "cat" if world.labels(f"item {n}")[0][1] != "cat" else "dog")
    world.do(JobKind.SYNC)

    world.settle()

    assert world.scan_count() == 2


def test_labels_that_change_meanwhile_are_left_to_the_next_scan(build: Build) -> None:
    world = build(policy={**POLICY, "method": "predicted_neq_given", "shard_rows": 13, "budget": 100})
    crowd(world)
    world.do(JobKind.SYNC)
    world.do(JobKind.SCAN)
    while not world.jobs_made(JobKind.REDUCE):
        assert world.run_next()
    for n in range(1, 8):
        world.relabel(f"item {n}", "cat")
    world.do(JobKind.SYNC)
    world.settle()

    for issue in world.issues():
        held = world.held(world.text_of(issue.item_id))
        assert issue.given == held.item.annotations[0].label or issue.state is IssueState.STALE
    assert world.jobs(JobState.DEAD) == []


def test_the_built_in_model_is_not_for_so_many_items(build: Build) -> None:
    world = build(
        policy={**POLICY, "shard_rows": 13}, predictions={"source": "builtin", "out_of_sample": None}
    )
    crowd(world)
    world.do(JobKind.SYNC)

    with pytest.raises(Misconfigured, match=r"learns from at most policy\.shard_rows = 13 items"):
        world.do(JobKind.SCAN)


def test_changes_after_a_shared_scan_are_judged_at_once(build: Build) -> None:
    policy = {**POLICY, "control_share": 0.0, "blind_share": 0.0}
    whole, shared = build(policy=policy), build(policy={**policy, "shard_rows": 13})
    for world in (whole, shared):
        crowd(world)
        world.settle()
        for n in (1, 2, 3):
            world.relabel(f"item {n}", CLASSES[n % 3])
        world.deliver()
        world.settle()

    assert found(shared) == found(whole)
    assert shared.scan_count() == 1


def test_changes_after_a_scan_of_too_many_rows_wait_for_the_next(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "MOST_CELLS", 60)
    world = build(policy={**POLICY, "method": "predicted_neq_given", "shard_rows": 13})
    crowd(world)
    world.settle()
    world.relabel("item 1", "cat")
    world.deliver()

    world.settle()

    assert world.scan_count() == 1
    assert world.do(JobKind.JUDGE) == {"judged": 0, "waits_for_scan": True}


def test_probabilities_of_a_file_are_read_by_shards(build: Build, tmp_path: Path) -> None:
    path = tmp_path / "probs.npy"
    world = build(
        policy={**POLICY, "method": "predicted_neq_given", "shard_rows": 4, "class_cap": 1.0},
        predictions={"source": "file", "path": path},
    )
    ids = [world.item(f"{label} {n}", label) for label in CLASSES for n in range(3)]
    odd = world.item("odd", "cat")
    rows = [*np.repeat(np.eye(3) * 0.85 + 0.05, 3, axis=0), [0.06, 0.04, 0.9]]
    np.save(path, np.array(rows))
    np.save(path.with_suffix(".ids.npy"), np.array([*ids, odd]))

    world.settle()

    assert world.last_scan().model_version == "probs.npy"
    assert [world.text_of(one.item_id) for one in world.issues() if one.kind.value != "control"] == ["odd"]


def test_too_few_classes_flag_nothing_and_say_so(build: Build) -> None:
    world = build(policy={**POLICY, "shard_rows": 2})
    for n in range(5):
        world.item(f"cat {n}", "cat", cat=0.2, dog=0.8)

    world.settle()

    assert reason_texts(world.last_scan().warnings) == (scans.too_few_labels(5, 1),)
    assert left_behind(world) == 0


def test_a_scan_whose_parts_are_damaged_begins_anew(build: Build) -> None:
    world = build(policy={**POLICY, "shard_rows": 13})
    crowd(world)
    world.do(JobKind.SYNC)
    world.do(JobKind.SCAN)
    while not world.jobs_made(JobKind.REDUCE):
        assert world.run_next()
    with world.services.store.begin() as unit:
        unit.connection.exec_driver_sql("DELETE FROM blobs")

    world.settle()

    assert world.scan_count() == 1
    assert left_behind(world) == 0


def test_parts_with_predictions_of_two_models_are_read_anew(build: Build) -> None:
    world = build(policy={**POLICY, "shard_rows": 13})
    crowd(world)
    world.do(JobKind.SYNC)
    scan_id = world.do(JobKind.SCAN)["scan"]
    while not world.jobs_made(JobKind.REDUCE):
        assert world.run_next()
    with world.services.store.begin() as unit:
        name = blob_name(scan_id, 1)
        part = Part.from_bytes(unit.blobs.get(world.project.id, name) or b"")
        unit.blobs.put(world.project.id, name, replace(part, model_version="newer").to_bytes())

    world.settle()

    assert world.jobs_made(JobKind.SHARD) == 10
    assert world.scan_count() == 1
    assert left_behind(world) == 0


def test_items_whose_annotators_differ_are_asked_about_of_a_shared_scan_too(build: Build) -> None:
    world = build(policy={**POLICY, "shard_rows": 4, "review_kinds": ["disagreement"]})
    for n in range(12):
        world.item(f"right {n}", CLASSES[n % 3], **{CLASSES[n % 3]: 0.9, CLASSES[(n + 1) % 3]: 0.1})
    divided = world.item("divided", "dog", dog=0.9, cat=0.1)
    world.server.annotate(world.source_id, divided, "cat", "ben")

    world.settle()

    (asked,) = [one for one in world.issues() if one.kind is IssueKind.DISAGREEMENT]
    assert world.text_of(asked.item_id) == "divided"
    assert (asked.given, asked.suggested, asked.state) == ("dog", "cat", IssueState.IN_REVIEW)
    assert (asked.evidence.about or {})["answers"] == [["dog", 1], ["cat", 1]]
    with world.read() as unit:
        (finding,) = unit.findings.of_items([asked.item_id])[asked.item_id]
    assert (finding.kind, finding.subject) == (FindingKind.DISAGREEMENT, str(divided))
    assert not [said for said in reason_texts(world.last_scan().warnings) if "review_kinds" in said]


def test_a_shared_scan_says_which_questions_it_cannot_ask(build: Build) -> None:
    kinds = ["label_conflict", "disagreement", "ambiguous"]
    world = build(policy={**POLICY, "shard_rows": 13, "review_kinds": kinds})
    crowd(world)

    world.settle()

    assert scans.not_asked_in_parts(["label_conflict", "ambiguous"], 13) in reason_texts(
        world.last_scan().warnings
    )
