"""When alerts fire, end, and are told: pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from connector.alerts.outbox import after_quiet, due_at, merged, next_try, wants
from connector.alerts.readings import READERS, WINDOW, Figures, counters, growth, readings, rotated
from connector.alerts.rules import THRESHOLDS, advance, notices
from connector.config.alerts import AlertSettings, ChannelSettings
from connector.config.types import SecretRef
from connector.model.alerts import (
    AlertKey,
    AlertPhase,
    AlertRule,
    AlertStatus,
    CounterSnapshot,
    EventKind,
    Notice,
    Severity,
    Silence,
    Topic,
)
from connector.model.metrics import PREFIX, labels
from connector.wording.alerts import alert_sentence, alert_title, notice_line, notice_link
from tests.unit.docs.pages import ROOT

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CALM, REPEAT = timedelta(minutes=5), timedelta(hours=24)
WAITING = AlertKey(AlertRule.JOBS_WAITING, "", "scan")
SLACK = {"kind": "slack", "address": SecretRef(env="NOWHERE")}


class Watch:
    """What a service would store and tell, minute by minute."""

    def __init__(self, silences: list[Silence] | None = None) -> None:
        self.now, self.stored, self.silences = NOW, dict[AlertKey, AlertStatus](), silences or []

    def minute(self, reading: float, key: AlertKey = WAITING, minutes: float = 1) -> list[Topic]:
        self.now += timedelta(minutes=minutes)
        changed = advance(self.stored, {key: reading}, self.now, CALM)
        self.stored |= {key: one for key, one in changed.items() if one is not None}
        for key, one in changed.items():
            if one is None:
                del self.stored[key]
        told = list(notices([*self.stored.values()], self.silences, self.now, REPEAT))
        self.stored |= {alert.key: alert for alert, _ in told}
        return [notice.topic for _, notice in told]


def test_an_alert_fires_after_its_time_and_ends_after_calm() -> None:
    watch = Watch()
    assert watch.minute(1000.0) == []  # pending for a minute
    assert watch.minute(1000.0) == [Topic.FIRING]
    assert watch.minute(1000.0) == []
    assert [watch.minute(0.0) for _ in range(5)] == [[]] * 5
    assert watch.minute(0.0) == [Topic.RESOLVED]
    assert watch.stored[WAITING].phase is AlertPhase.RESOLVED
    assert watch.minute(0.0) == []


def test_what_swings_around_its_bound_is_told_once() -> None:
    watch = Watch()
    told = [topic for n in range(60) for topic in watch.minute(1000.0 if n % 2 or n < 4 else 500.0)]
    assert told == [Topic.FIRING]


def test_a_short_peak_is_told_to_nobody() -> None:
    watch = Watch()
    assert [watch.minute(value) for value in (1000.0, 0.0, 1000.0, 0.0)] == [[]] * 4
    assert watch.stored == {}


def test_what_lasts_is_told_again_after_a_day() -> None:
    watch = Watch()
    watch.minute(1000.0)
    told = [topic for _ in range(49) for topic in watch.minute(1000.0, minutes=60)]
    assert told == [Topic.FIRING, Topic.REPEATED, Topic.REPEATED]


def test_what_fired_in_silence_is_told_when_the_silence_ends_and_not_as_resolved() -> None:
    silence = Silence("s", AlertRule.JOBS_WAITING, "", NOW + timedelta(hours=1), "ann", NOW)
    watch = Watch([silence])
    assert [watch.minute(1000.0) for _ in range(10)] == [[]] * 10
    assert [watch.minute(0.0) for _ in range(10)] == [[]] * 10  # ended in silence: nobody ever heard of it
    assert [watch.minute(1000.0) for _ in range(10)] == [[]] * 10
    assert watch.minute(1000.0, minutes=60) == [Topic.FIRING]


def test_a_silence_of_one_project_is_none_of_another() -> None:
    silence = Silence("s", AlertRule.CORRECTIONS_HELD, "cats", NOW + timedelta(hours=1), "ann", NOW)
    assert silence.covers(AlertKey(AlertRule.CORRECTIONS_HELD, "cats"), NOW)
    assert not silence.covers(AlertKey(AlertRule.CORRECTIONS_HELD, "dogs"), NOW)
    assert not silence.covers(AlertKey(AlertRule.JOBS_DEAD, "cats"), NOW)


def test_good_news_is_told_once_and_never_as_over() -> None:
    watch, key = Watch(), AlertKey(AlertRule.CLEAN_ENOUGH, "cats")
    assert watch.minute(0.0, key) == []
    told = [topic for _ in range(30) for topic in watch.minute(1.0, key, minutes=60)]
    assert told == [Topic.FIRING]
    assert [topic for _ in range(10) for topic in watch.minute(0.0, key)] == []
    assert watch.minute(1.0, key) == [Topic.FIRING]


@given(st.lists(st.tuples(st.floats(0, 2000), st.floats(-30, 30)), max_size=60))
def test_firing_and_resolved_take_turns_whatever_is_read_and_whatever_the_clock_does(
    readings_: list[tuple[float, float]],
) -> None:
    watch = Watch()
    told = [topic for value, minutes in readings_ for topic in watch.minute(value, minutes=minutes)]
    turns = [topic for topic in told if topic is not Topic.REPEATED]
    assert turns == [(Topic.FIRING, Topic.RESOLVED)[n % 2] for n in range(len(turns))]


def test_every_rule_has_its_reader_bounds_and_words() -> None:
    assert set(READERS) == set(THRESHOLDS) == set(AlertRule)
    for rule in AlertRule:
        assert THRESHOLDS[rule].low <= THRESHOLDS[rule].high
        assert alert_title(rule)
        assert alert_sentence(rule, 1.0, "scan").endswith(".")
        assert notice_link(rule, "cats").startswith(("/p/cats", "/ops/"))
    for kind in EventKind:
        one = Notice(Topic.EVENT, kind.value, "cats", Severity.INFO, NOW)
        assert notice_line(one).startswith("cats: 1 ")
    assert not set(AlertRule) & set(EventKind)


def test_the_bounds_are_those_of_the_rules_for_prometheus() -> None:
    rules = yaml.safe_load((ROOT / "deploy/prometheus/rules.yaml").read_text("utf-8"))["groups"][0]["rules"]
    for rule in rules:
        name = "".join(f"_{c.lower()}" if c.isupper() else c for c in rule["alert"]).lstrip("_")
        if name in set(AlertRule):
            bound = THRESHOLDS[AlertRule(name)]
            waits = " and max(secondlook_job_oldest_age_seconds) > 300"
            last = rule["expr"].replace(waits, "").split("> ")[-1]
            if "secondlook" not in last:  # two metrics are compared
                number = eval(last.strip(), {})  # noqa: S307 - our own file, a product of numbers
                assert number == pytest.approx(bound.high), name
            assert THRESHOLDS[AlertRule(name)].severity == rule["labels"]["severity"], name


def sample(name: str, value: float, **by: object) -> dict[tuple[str, str], float]:
    return {(PREFIX + name, labels(**by)): value}


def test_readings_are_of_the_metrics() -> None:
    samples = {
        **sample("jobs", 2, kind="push", state="dead"),
        **sample("jobs", 9, kind="push", state="done"),
        **sample("error_bound_ratio", 0.03, project="cats"),
        **sample("error_target_ratio", 0.02, project="cats"),
        **sample("review_tasks", 4, project="cats", state="decided"),
        **sample("review_tasks", 1, project="dogs", state="pushed"),
        **sample("platform_requests_total", 30, platform="p", operation="GET /", status="200"),
        **sample("platform_requests_total", 10, platform="p", operation="GET /", status="502"),
        **sample("webhook_deliveries_total", 7, project="cats", result="refused"),
        **sample("scheduler_last_tick_timestamp_seconds", NOW.timestamp() - 60),
        **sample("worker_last_seen_timestamp_seconds", NOW.timestamp() - 5000, worker="a"),
    }
    before = counters(sample("webhook_deliveries_total", 5, project="cats", result="refused"), NOW)
    found = readings(Figures(samples, NOW, growth(samples, before)))
    assert found[AlertKey(AlertRule.JOBS_DEAD, "", "push")] == 2
    assert found[AlertKey(AlertRule.BOUND_ABOVE_TARGET, "cats")] == pytest.approx(1.5)
    assert found[AlertKey(AlertRule.CLEAN_ENOUGH, "cats")] == 0
    assert found[AlertKey(AlertRule.BATCH_FINISHED, "cats")] == 1
    assert found[AlertKey(AlertRule.BATCH_FINISHED, "dogs")] == 0
    assert found[AlertKey(AlertRule.PLATFORM_ERRORS, "", "p")] == pytest.approx(0.25)
    assert found[AlertKey(AlertRule.WEBHOOKS_REFUSED, "cats")] == 2
    assert found[AlertKey(AlertRule.SCHEDULER_LATE)] == pytest.approx(60)
    assert found[AlertKey(AlertRule.WORKER_SILENT)] == 0  # nothing waits for it


def test_growth_spans_at_least_half_of_the_window() -> None:
    kept: list[CounterSnapshot] = []
    ages = []
    for minute in range(120):
        now = NOW + timedelta(minutes=minute)
        if minute >= 8:
            ages.append(now - kept[0].at)
        kept = [*rotated(kept, CounterSnapshot(now))]
    assert min(ages) >= WINDOW / 2
    assert max(ages) <= WINDOW + timedelta(minutes=1)
    assert len(kept) == 2
    assert CounterSnapshot.from_json(kept[0].to_json()) == kept[0]


def event(kind: EventKind = EventKind.CORRECTION_WRITTEN, **changes: object) -> Notice:
    fields = {"topic": Topic.EVENT, "name": kind.value, "project": "cats", "at": NOW}
    fields |= {"severity": Severity.INFO}
    return Notice(**{**fields, **changes})  # type: ignore[arg-type]


def test_a_digest_counts_events_and_keeps_the_last_word_of_an_alert() -> None:
    fires = event(topic=Topic.FIRING, name="jobs_dead", subject="push", value=1.0)
    over = event(topic=Topic.RESOLVED, name="jobs_dead", subject="push", value=0.0, since=NOW)
    found = merged([event(count=3), fires], [event(count=4), over])
    assert [(one.topic, one.count) for one in found] == [(Topic.EVENT, 7), (Topic.RESOLVED, 1)]
    assert Notice.from_json(found[1].to_json()) == found[1]


def test_a_channel_tells_what_it_was_told_to() -> None:
    channel = ChannelSettings(**SLACK, projects=("cats",), least="warning", only=("jobs_dead",))
    alert = event(topic=Topic.FIRING, name="jobs_dead", severity=Severity.WARNING)
    assert wants(channel, alert)
    assert not wants(channel, event(topic=Topic.FIRING, name="jobs_dead"))
    assert not wants(
        channel, event(topic=Topic.FIRING, name="jobs_dead", project="", severity=Severity.CRITICAL)
    )
    assert not wants(channel, event())


@pytest.mark.parametrize(
    ("at", "ends"),
    [
        ("2026-03-02T20:59:00+00:00", "2026-03-02T20:59:00+00:00"),
        ("2026-03-02T21:00:00+00:00", "2026-03-03T06:00:00+00:00"),  # 22:00 in Berlin
        ("2026-03-03T05:59:00+00:00", "2026-03-03T06:00:00+00:00"),
        ("2026-03-03T06:00:00+00:00", "2026-03-03T06:00:00+00:00"),
        ("2026-03-28T22:30:00+00:00", "2026-03-29T05:00:00+00:00"),  # the night in which clocks change
    ],
)
def test_quiet_hours_are_those_of_the_place(at: str, ends: str) -> None:
    settings = AlertSettings(quiet_from="22:00", quiet_to="07:00", time_zone="Europe/Berlin")
    assert after_quiet(datetime.fromisoformat(at), settings) == datetime.fromisoformat(ends)


def test_one_message_an_hour_and_none_by_night_but_what_is_urgent() -> None:
    channel = ChannelSettings(**SLACK)
    settings = AlertSettings(quiet_from="22:00", quiet_to="07:00")
    assert due_at(NOW, None, False, channel, settings) == NOW
    assert due_at(NOW, NOW - timedelta(minutes=20), False, channel, settings) == NOW + timedelta(minutes=40)
    night = NOW.replace(hour=23)
    assert due_at(night, None, False, channel, settings) == NOW + timedelta(hours=22)
    assert due_at(night, night, True, channel, settings) == night


def test_tries_become_rare_and_end() -> None:
    waits = [next_try(NOW, n) for n in range(1, 15)]
    assert waits[0] == NOW + timedelta(seconds=30)
    assert waits[12] == NOW + timedelta(hours=6)
    assert waits[-1] is None
