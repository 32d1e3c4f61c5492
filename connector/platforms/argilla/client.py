"""The calls to an Argilla server that the adapter makes, and nothing else of its API.

Plain REST, not the SDK: that erases metadata where it is given none, and repeats writes by itself. It
words the settings of a review dataset, though; see `review_settings`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import httpx

from connector.errors import Misconfigured, NotFound, Retryable
from connector.model import Annotator
from connector.platforms.http import Api, FixedHeader

MAJOR, TESTED = "2", "2.8.0"  # versions of the server: whose API we speak, and what was tested
PAGE_SIZE = 500
IDS_PER_CALL = 100
BULK_SIZE = 500  # the server's limit
_RELATED = ["responses", "suggestions"]

Raw = dict[str, Any]


class ArgillaClient:
    """One user's access to one server; shared by source and desk."""

    def __init__(
        self, url: str, key: str, *, transport: httpx.BaseTransport | None = None, section: str = ""
    ) -> None:
        self.url = url.rstrip("/")
        credentials = FixedHeader("X-Argilla-Api-Key", key)
        self.api = Api(self.url, credentials, transport=transport, secrets=(key,), section=section)
        self.key = key
        self._me: Raw | None = None
        self._version: str | None = None
        self._lock = threading.Lock()

    def me(self) -> Raw:
        """Whose key it is, without the key; asked once."""
        with self._lock:
            if self._me is None:
                answer = as_dict(self.api.get("/api/v1/me"), "me")
                self._me = {name: answer.get(name) for name in ("id", "username", "role")}
            return self._me

    def user_id(self) -> str:
        return str(self.me()["id"])

    def version(self) -> str:
        """The server's version; Misconfigured for a server whose API is another."""
        with self._lock:
            if self._version is None:
                self._version = self._asked_version()
            return self._version

    def _asked_version(self) -> str:
        try:
            answer = as_dict(self.api.get("/api/v1/version"), "version")
        except NotFound as error:
            raise _unsupported("of an unknown version, from before 2.0,") from error
        version = str(answer.get("version") or "")
        if version.partition(".")[0] != MAJOR:
            raise _unsupported(version or "of an unknown version")
        return version

    def dataset(self, dataset_id: str) -> Raw:
        """One dataset; Misconfigured when it does not exist for this user."""
        try:
            return as_dict(self.api.get(f"/api/v1/datasets/{uuid_of(dataset_id)}"), "dataset")
        except NotFound as error:
            raise Misconfigured(
                f"dataset {dataset_id} does not exist for this key",
                field="project",
                remedy="Use the id in the dataset's address, and the key of a member of its workspace.",
            ) from error

    def datasets(self) -> list[Raw]:
        """All that this user sees."""
        return self.listed("/api/v1/me/datasets")

    def listed(self, path: str) -> list[Raw]:
        """The objects of an endpoint that answers with all its items."""
        items = as_dict(self.api.get(path), path).get("items")
        return [row for row in items if isinstance(row, dict)] if isinstance(items, list) else []

    def page(self, dataset_id: str, offset: int, size: int, *, vectors: Sequence[str] = ()) -> list[Raw]:
        """Records in the order in which they were added, with responses, suggestions and these vectors."""
        return self._records(dataset_id, {"offset": offset, "limit": size, "include": _related(vectors)})[0]

    def count(self, dataset_id: str) -> int:
        """How many records a dataset has."""
        rows, total = self._records(dataset_id, {"limit": 1})
        return len(rows) if total is None else total

    def bare_pages(self, dataset_id: str, size: int) -> Iterator[list[Raw]]:
        """All records without responses and suggestions."""
        offset = 0
        while True:
            rows, _ = self._records(dataset_id, {"offset": offset, "limit": size})
            if rows:
                yield rows
            if len(rows) < size:
                return
            offset += size

    def _records(self, dataset_id: str, params: Mapping[str, Any]) -> tuple[list[Raw], int | None]:
        path = f"/api/v1/datasets/{uuid_of(dataset_id)}/records"
        answer = as_dict(self.api.get(path, params), path)
        total = answer.get("total")
        rows = [row for row in answer.get("items") or [] if isinstance(row, dict) and "id" in row]
        return rows, total if isinstance(total, int) else None

    def record(self, dataset_id: str, record_id: str, *, vectors: Sequence[str] = ()) -> Raw | None:
        """One record of this dataset with all that belongs to it, or None."""
        if not is_uuid(record_id):
            return None
        try:
            # Sent once: for a record with vectors this call always fails (a fault of the server).
            result = self.api.write("GET", f"/api/v1/records/{record_id}")
        except NotFound:
            return None
        except Retryable:
            result = next(iter(self._searched(dataset_id, [record_id], vectors)), None)
        if not isinstance(result, dict) or str(result.get("dataset_id")) != str(UUID(dataset_id)):
            return None
        return result

    def records(
        self, dataset_id: str, record_ids: Sequence[str], *, vectors: Sequence[str] = ()
    ) -> list[Raw]:
        """The records with these ids that exist in this dataset."""
        result = (self.record(dataset_id, one, vectors=vectors) for one in dict.fromkeys(record_ids))
        return [row for row in result if row is not None]

    def _searched(self, dataset_id: str, record_ids: Sequence[str], vectors: Sequence[str]) -> list[Raw]:
        path = f"/api/v1/datasets/{uuid_of(dataset_id)}/records/search"
        scope = {"entity": "record", "property": "id"}
        body = {
            "filters": {"type": "and", "and": [{"type": "terms", "scope": scope, "values": [*record_ids]}]}
        }
        params = {"include": _related(vectors), "limit": IDS_PER_CALL}
        answer, _ = self.api.read(path, params, method="POST", json=body)
        rows = as_dict(answer, path).get("items") or []
        return [
            row["record"] for row in rows if isinstance(row, dict) and isinstance(row.get("record"), dict)
        ]

    def upsert(self, dataset_id: str, items: Sequence[Raw]) -> list[Raw]:
        """Add or change records by their external id; at most BULK_SIZE, all or none."""
        path = f"/api/v1/datasets/{uuid_of(dataset_id)}/records/bulk"
        answer = as_dict(self.api.write("PUT", path, {"items": [*items]}), path)
        return [row for row in answer.get("items") or [] if isinstance(row, dict)]

    def patch_dataset(self, dataset_id: str, changes: Mapping[str, Any]) -> None:
        """Change a dataset's settings. The server announces every response of it as updated."""
        self.api.write("PATCH", f"/api/v1/datasets/{uuid_of(dataset_id)}", dict(changes))


def _unsupported(version: str) -> Misconfigured:
    return Misconfigured(
        f"this Argilla is {version} and cannot be worked with",
        field="url",
        remedy=f"Use a server of version {MAJOR}; {TESTED} is the one that was tested.",
    )


def _related(vectors: Sequence[str]) -> list[str]:
    return [*_RELATED, *([f"vectors:{','.join(vectors)}"] if vectors else [])]


def members(client: ArgillaClient, workspace_id: str) -> list[Annotator]:
    """The people of a workspace, under their user names, and the key's own user."""
    rows = client.listed(f"/api/v1/workspaces/{workspace_id}/users")
    names = {str(row["id"]): str(row.get("username") or row["id"]) for row in rows if "id" in row}
    me = client.me()
    names.setdefault(str(me["id"]), str(me["username"]))
    return [Annotator(user_id, name) for user_id, name in names.items()]


def is_uuid(text: str) -> bool:
    """Whether the server could have given this id."""
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def uuid_of(text: str) -> str:
    """The id as the server writes it; NotFound for what cannot be one."""
    try:
        return str(UUID(text))
    except ValueError as error:
        raise NotFound(f"{text!r} is not the id of a dataset") from error


def as_dict(value: Any, what: str) -> Raw:
    """A JSON object; Misconfigured when the server answers with something else."""
    if isinstance(value, dict):
        return value
    raise Misconfigured(
        f"{what}: the answer is not what Argilla gives",
        field="url",
        remedy="Set it to the address of an Argilla server (2.x).",
    )
