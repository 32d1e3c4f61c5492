"""The proxy that tests put before a server must lose exactly what it is told to lose."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
import redis

from tests.support.cut_proxy import HttpProxy, TcpProxy
from tests.support.redis_server import RedisServer


class Counter(ThreadingHTTPServer):
    """A server that remembers the bodies of all POSTs it has worked on."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), CounterHandler)
        self.done: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class CounterHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Counter

    def do_GET(self) -> None:
        if self.path == "/chunked":
            self.send_response(200)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n")
        elif self.path == "/endless":
            self.send_response(200)
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(b"until the end")
            self.close_connection = True
        else:
            self._say({"done": self.server.done})

    def do_HEAD(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()

    def do_POST(self) -> None:
        self.server.done.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self._say({"n": len(self.server.done)})

    def do_DELETE(self) -> None:
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""

    def _say(self, answer: object) -> None:
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def counter() -> Iterator[Counter]:
    with Counter() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def proxy(counter: Counter) -> Iterator[HttpProxy]:
    with HttpProxy(counter.url) as one:
        yield one


@pytest.fixture
def client(proxy: HttpProxy) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=proxy.url, timeout=5, trust_env=False) as one:
        yield one


class TestHttp:
    def test_forwards_every_kind_of_answer_on_one_connection(
        self, client: httpx.Client, proxy: HttpProxy
    ) -> None:
        assert client.post("/a", content="x").json() == {"n": 1}
        assert client.get("/chunked").text == "abcdefg"
        assert client.head("/a").status_code == 200
        assert client.delete("/a").status_code == 204
        assert client.get("/a").json() == {"done": ["x"]}
        assert proxy.accepted == 1
        assert client.get("/endless").text == "until the end"
        assert proxy.count("GET", "/") == 3

    def test_a_dropped_response_means_the_work_is_done(
        self, client: httpx.Client, proxy: HttpProxy, counter: Counter
    ) -> None:
        lost = proxy.drop_response("POST", r"/import\?")
        client.post("/other", content="not this one")
        with pytest.raises(httpx.ReadError):
            client.post("/import?x=1", content="once")
        assert counter.done == ["not this one", "once"]
        assert lost.hits == 1
        assert client.post("/import?x=1", content="again").status_code == 200

    def test_a_dropped_request_means_nothing_is_done(
        self, client: httpx.Client, proxy: HttpProxy, counter: Counter
    ) -> None:
        proxy.drop_request("POST", "/", times=2)
        for _ in range(2):
            with pytest.raises(httpx.ReadError):
                client.post("/", content="x")
        assert counter.done == []
        assert client.post("/", content="x").json() == {"n": 1}

    def test_a_hang_runs_into_the_callers_time_limit(
        self, client: httpx.Client, proxy: HttpProxy, counter: Counter
    ) -> None:
        hang = proxy.hang("POST", "/")
        with pytest.raises(httpx.ReadTimeout):
            client.post("/", content="x", timeout=0.2)
        hang.wait()
        assert counter.done == ["x"]

    def test_a_replaced_response_hides_the_work(
        self, client: httpx.Client, proxy: HttpProxy, counter: Counter
    ) -> None:
        proxy.replace_response("POST", "/", 500)
        assert client.post("/", content="x").status_code == 500
        assert counter.done == ["x"]

    def test_it_answers_in_the_servers_place(
        self, client: httpx.Client, proxy: HttpProxy, counter: Counter
    ) -> None:
        proxy.answer_instead("*", "/", 429, headers={"Retry-After": "7"})
        answer = client.post("/", content="x")
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
        assert counter.done == []

    def test_a_request_that_is_held_up_arrives_when_it_is_let_through(
        self, client: httpx.Client, proxy: HttpProxy, counter: Counter
    ) -> None:
        held = proxy.hold("POST", "/late")
        with pytest.raises(httpx.ReadTimeout):
            client.post("/late", content="first", timeout=0.3)
        assert client.post("/late", content="second").status_code == 200
        assert counter.done == ["second"]
        assert proxy.let_through(held) == 200
        assert counter.done == ["second", "first"]

    def test_heal_forgets_the_faults(self, client: httpx.Client, proxy: HttpProxy) -> None:
        proxy.drop_request("*", "", times=100)
        proxy.delay(5)
        proxy.heal()
        assert client.get("/").status_code == 200

    def test_a_delay_holds_the_answer_back(self, client: httpx.Client, proxy: HttpProxy) -> None:
        proxy.delay(0.2)
        start = time.monotonic()
        client.get("/")
        assert time.monotonic() - start >= 0.2

    def test_a_refusing_one_is_down_until_it_accepts(self, client: httpx.Client, proxy: HttpProxy) -> None:
        url = proxy.url
        proxy.refuse()
        with pytest.raises(httpx.ConnectError):
            client.get("/")
        proxy.accept()
        assert proxy.url == url
        assert client.get("/").status_code == 200

    def test_a_server_that_is_down_looks_down(self) -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            port = unused.getsockname()[1]
        with HttpProxy(f"http://127.0.0.1:{port}") as proxy, pytest.raises(httpx.TransportError):
            httpx.get(proxy.url, trust_env=False)


class TestTcp:
    def test_a_cut_resets_open_connections_and_allows_new_ones(self, redis_server: RedisServer) -> None:
        with TcpProxy("127.0.0.1", redis_server.port) as proxy:
            with socket.create_connection(proxy.address) as connection:
                connection.sendall(b"PING\r\n")
                assert connection.recv(100) == b"+PONG\r\n"
                proxy.cut()
                with pytest.raises(ConnectionResetError):
                    connection.recv(100)
            with _redis_at(proxy) as client:
                assert client.ping()

    def test_a_delay_holds_the_server_back(self, redis_server: RedisServer) -> None:
        with TcpProxy("127.0.0.1", redis_server.port) as proxy, _redis_at(proxy) as client:
            client.ping()
            proxy.delay(1.5)
            with pytest.raises(redis.TimeoutError):
                client.ping()


def _redis_at(proxy: TcpProxy) -> redis.Redis:
    no_retry = redis.retry.Retry(redis.backoff.NoBackoff(), 0)
    return redis.Redis(host="127.0.0.1", port=proxy.port, socket_timeout=1, retry=no_retry)
