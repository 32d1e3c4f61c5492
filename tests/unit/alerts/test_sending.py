"""From the tick to the receivers: real ones, that take, refuse, hang and are told the same twice."""

from __future__ import annotations

import base64
import email
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from connector.actions.alerts import ask_test, end_silence, silence
from connector.alerts.senders.slack import text as slack_text
from connector.config.alerts import AlertSettings, ChannelSettings
from connector.config.types import SecretRef
from connector.errors import BadPayload, NotFound, Rejected
from connector.model.alerts import AlertMessage, AlertRule, Notice, Severity, Topic
from connector.platforms.guard import is_public, resolved
from connector.wiring import Services
from tests.support.receivers import Mailbox, mail_receiver, web_receiver
from tests.unit.web.seeding import StoppedClock, kill_job, services_in, settings_in
from workers.service.alerting import look_for_alerts
from workers.service.outgoing import send_beside, send_due

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()


class Clock(StoppedClock):
    def __init__(self) -> None:
        self.at = datetime.now(UTC)  # Standard Webhooks' own verifier reads the real clock

    def now(self) -> datetime:
        return self.at

    def advance(self, **parts: float) -> None:
        self.at += timedelta(**parts)


Channels = Callable[..., Services]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def with_channels(tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Channels]:
    """Services whose alerts go to these channels."""
    made = services_in(tmp_path)
    made.clock = clock
    made.store._clock = clock

    def build(**channels: dict[str, Any]) -> Services:
        for name, channel in channels.items():
            for part in ("address", "secret"):
                if part in channel:
                    variable = f"TEST_{name}_{part}".upper()
                    monkeypatch.setenv(variable, channel[part])
                    channel[part] = SecretRef(env=variable)
        chosen = AlertSettings(channels={name: ChannelSettings(**one) for name, one in channels.items()})
        made.settings = settings_in(tmp_path).model_copy(update={"alerts": chosen})
        return made

    yield build
    made.close()


def slack(port: int, **more: Any) -> dict[str, Any]:
    address = f"http://127.0.0.1:{port}/services/T0/B0/x9y8z7"
    return {"kind": "slack", "address": address, "private": True, "timeout_seconds": 0.5, **more}


def webhook(port: int, **more: Any) -> dict[str, Any]:
    return {**slack(port), "kind": "webhook", "secret": SECRET, **more}


def mail(box: Mailbox, *to: str) -> dict[str, Any]:
    where = {"host": "127.0.0.1", "port": box.port, "security": "none"}
    return {"kind": "mail", "sender": "us@example.org", "to": to or ("ops@example.org",), **where}


def applied(services: Services, n: int) -> None:
    """Corrections that were written, as the audit log has them."""
    with services.store.begin() as unit:
        for one in range(n):
            unit.audit.append("secondlook", "correction.applied", f"c{one}", {}, "cats")


def messages(services: Services) -> list[AlertMessage]:
    with services.store.read() as unit:
        return unit.alerts.messages(100)


def look(services: Services, clock: Clock, minutes: float = 2) -> None:
    clock.advance(minutes=minutes)
    assert look_for_alerts(services)


def test_what_fires_and_what_happened_reaches_all_three_kinds(with_channels: Channels, clock: Clock) -> None:
    with web_receiver() as web, mail_receiver() as box:
        services = with_channels(ops=slack(web.port), team=mail(box), program=webhook(web.port))
        services.project("cats")
        look(services, clock)  # events count from the first look on
        kill_job(services)
        applied(services, 3)
        look(services, clock)
        for thread in send_beside(services):
            thread.join()
        texts = [json.loads(one.body) for one in web.received]
        chat = next(one["text"] for one in texts if set(one) == {"text"} and "cats" in one["text"])
        assert "3 corrections written" in chat
        assert "/p/cats/corrections|more>" in chat
        assert any("given up" in one["text"] for one in texts if "text" in one)
        by_type = {one["type"]: one["data"] for one in texts if "type" in one}
        assert set(by_type) == {"alert.firing", "correction.written"}
        assert by_type["correction.written"]["notices"][0]["count"] == 3
        letters = [email.message_from_bytes(one) for one in box.letters]
        assert {one["To"] for one in letters} == {"ops@example.org"}
        assert any("1 job of the kind" in str(one["Subject"]) for one in letters)
    assert all(one.sent_at is not None for one in messages(services))


def test_a_webhook_is_signed_and_bears_the_same_id_and_words_at_each_try(
    with_channels: Channels, clock: Clock
) -> None:
    with web_receiver(500, 429, 204) as web:
        services = with_channels(program=webhook(web.port))
        with services.store.begin() as unit:
            message = ask_test(unit, services.settings.alerts, "program", "ann")
        for _ in range(3):
            send_due(services, "program")
            clock.advance(minutes=10)
        assert send_due(services, "program") == 0
        assert len(web.received) == 3
        assert {one.headers["webhook-id"] for one in web.received} == {message}
        assert len({one.body for one in web.received}) == 1
        clock.advance(minutes=-30)
        for one in web.received[:1]:
            told = Webhook(SECRET).verify(one.body, one.headers)
            assert told["type"] == "test"
    (row,) = messages(services)
    assert (row.attempts, row.error) == (3, None)


def test_a_process_that_dies_at_any_line_sends_it_again_under_its_id(
    with_channels: Channels, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with web_receiver() as web:
        services = with_channels(program=webhook(web.port))
        with services.store.begin() as unit:
            ask_test(unit, services.settings.alerts, "program", "ann")
        with services.store.begin() as unit:
            assert unit.alerts.claim("program", timedelta(minutes=5))  # dead before the first byte
        assert send_due(services, "program") == 0
        clock.advance(minutes=6)
        with monkeypatch.context() as patch:
            patch.setattr("connector.store.repositories.alerts.Alerts.sent", _interrupted)
            with pytest.raises(KeyboardInterrupt):
                send_due(services, "program")  # dead after the last byte
        clock.advance(minutes=6)
        assert send_due(services, "program") == 1
        assert len({one.headers["webhook-id"] for one in web.received}) == 1
        assert len(web.received) == 2


def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_receiver_that_hangs_holds_up_nobody_else_and_is_tried_again(
    with_channels: Channels, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with web_receiver(None) as hangs, web_receiver() as takes:
        services = with_channels(slow=slack(hangs.port), fast=slack(takes.port))
        for name in ("slow", "fast"):
            with services.store.begin() as unit:
                ask_test(unit, services.settings.alerts, name, "ann")
        begun = {thread.name: thread for thread in send_beside(services)}
        begun["alerts-fast"].join()
        assert len(takes.received) == 1
        begun["alerts-slow"].join()
    states = {one.channel: one for one in messages(services)}
    assert states["fast"].sent_at is not None
    assert states["slow"].error == "127.0.0.1 did not take it (ReadTimeout)"
    assert states["slow"].due_at == clock.now() + timedelta(seconds=30)
    clock.advance(hours=-1)
    with services.store.begin() as unit:
        unit.alerts.hasten_all()
        assert unit.alerts.due_channels() == ["slow"], "what failed does not wait for the hour again"
    assert "x9y8z7" not in caplog.text + str(states)


def test_a_message_is_given_up_after_days_and_said(with_channels: Channels, clock: Clock) -> None:
    with web_receiver(500) as web:
        services = with_channels(ops=slack(web.port))
        with services.store.begin() as unit:
            ask_test(unit, services.settings.alerts, "ops", "ann")
        for _ in range(20):
            send_due(services, "ops")
            clock.advance(hours=7)
        assert len(web.received) == 14
    (row,) = messages(services)
    assert row.given_up_at is not None
    assert row.error == "127.0.0.1 answered with HTTP 500"
    with services.store.read() as unit:
        assert sum(unit.tallies.all().values()) == 14


def test_a_redirect_is_not_followed(with_channels: Channels) -> None:
    with web_receiver(302) as web:
        services = with_channels(ops=slack(web.port))
        with services.store.begin() as unit:
            ask_test(unit, services.settings.alerts, "ops", "ann")
        assert send_due(services, "ops") == 0
        assert [one.path for one in web.received] == ["/services/T0/B0/x9y8z7"]


def test_a_private_address_is_called_only_where_that_is_meant(with_channels: Channels) -> None:
    with web_receiver() as web:
        services = with_channels(ops=slack(web.port, private=False))
        https = slack(web.port, private=False)
        https["address"] = f"https://localhost:{web.port}/"
        services = with_channels(ops=slack(web.port, private=False), tls=https)
        for name, reason in (("ops", "called by http"), ("tls", "is a private address")):
            with services.store.begin() as unit:
                message = ask_test(unit, services.settings.alerts, name, "ann")
            assert send_due(services, name) == 0
            with services.store.read() as unit:
                row = unit.alerts.message(message)
            assert row is not None
            assert reason in (row.error or "")
        assert web.received == []


@pytest.mark.parametrize("host", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "::ffff:10.0.0.1"])
def test_numbers_of_a_network_of_ones_own_are_not_public(host: str) -> None:
    assert not any(map(is_public, resolved(host, 80)))


def test_partly_refused_mail_is_sent_once_and_said(with_channels: Channels) -> None:
    with mail_receiver("gone@") as box:
        services = with_channels(team=mail(box, "ops@example.org", "gone@example.org"))
        with services.store.begin() as unit:
            ask_test(unit, services.settings.alerts, "team", "ann")
        assert send_due(services, "team") == 1
        assert len(box.letters) == 1
    (row,) = messages(services)
    assert row.error == "127.0.0.1 refused 1 of 2 recipients"


def test_a_storm_of_events_is_one_message_an_hour(with_channels: Channels, clock: Clock) -> None:
    with web_receiver() as web:
        services = with_channels(ops=slack(web.port))
        services.project("cats")
        look(services, clock)
        for _ in range(5):
            applied(services, 60)
            look(services, clock, minutes=10)
            send_due(services, "ops")
        texts = [json.loads(one.body)["text"] for one in web.received]
    assert len(texts) == 1
    (waiting,) = [one for one in messages(services) if one.sent_at is None]
    assert sum(one.count for row in messages(services) for one in row.notices) == 300
    assert waiting.due_at > clock.now()


def test_two_schedulers_tell_once(with_channels: Channels, clock: Clock) -> None:
    services = with_channels(ops=slack(1))
    services.project("cats")
    look(services, clock)
    kill_job(services)
    clock.advance(minutes=2)
    with services.store.read() as unit:
        before = unit.facts.at("alerts_looked_at")
    assert look_for_alerts(services)
    with services.store.begin() as unit:
        assert not unit.alerts.take_turn("alerts_looked_at", before)  # the other one has read the same
    assert not look_for_alerts(services)
    assert len(messages(services)) == 1


def test_a_fault_in_the_look_costs_the_tick_nothing(
    with_channels: Channels, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workers.service.sweep import sweep

    services = with_channels()
    monkeypatch.setattr("workers.service.alerting.watched_metrics", lambda _unit: 1 / 0)
    assert sweep(services) >= 0
    with services.store.read() as unit:
        assert unit.facts.at("last_tick") is not None


def test_silences_are_stored_audited_and_refused_where_they_make_no_sense(with_channels: Channels) -> None:
    services = with_channels()
    services.project("cats")
    with services.store.begin() as unit:
        silence(unit, "jobs_dead", "cats", 2, "user:ann")
        assert [(one.rule, one.project) for one in unit.alerts.silences()] == [(AlertRule.JOBS_DEAD, "cats")]
        end_silence(unit, "jobs_dead", "cats", "user:ann")
        assert unit.alerts.silences() == []
        actions = [(one.actor, one.action) for one in unit.audit.entries("cats")]
        assert actions == [("user:ann", "alert.silenced"), ("user:ann", "alert.heard_again")]
        for rule, project, hours in (
            ("none", "", 1.0),
            ("jobs_dead", "", 0.0),
            ("jobs_dead", "", float("nan")),
        ):
            with pytest.raises(BadPayload):
                silence(unit, rule, project, hours, "ann")
        with pytest.raises(NotFound):
            silence(unit, "jobs_dead", "dogs", 1.0, "ann")
        with pytest.raises(NotFound):
            end_silence(unit, "jobs_dead", "", "ann")
        with pytest.raises(NotFound):
            ask_test(unit, services.settings.alerts, "ops", "ann")


HOSTILE = '<!channel> <https://evil.example|click> *bold* @all =HYPERLINK("x") <b>\r\nBcc: x@example.org'


def test_nothing_from_outside_is_markup_or_a_header(with_channels: Channels, clock: Clock) -> None:
    notice = Notice(Topic.FIRING, "jobs_dead", "", Severity.WARNING, clock.now(), subject=HOSTILE, value=1.0)
    with mail_receiver() as box:
        services = with_channels(team=mail(box))
        with services.store.begin() as unit:
            made = unit.alerts.add_message("team", "", "digest", [notice], unit.now)
            message = unit.alerts.message(made)
        assert message is not None
        chat = slack_text(replace(message, notices=(notice,)), "http://here")
        assert "<!" not in chat
        assert "<https" not in chat
        assert "@all" not in chat
        assert send_due(services, "team") == 1
        letter = email.message_from_bytes(box.letters[0])
    assert letter["Bcc"] is None
    assert letter.get_content_type() == "text/plain"


def test_a_wrong_secret_is_said_and_not_shown(
    with_channels: Channels, monkeypatch: pytest.MonkeyPatch
) -> None:
    with web_receiver() as web:
        services = with_channels(program=webhook(web.port, secret="whsec_x"))
        with services.store.begin() as unit:
            ask_test(unit, services.settings.alerts, "program", "ann")
        assert send_due(services, "program") == 0
    (row,) = messages(services)
    assert "alerts.channels" in (row.error or "")
    assert "whsec_x" not in (row.error or "")


def test_a_word_that_is_no_address_is_refused() -> None:
    from connector.platforms.guard import origin_of

    for url in ("ftp://x/", "https://", "https://user@host/", "x", "https://host:99999/"):
        with pytest.raises(Rejected):
            origin_of(url)
