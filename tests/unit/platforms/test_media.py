"""Pictures through the proxy: only from allowed hosts, only pictures, within bounds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from connector.errors import NotFound, Rejected, Retryable, SecondlookError
from connector.platforms import media
from connector.platforms.label_studio.client import LabelStudioClient
from connector.platforms.label_studio.files import media_address
from connector.platforms.media import PictureProxy
from connector.ports import MediaAddress

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
ELSEWHERE = "http://labels.example.org"
LISTED = PictureProxy(("127.0.0.0/8",))
BODIES = {"/svg": b" <svg onload='alert(1)'/>", "/page": b"<!doctype html>", "/text": b"words"}


class Shelf(BaseHTTPRequestHandler):
    """A server of files; it notes who asked."""

    seen: list[tuple[str, str | None, str | None]]

    def do_GET(self) -> None:
        self.seen.append((self.path, self.headers.get("Authorization"), self.headers.get("Host")))
        if self.path.startswith("/away"):
            self.send_response(303)
            self.send_header("Location", self.path.partition("?")[2])
            self.end_headers()
            return
        if self.path == "/gone":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", "image/png")
        if self.path == "/long":
            self.send_header("Content-Length", str(media.MOST_BYTES + 1))
        self.end_headers()
        if self.path == "/slow":
            time.sleep(0.2)
        if self.path == "/drops":
            with suppress(OSError):  # until the other side has gone
                while True:
                    self.wfile.write(b".")
                    time.sleep(0.01)
            return
        self.wfile.write(BODIES.get(self.path, PNG * (2 if self.path == "/huge" else 1)))

    def log_message(self, *_: object) -> None:
        """Nothing is written."""


@pytest.fixture
def shelf() -> Iterator[str]:
    Shelf.seen = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shelf)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def refused(kind: type[SecondlookError], says: str, call: Callable[[], object]) -> None:
    with pytest.raises(kind, match=says):
        call()


def test_a_picture_of_a_listed_host_is_fetched(shelf: str) -> None:
    found = LISTED.fetch(MediaAddress(f"{shelf}/cat.png", ELSEWHERE))
    assert (found.kind, b"".join(found.parts), found.size) == ("image/png", PNG, len(PNG))
    assert Shelf.seen == [("/cat.png", None, shelf.removeprefix("http://"))]


@pytest.mark.parametrize(
    ("start", "kind"),
    [
        (b"ID3\x04", "audio/mpeg"),
        (b"\xff\xfb\x90", "audio/mpeg"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "audio/wav"),
        (b"OggS", "audio/ogg"),
        (b"fLaC", "audio/flac"),
        (b"\x00\x00\x00\x20ftypM4A ", "audio/mp4"),
    ],
)
def test_sounds_are_known_by_how_they_begin(
    shelf: str, start: bytes, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(BODIES, "/sound", start + bytes(50))
    assert LISTED.fetch(MediaAddress(f"{shelf}/sound", ELSEWHERE)).kind == kind


def test_the_platforms_own_address_needs_no_listing_and_gets_the_token(shelf: str) -> None:
    client = LabelStudioClient(shelf, "the-token")
    PictureProxy().fetch(media_address(client, "7", "/data/upload/1/cat.png"))
    PictureProxy().fetch(media_address(client, "7", "s3://bucket/cat.png"))
    (upload, token, _), (resolved, also, _) = Shelf.seen
    assert (upload, token) == ("/data/upload/1/cat.png", "Token the-token")
    assert resolved.startswith("/tasks/7/resolve/?fileuri=")
    assert also == token


@pytest.mark.parametrize("value", ["/api/users/", "/data/../api/users/", "/data/%2e%2e/api/users/"])
def test_the_token_goes_to_files_alone(value: str) -> None:
    client = LabelStudioClient(ELSEWHERE, "the-token")
    for named in (value, ELSEWHERE + value):
        assert not media_address(client, "7", named).headers


def test_what_looks_like_an_address_and_is_none_is_refused(shelf: str) -> None:
    client = LabelStudioClient(ELSEWHERE, "the-token")
    refused(Rejected, "no web address", lambda: PictureProxy().fetch(media_address(client, "7", "http://[")))
    away = MediaAddress(f"{shelf}/away?http://[", shelf)
    refused(Retryable, "does not answer as it should", lambda: PictureProxy().fetch(away))


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/cat.png",
        "http://localhost:{port}/cat.png",
        "http://[::1]:{port}/cat.png",
        "http://169.254.169.254/latest/meta-data",
        "http://labels.example.org@127.0.0.1:{port}/cat.png",
        "http://labels.example.org:8080/cat.png",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "http://",
        "cat.png",
        "http://127.0.0.1:99999999/",
    ],
)
def test_no_other_host_is_called(shelf: str, url: str) -> None:
    address = MediaAddress(url.replace("{port}", shelf.rpartition(":")[2]), ELSEWHERE)
    with pytest.raises(Rejected):
        PictureProxy(("images.example.org",)).fetch(address)
    assert Shelf.seen == []


def test_a_listed_name_that_leads_to_a_private_address_is_not_called(shelf: str) -> None:
    named = MediaAddress(shelf.replace("127.0.0.1", "localhost") + "/cat.png", ELSEWHERE)
    refused(Rejected, "private address", lambda: PictureProxy(("localhost",)).fetch(named))
    assert Shelf.seen == []


def test_a_redirect_is_an_address_like_any_other_and_carries_no_token(shelf: str) -> None:
    own = {"Authorization": "Token the-token"}
    away = MediaAddress(f"{shelf}/away?http://169.254.169.254/x", shelf, own)
    refused(Rejected, "no host that pictures are taken from", lambda: PictureProxy().fetch(away))
    assert PictureProxy().fetch(MediaAddress(f"{shelf}/away?/cat.png", shelf, own)).kind == "image/png"
    assert Shelf.seen[-1][:2] == ("/cat.png", None)
    circle = MediaAddress(f"{shelf}/away?/away?/away?/away?/away?/cat.png", shelf)
    refused(Rejected, "redirects too often", lambda: PictureProxy().fetch(circle))


@pytest.mark.parametrize(
    ("path", "kind", "says"),
    [
        ("/gone", NotFound, "no such file"),
        ("/svg", Rejected, "SVG or HTML"),
        ("/page", Rejected, "SVG or HTML"),
        ("/text", Rejected, "no picture or sound"),
        ("/long", Rejected, "larger than 20 MB"),
        ("/huge", Rejected, "larger than"),
        ("/slow", Retryable, "did not arrive"),
        ("/drops", Retryable, "did not arrive"),
    ],
)
def test_what_is_no_picture_within_the_bounds_is_said(
    shelf: str, path: str, kind: type[SecondlookError], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if path in ("/slow", "/drops"):
        monkeypatch.setattr(media, "SECONDS", 0.1)
    if path == "/huge":
        monkeypatch.setattr(media, "MOST_BYTES", len(PNG) + 1)
    refused(kind, says, lambda: LISTED.fetch(MediaAddress(shelf + path, ELSEWHERE)))


def test_a_server_that_is_not_there_is_said() -> None:
    away = MediaAddress("http://127.0.0.1:1/", ELSEWHERE)
    refused(Retryable, "does not answer", lambda: LISTED.fetch(away))
