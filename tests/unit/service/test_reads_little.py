"""What is done all the time reads what changed, not all items of a project."""

from __future__ import annotations

from typing import Any

import pytest

from connector.model.jobs import JobKind
from connector.store.repositories.items import Items
from connector.store.views import loop
from tests.support.world import NAME, World
from workers.service.sweep import sweep

ALL_ITEMS = ("labelled", "refs")  # of Items: what reads every item unless it is told which


def test_only_a_scan_and_a_reconciliation_read_all_items(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole: list[str] = []

    def noting(name: str) -> Any:
        real = getattr(Items, name)

        def read(self: Items, project_id: int, item_ids: Any = None, **more: Any) -> Any:
            if item_ids is None and not more:
                whole.append(name)
            return real(self, project_id, *(() if item_ids is None else (item_ids,)), **more)

        return read

    for name in ALL_ITEMS:
        monkeypatch.setattr(Items, name, noting(name))
    world.some_right(each=4)
    world.wrong("odd")
    world.settle()
    assert "labelled" in whole, "the scan does"
    whole.clear()

    world.agree("odd", "dog")
    world.relabel("cat 0", "dog")
    for kind in (JobKind.SYNC, JobKind.JUDGE, JobKind.PUSH, JobKind.COLLECT, JobKind.DECIDE):
        world.do(kind)
    sweep(world.services)
    with world.read() as unit:
        loop.project_views(unit, NAME)

    assert whole == []
    world.do(JobKind.RECONCILE)
    assert whole == ["refs"]
