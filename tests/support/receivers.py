"""Receivers of messages: a mail server and an HTTP server, small and real, that do as they are told."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Received:
    headers: dict[str, str]
    body: bytes
    path: str


@dataclass
class WebReceiver:
    """`answers`: the status of each request in turn, the last one for all that follow; None: it hangs."""

    answers: list[int | None] = field(default_factory=lambda: [204])
    received: list[Received] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    def next_answer(self) -> int | None:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def web_receiver(*answers: int | None) -> Iterator[WebReceiver]:
    state = WebReceiver([*answers] or [204])

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            state.received.append(Received(headers, body, self.path))
            status = state.next_answer()
            if status is None:
                state.ended.wait(30)
                return
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", f"http://127.0.0.1:{state.port}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        state.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield state
        state.ended.set()
        server.shutdown()
        thread.join()


@dataclass
class Mailbox:
    """What a mail server took, and which recipients it refuses."""

    letters: list[bytes] = field(default_factory=list)
    refuses: tuple[str, ...] = ()
    port: int = 0


@contextmanager
def mail_receiver(*refuses: str) -> Iterator[Mailbox]:
    state = Mailbox(refuses=refuses)

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say("220 ready")
            while line := self.rfile.readline():
                word = line.split(b" ")[0].strip().upper()
                if word == b"RCPT" and any(each.encode() in line for each in state.refuses):
                    self._say("550 nobody of that name")
                elif word == b"DATA":
                    self._say("354 go on")
                    state.letters.append(self._letter())
                    self._say("250 taken")
                elif word == b"QUIT":
                    self._say("221 bye")
                    return
                else:
                    self._say("250 well")

        def _letter(self) -> bytes:
            lines = []
            while (line := self.rfile.readline()) not in (b".\r\n", b""):
                lines.append(line)
            return b"".join(lines)

        def _say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        state.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield state
        server.shutdown()
        thread.join()
