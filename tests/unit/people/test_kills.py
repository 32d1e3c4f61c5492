"""A process that dies while golden questions are mixed in leaves neither doubles nor lost ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

from connector.model import IssueKind, IssueState
from connector.model.jobs import JobKind
from tests.support.world import Killed, World

Build = Callable[..., World]


def golden_texts(world: World) -> Counter[str]:
    return Counter(
        world.text_of(one.item_id)
        for one in world.issues()
        if one.kind is IssueKind.GOLDEN and one.state is IssueState.IN_REVIEW
    )


def test_a_kill_at_any_point_of_a_push_asks_each_golden_question_once(build: Build, tmp_path: Path) -> None:
    world = build(policy={"budget": 1000}, reviewers={"golden_share": 0.5})
    world.some_right(each=4)
    for n in range(6):
        world.item(f"odd {n}", "cat", dog=0.9, cat=0.04, bird=0.06)
    world.do(JobKind.SYNC)
    with world.services.store.begin() as unit:
        ids = [one.item_id for one in unit.items.labelled(1) if one.label != "cat"]
        texts = unit.items.data(ids)
        unit.golden.put(1, [(one, texts[one]["text"].split()[0]) for one in ids], "cli", "me")
    world.do(JobKind.SCAN)
    world.queue.messages.clear()
    world.close()

    whole = world.fork(tmp_path / "whole")
    whole.do(JobKind.PUSH)
    # Around each commit and each creation of tasks: what lies between changes nothing that lasts.
    points = [n for n, name in enumerate(whole.points.passed) if "commit" in name or "push" in name]
    wanted = sum(golden_texts(whole).values())
    whole.close()
    assert wanted == 6, "at a share of a half every ordinary question has one beside it"

    for at in points:
        twin = world.fork(tmp_path / f"killed-{at}")
        twin.points.strike(at, Killed())
        try:
            twin.do(JobKind.PUSH)
        except Killed:
            twin.restart()
        twin.settle()
        found = golden_texts(twin)
        assert sum(found.values()) == wanted, f"after a kill at {twin.points.passed[at]}"
        assert max(found.values()) == 1
        assert Counter(twin.asked()) == Counter([*found, *(f"odd {n}" for n in range(6))])
        twin.close()
