"""What is exported to train on, read page by page: the same on all databases, whatever the page."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector.model import (
    CorrectionState,
    Decision,
    Disposition,
    DispositionKind,
    DispositionState,
    Outcome,
)
from connector.store.views import training
from tests.integration.store.house import NOW, House, annotation, item


def test_items_come_in_order_with_what_reviews_came_to(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.corrected(1, CorrectionState.APPLIED)
    second = house.flagged(2)
    house.apply(item("3", annotation("3")), item("4"))
    decision = Decision("d2", second.id, Outcome.UNRESOLVED, None, "torn", (), NOW)
    apart = Disposition(
        "x", house.project, second.id, "d2", second.item_id, DispositionKind.EXCLUDE, "ambiguous", ("cat",),
        DispositionState.OPEN, NOW,
    )  # fmt: skip
    with house.store.begin() as unit:
        unit.issues.decide(decision)
        unit.dispositions.add([apart, replace(apart, id="y", kind=DispositionKind.MULTI_LABEL)])
    found = []
    for size in (1000, 1, 2):
        monkeypatch.setattr(training, "AT_ONCE", size)
        with house.store.read() as unit:
            found.append(list(training.training_items(unit, house.project)))
    assert found[0] == found[1] == found[2]
    rows = found[0]
    assert [(row.item, row.label) for row in rows] == [("1", "cat"), ("2", "cat"), ("3", "cat"), ("4", None)]
    (first,) = rows[0].parts
    assert (first.outcome, first.label, first.correction) == (Outcome.ACCEPT, "dog", CorrectionState.APPLIED)
    assert rows[1].parts[0].reason == "torn"
    assert rows[1].set_aside == {"exclude": ("cat",), "multi_label": ("cat",)}
    assert rows[2].parts == ()
    assert rows[2].result == [{"value": "cat"}]
