"""As much of Label Studio's and Argilla's API as `init` and `doctor` read, on a real port."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

TOKEN = "0123456789abcdef0123456789abcdef01234567"
ONE = (
    '<View><Text name="t" value="$text"/>'
    '<Choices name="kind" toName="t"><Choice value="a"/><Choice value="b"/></Choices></View>'
)
TWO = ONE.replace(
    "</View>",
    '<Choices name="tone" toName="t"><Choice value="x"/><Choice value="y"/></Choices></View>',
)
NOT_OURS = 8  # whose settings the token's user may see and not change
NONE = '<View><Text name="t" value="$text"/></View>'
PROJECTS = {
    3: {"id": 3, "title": "Cats & Dogs!", "task_number": 12, "label_config": ONE},
    5: {"id": 5, "title": "Two controls", "task_number": 4, "label_config": TWO},
    NOT_OURS: {"id": NOT_OURS, "title": "Of others", "task_number": 12, "label_config": ONE},
    6: {"id": 6, "title": "No control", "task_number": 0, "label_config": NONE},
}
USERS = [{"id": n, "email": f"user{n}@example.com"} for n in (1, 2, 3, 4)]


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path != "/api/version" and self.headers.get("Authorization") != f"Token {TOKEN}":
            self._answer(401, {"detail": "Invalid token."})
            return
        number = path.removeprefix("/api/projects/").strip("/")
        if path == f"/api/projects/{NOT_OURS}/validate/":
            self._answer(403, {"detail": "You do not have permission to perform this action."})
        elif number.isdigit() and int(number) in PROJECTS:
            self._answer(200, PROJECTS[int(number)])
        elif path in ANSWERS:
            self._answer(200, ANSWERS[path])
        else:
            self._answer(404, {"detail": "Not found."})

    def _answer(self, status: int, body: Any) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


ANSWERS: dict[str, Any] = {
    "/api/version": {"release": "1.23.2"},
    "/api/current-user/whoami": USERS[0],
    "/api/users/": USERS,
    "/api/projects/": {"results": list(PROJECTS.values()), "next": None},
    "/api/webhooks/": [],
}


@contextmanager
def little_studio() -> Iterator[str]:
    """Its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@contextmanager
def little_argilla(role: str, version_path: str = "/api/v1/version") -> Iterator[str]:
    """Its address; the key is of a user with that role. One dataset is published, one a draft."""
    ready, draft = ("5b3f0c1e-8d2a-4f6b-9c7d-0e1f2a3b4c5" + last for last in "de")
    options = {"type": "label_selection", "options": [{"value": "a"}, {"value": "b"}]}
    answers = {
        version_path: {"version": "2.8.0"},
        "/api/v1/me": {"id": draft, "username": "ada", "role": role},
        "/api/v1/me/datasets": {
            "items": [
                {"id": ready, "name": "Ready", "status": "ready"},
                {"id": draft, "name": "Drafted", "status": "draft"},
            ]
        },
        f"/api/v1/datasets/{ready}/records": {"items": [], "total": 0},
        f"/api/v1/datasets/{ready}/questions": {"items": [{"name": "kind", "settings": options}]},
    }

    class Argilla(Handler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            self._answer(200 if path in answers else 404, answers.get(path, {"detail": "Not Found"}))

    with ThreadingHTTPServer(("127.0.0.1", 0), Argilla) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
