"""The outbox and the turns of schedulers, as each database has them."""

from __future__ import annotations

from datetime import timedelta

from connector.model.alerts import AlertKey, AlertPhase, AlertRule, AlertStatus, Notice, Severity, Topic
from connector.store.views.metrics import stored_metrics
from tests.integration.store.house import NOW, House, at

EVENT = Notice(Topic.EVENT, "correction.written", "pets", Severity.INFO, NOW)
LEASE = timedelta(minutes=5)


def test_a_message_is_claimed_once_and_says_the_same_from_then_on(house: House) -> None:
    with house.store.begin() as unit:
        made = unit.alerts.add_message("ops", "pets", "digest", [EVENT], NOW)
        waiting = unit.alerts.waiting("ops", "pets", "digest")
        assert waiting is not None
        unit.alerts.extend(waiting, [EVENT, EVENT], NOW)
    with house.store.begin() as unit:
        claim = unit.alerts.claim("ops", LEASE)
        assert claim is not None
        assert (claim.message.id, len(claim.message.notices)) == (made, 2)
    with house.store.begin() as unit:
        assert unit.alerts.claim("ops", LEASE) is None
        assert unit.alerts.waiting("ops", "pets", "digest") is None  # more goes into another message
        assert unit.alerts.last_due("ops", "pets", "digest") == NOW
        assert unit.alerts.due_channels() == ["ops"]
    with house.store.begin() as unit:
        unit.alerts.failed(claim, "away", at(1))
        assert unit.alerts.due_channels() == []
    house.clock.advance(minutes=2)
    with house.store.begin() as unit:
        again = unit.alerts.claim("ops", LEASE)
        assert again is not None
        assert (again.message.id, again.message.attempts, again.message.error) == (made, 1, "away")
        unit.alerts.sent(claim, None)  # whose lease is over: it settles nothing
        unit.alerts.sent(again, None)
    with house.store.read() as unit:
        (row,) = unit.alerts.messages(9)
        assert (row.sent_at, row.attempts, row.error) == (at(2), 2, None)


def test_alerts_stand_as_they_were_put_and_one_scheduler_has_the_turn(house: House) -> None:
    key = AlertKey(AlertRule.JOBS_DEAD, "", "scan")
    status = AlertStatus(key, AlertPhase.FIRING, 2.0, NOW, notified_at=NOW)
    with house.store.begin() as unit:
        assert unit.alerts.take_turn("turn", None)
        assert not unit.alerts.take_turn("turn", None)
        unit.alerts.put({key: status})
        unit.alerts.silence(key.rule, "", at(5), "ann")
    house.clock.advance(minutes=1)
    with house.store.begin() as unit:
        assert unit.alerts.take_turn("turn", NOW)
        assert not unit.alerts.take_turn("turn", NOW)
        assert unit.alerts.all() == {key: status}
        assert [one.covers(key, unit.now) for one in unit.alerts.silences()] == [True]
        assert stored_metrics(unit)["secondlook_alerts", 'project="",rule="jobs_dead",state="firing"'] == 1
        unit.alerts.put({key: None})
        assert unit.alerts.all() == {}
