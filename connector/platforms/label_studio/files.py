"""Files that tasks name: uploads and local files of the server, and those of storages connected to it."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from urllib.parse import unquote, urlsplit

from connector.platforms.label_studio.client import LabelStudioClient
from connector.ports import MediaAddress

OWN_FILES = "/data/"  # where the server keeps uploads and serves local files
STORAGES = ("s3", "gs", "azure-blob", "azure_spi", "redis")


def media_address(client: LabelStudioClient, task: str, value: str) -> MediaAddress:
    """Where a value of a task's data leads. The token goes to files of the server, and nowhere else on it."""
    try:
        parts = urlsplit(value)
    except ValueError:  # no address, which whoever would fetch it says
        return MediaAddress(value, client.url)
    if parts.scheme in STORAGES and task.isascii() and task.isdecimal():
        uri = urlsafe_b64encode(value.encode()).decode()
        return _signed(client, f"{client.url}/tasks/{task}/resolve/?fileuri={uri}")
    if not parts.scheme and not parts.netloc and value.startswith("/"):
        return _of_server(client, f"{client.url}{value}", parts.path)
    if value.startswith(f"{client.url}/"):
        return _of_server(client, value, value.removeprefix(client.url))
    return MediaAddress(value, client.url)


def _of_server(client: LabelStudioClient, url: str, path: str) -> MediaAddress:
    kept = path.startswith(OWN_FILES) and ".." not in unquote(path).split("/")
    return _signed(client, url) if kept else MediaAddress(url, client.url)


def _signed(client: LabelStudioClient, url: str) -> MediaAddress:
    name, secret = client.api.credentials.header()
    return MediaAddress(url, client.url, {name: secret})
