"""Findings are those of the last scan, in its order, in pages, and only about items that stand."""

from __future__ import annotations

from connector.model import LabelStatus
from connector.model.findings import Finding, FindingKind
from connector.store.views.findings import finding_views
from tests.integration.store.house import House, annotation, item


def found(house: House, n: int, kind: FindingKind, item_id: int | None = None) -> Finding:
    facts = {"times": 2.0, "by": "distance"} if kind is FindingKind.OUTLIER else {"label": "cat", "items": 0}
    return Finding(f"f-{n:05}", house.project, "scan", kind, item_id, f"subject {n}\x00", 0.5, facts)


def ours(house: House, *remote_ids: str) -> list[int]:
    with house.store.read() as unit:
        refs = unit.items.refs(house.project)
    return [refs[each][0] for each in remote_ids]


def test_a_scan_replaces_all_and_keeps_its_order(house: House) -> None:
    many = [found(house, 9000 - n, FindingKind.RARE_CLASS) for n in range(2500)]
    with house.store.begin() as unit:
        unit.findings.replace(house.project, [found(house, 1, FindingKind.RARE_CLASS)])
        unit.findings.replace(house.project, many)
    with house.store.read() as unit:
        assert unit.findings.counts(house.project) == {FindingKind.RARE_CLASS: 2500}
        listed, after = [], None
        while True:
            page = finding_views(unit, limit=1000, after=after)
            listed += [one.id for one in page.items]
            if (after := page.next) is None:
                break
    assert listed == [one.id for one in many]
    with house.store.begin() as unit:
        unit.findings.replace(house.project, [])
    with house.store.read() as unit:
        assert finding_views(unit).items == ()


def test_findings_of_items_are_found_by_item_and_hidden_with_it(house: House) -> None:
    house.apply(item("1"), item("2"))
    first, second = ours(house, "1", "2")
    with house.store.begin() as unit:
        unit.findings.replace(
            house.project,
            [
                found(house, 1, FindingKind.OUTLIER, second),
                found(house, 2, FindingKind.OUTLIER, first),
                found(house, 3, FindingKind.OUTLIER, second),
            ],
        )
        unit.items.mark_deleted([first])
    with house.store.read() as unit:
        assert [one.id for one in unit.findings.of_items([second])[second]] == ["f-00001", "f-00003"]
        assert unit.findings.of_items([first + second + 1]) == {}
        assert [(one.item, one.subject) for one in finding_views(unit).items] == [
            ("2", "subject 1\ufffd"),
            ("2", "subject 3\ufffd"),
        ]


def test_streams_leave_out_what_is_gone(house: House) -> None:
    house.apply(
        item("1", annotation("a", "cat"), annotation("b", "dog")),
        item("2", annotation("c", None, status=LabelStatus.EMPTY)),
        item("3", annotation("d", "cat")),
    )
    one, two, three = ours(house, "1", "2", "3")
    with house.store.begin() as unit:
        unit.items.mark_deleted([three])
    with house.store.read() as unit:
        answers = [(each.item_id, each.label) for each in unit.content.answers(house.project)]
        assert answers == [(one, "cat"), (one, "dog")]
        assert [item_id for item_id, _ in unit.content.data(house.project)] == [one, two]
        (unusable,) = unit.content.unusable(house.project, LabelStatus.EMPTY, 10)
        assert (unusable.item, unusable.label) == ("2", None)
        assert unit.content.unusable(house.project, LabelStatus.CANCELLED, 10) == []
