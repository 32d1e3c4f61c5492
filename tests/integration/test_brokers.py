"""What real brokers make of our login and messages, and what becomes of announcements that they refuse."""

from __future__ import annotations

from pathlib import Path

from structlog.testing import capture_logs

from connector.queue import BrokerState, CeleryQueue, broker_state, make_celery
from tests.support.cut_proxy import TcpProxy
from tests.support.rabbitmq import RabbitMqServer
from tests.support.redis_server import RedisServer
from workers.service.silence import waiting_messages

QUEUE = "secondlook"


def become_a_replica(server: RedisServer) -> None:
    """Of one that does not answer; what waits in it stays readable."""
    with server.client() as client:
        client.execute_command("REPLICAOF", "127.0.0.1", "1")


def take_writes_again(server: RedisServer) -> None:
    with server.client() as client:
        client.execute_command("REPLICAOF", "NO", "ONE")


def configure(server: RedisServer, name: str, value: str) -> None:
    with server.client() as client:
        client.config_set(name, value)


def waiting(server: RedisServer) -> int:
    with server.client() as client:
        return int(client.llen(QUEUE))  # type: ignore[arg-type]  # of the async client as well


def with_password(url: str, password: str) -> str:
    user = "" if "@" in url else "default@"
    return url.replace("//", f"//{user}", 1).replace("@", f":{password}@")


def test_a_redis_is_asked_with_the_login_of_the_service(redis_server: RedisServer) -> None:
    assert broker_state(redis_server.url) is BrokerState.OK
    configure(redis_server, "requirepass", "right")
    assert broker_state(redis_server.url) is BrokerState.NO_LOGIN
    assert broker_state(with_password(redis_server.url, "wrong")) is BrokerState.NO_LOGIN
    assert broker_state(with_password(redis_server.url, "right")) is BrokerState.OK
    redis_server.kill()
    assert broker_state(redis_server.url) is BrokerState.UNREACHABLE


def test_a_redis_that_is_full_or_a_replica_takes_no_messages(redis_server: RedisServer) -> None:
    configure(redis_server, "maxmemory", "1")
    assert broker_state(redis_server.url) is BrokerState.NO_MESSAGES
    configure(redis_server, "maxmemory", "0")
    become_a_replica(redis_server)
    assert broker_state(redis_server.url) is BrokerState.NO_MESSAGES


def test_a_rabbitmq_is_asked_with_the_login_of_the_service(rabbitmq_server: RabbitMqServer) -> None:
    right = with_password(rabbitmq_server.url, rabbitmq_server.password)
    assert broker_state(right) is BrokerState.OK
    assert broker_state(with_password(rabbitmq_server.url, "wrong")) is BrokerState.NO_LOGIN
    assert broker_state(f"{right}another-path") is BrokerState.NO_LOGIN
    rabbitmq_server.run_short_of_memory()
    assert broker_state(right) is BrokerState.NO_MESSAGES
    rabbitmq_server.kill()
    assert broker_state(right) is BrokerState.UNREACHABLE


def test_a_queue_that_rabbitmq_does_not_know_is_told_from_an_empty_one(
    rabbitmq_server: RabbitMqServer,
) -> None:
    app = make_celery(with_password(rabbitmq_server.url, rabbitmq_server.password))
    assert waiting_messages(app) is None
    with app.connection_for_write() as connection:
        connection.default_channel.queue_declare(QUEUE)
    assert waiting_messages(app) == 0


def test_announcements_that_are_refused_are_one_warning_and_go_on_afterwards(
    redis_server: RedisServer,
) -> None:
    queue = CeleryQueue(make_celery(redis_server.url))
    queue.send(["before"])
    become_a_replica(redis_server)
    with capture_logs() as said:
        queue.send(["a", "b"])
        queue.send(["c"])
        queue.send(["d"])
    assert [(one["log_level"], one["event"]) for one in said] == [("warning", "jobs wait for the next sweep")]

    take_writes_again(redis_server)
    with capture_logs() as said:
        queue.send(["e"])
        queue.send(["f"])

    assert [one["event"] for one in said] == ["the broker takes messages again"]
    assert waiting(redis_server) == 3


def test_announcements_follow_a_name_that_leads_to_another_redis(
    redis_server: RedisServer, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    with (
        TcpProxy("127.0.0.1", redis_server.port) as name,
        RedisServer(tmp_path / "other") as promoted,
    ):
        queue = CeleryQueue(make_celery(f"redis://127.0.0.1:{name.port}/0"))
        queue.send(["before"])
        become_a_replica(redis_server)
        name.upstream = ("127.0.0.1", promoted.port)

        queue.send(["a"])
        queue.send(["b"])

        assert waiting(promoted) == 2
