"""The application on a real port, over a database of its own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn

from connector.actions import users
from connector.model.access import EVERYWHERE, AccessRole
from connector.web.app import create_app
from connector.wiring import Services
from tests.unit.web.forms import PASSWORD
from tests.unit.web.seeding import TOKEN, services_in
from workers.report.documents import Files


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    made = services_in(tmp_path)
    yield made
    made.close()


@pytest.fixture
def client(services: Services) -> Iterator[httpx.Client]:
    """A caller without credentials."""
    app = create_app(services.settings, services)
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, ws="none"))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        with httpx.Client(base_url=f"http://127.0.0.1:{listening.getsockname()[1]}", timeout=30) as made:
            yield made
        server.should_exit = True
        thread.join()


@pytest.fixture
def api(client: httpx.Client) -> httpx.Client:
    """A caller with the token."""
    client.headers["Authorization"] = f"Bearer {TOKEN}"
    return client


@pytest.fixture
def ann(client: httpx.Client, services: Services) -> httpx.Client:
    """An admin who is signed in."""
    services.documents = Files()
    with services.store.begin() as unit:
        users.add(unit, "ann", PASSWORD, {EVERYWHERE: AccessRole.ADMIN}, "test")
    assert client.post("/sign-in", data={"name": "ann", "password": PASSWORD}).status_code == 303
    return client
