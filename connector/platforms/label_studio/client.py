"""Label Studio's HTTP API: both kinds of token, and its queries."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from connector.errors import Misconfigured, NotFound, Rejected
from connector.model import Annotator
from connector.platforms.http import Anonymous, Api, Credentials, FixedHeader

RENEW_AT = 0.8  # share of an access token's life after which it is replaced
DEFAULT_LIFE_S = 300.0
PAGE_SIZE = 500  # measured: no faster above, and a page stays a few megabytes
IDS_PER_CALL = 200  # ids travel in the query string, which servers limit to about 8 kB
# Naming the fields makes the list endpoint twice as fast: its costly aggregates are left out.
# The same names choose the fields of the annotations inside; predictions always come whole.
ANSWER_FIELDS = (
    "id,created_at,updated_at,overlap,data,"
    "annotations,result,completed_by,updated_by,was_cancelled,ground_truth"
)
ITEM_FIELDS = f"{ANSWER_FIELDS},parent_annotation,predictions"
REF_FIELDS = "id,created_at"

Filter = dict[str, Any]


class LabelStudioClient:
    """The calls that the adapter makes, as raw JSON, with errors already translated."""

    def __init__(
        self, url: str, token: str, *, transport: httpx.BaseTransport | None = None, section: str = ""
    ) -> None:
        self.url = url.rstrip("/")
        credentials = credentials_for(self.url, token, transport)
        self.api = Api(self.url, credentials, transport=transport, secrets=(token,), section=section)
        self._user: Mapping[str, Any] | None = None
        self._version: str | None = None

    def whoami(self) -> Mapping[str, Any]:
        """The user that the token belongs to; asked once, for a token never changes its user."""
        if self._user is None:
            self._user = as_dict(self.api.get("/api/current-user/whoami"), "whoami")
        return self._user

    def user_id(self) -> str:
        """The service user's id."""
        return str(self.whoami()["id"])

    def version(self) -> str:
        """The server's release, or an empty string."""
        if self._version is None:
            self._version = self._asked_version()
        return self._version

    def _asked_version(self) -> str:
        try:
            answer = self.api.get("/api/version")
        except (Rejected, Misconfigured):
            return ""
        return str(answer.get("release", "")) if isinstance(answer, dict) else ""

    def project(self, project_id: str, fields: str | None = None) -> dict[str, Any]:
        """One project; Misconfigured when it does not exist for this user."""
        params = {"include": fields} if fields else None
        try:
            return as_dict(self.api.get(f"/api/projects/{whole(project_id)}/", params), "project")
        except NotFound as error:
            raise Misconfigured(
                f"project {project_id} does not exist for this token",
                field="project",
                remedy="Use the number in the project's address, and a token of one of its members.",
            ) from error

    def patch_project(self, project_id: str, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Change a project's settings; the project as the server then has it."""
        return as_dict(self.api.write("PATCH", f"/api/projects/{whole(project_id)}/", changes), "project")

    def page(
        self,
        project_id: str,
        *,
        filters: Sequence[Filter] = (),
        order: str = "tasks:id",
        size: int = PAGE_SIZE,
        fields: str = ITEM_FIELDS,
    ) -> tuple[list[dict[str, Any]], Mapping[str, str]]:
        """The first `size` tasks that pass the filters, and the answer's headers.

        Only ever the first page: later pages shift while tasks come and go.
        """
        query: dict[str, Any] = {"ordering": [order]}
        if filters:
            query["filters"] = {"conjunction": "and", "items": list(filters)}
        params = {
            "project": whole(project_id),
            "page": 1,
            "page_size": size,
            "fields": "all",
            "include": fields,
            "query": json.dumps(query),
        }
        answer, headers = self.api.read("/api/tasks", params)
        return task_list(answer), headers

    def tasks(self, project_id: str, ids: Sequence[str], fields: str = ITEM_FIELDS) -> list[dict[str, Any]]:
        """The tasks with these ids that exist in the project."""
        wanted = sorted({int(i) for i in ids if i.isdecimal()})
        rows: list[dict[str, Any]] = []
        for start in range(0, len(wanted), IDS_PER_CALL):
            chunk = wanted[start : start + IDS_PER_CALL]
            rows += self.page(project_id, filters=[id_in(chunk)], size=len(chunk), fields=fields)[0]
        return rows

    def task(self, project_id: str, task_id: str) -> dict[str, Any] | None:
        """One task of this project with all its annotations and predictions, or None."""
        rows = self.tasks(project_id, [task_id])
        return rows[0] if rows else None

    def all_pages(self, path: str, params: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Every row of a list endpoint, whether it pages or answers with a plain list."""
        rows: list[dict[str, Any]] = []
        number = 1
        while True:
            answer = self.api.get(path, {**(params or {}), "page": number, "page_size": 100})
            if isinstance(answer, list):
                return [row for row in answer if isinstance(row, dict)]
            rows += [row for row in as_dict(answer, path).get("results", []) if isinstance(row, dict)]
            if not answer.get("next"):
                return rows
            number += 1


class AccessTokens:
    """A personal access token: exchanged for short-lived access tokens as needed, by any thread.

    Lifetimes are measured on our monotonic clock, so a wrong wall clock does no harm.
    """

    def __init__(self, url: str, refresh: str, transport: httpx.BaseTransport | None = None) -> None:
        self._api = Api(url, Anonymous(), transport=transport, secrets=(refresh,))
        self._refresh = refresh
        self._lock = threading.Lock()
        self._value: str | None = None
        self._renew_at = 0.0

    def header(self) -> tuple[str, str]:
        """The bearer header, with a token that still lives for a while."""
        with self._lock:
            if self._value is None or time.monotonic() >= self._renew_at:
                self._obtain()
            return "Authorization", str(self._value)

    def renew(self, refused: str) -> bool:
        """Drop the refused token, unless another thread has replaced it meanwhile."""
        with self._lock:
            if self._value == refused:
                self._value = None
            return True

    def _obtain(self) -> None:
        path = "/api/token/refresh/"
        answer, _ = self._api.read(path, method="POST", json={"refresh": self._refresh})
        access = as_dict(answer, path).get("access")
        if not isinstance(access, str):
            raise Misconfigured(
                "the server gave no access token for this personal access token",
                field="token",
                remedy="Create a new personal access token for the service user.",
            )
        claims = jwt_claims(access) or {}
        life = _number(claims.get("exp")) - _number(claims.get("iat"))
        self._value = f"Bearer {access}"
        self._renew_at = time.monotonic() + RENEW_AT * (life if life > 0 else DEFAULT_LIFE_S)


def credentials_for(url: str, token: str, transport: httpx.BaseTransport | None = None) -> Credentials:
    """Tell the two kinds of token apart by their form."""
    if not token.isascii() or not token.isprintable() or " " in token:
        raise Misconfigured(
            "the token holds characters that no token has",
            field="token",
            remedy="Copy it again, without spaces or line breaks.",
        )
    claims = jwt_claims(token)
    if claims is None:
        return FixedHeader("Authorization", f"Token {token}")
    if claims.get("token_type") == "access":
        raise Misconfigured(
            "this is an access token, which lives for minutes only",
            field="token",
            remedy="Use the personal access token itself.",
        )
    return AccessTokens(url, token, transport)


def jwt_claims(token: str) -> dict[str, Any] | None:
    """The claims of a JWT, unverified; None for anything else."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        padded = parts[1] + "=" * (-len(parts[1]) % 4)
        claims = json.loads(base64.urlsafe_b64decode(padded))
    except (ValueError, RecursionError):
        return None
    return claims if isinstance(claims, dict) else None


def id_in(ids: Sequence[int]) -> Filter:
    """Tasks with one of these ids."""
    return {"filter": "filter:tasks:id", "operator": "in_list", "type": "Number", "value": list(ids)}


def id_above(last: int) -> Filter:
    """Tasks with a greater id."""
    return {"filter": "filter:tasks:id", "operator": "greater", "type": "Number", "value": last}


def updated(operator: str, moment: str) -> Filter:
    """Tasks by `updated_at`; the server wants the moment with a fraction and a Z."""
    return {
        "filter": "filter:tasks:updated_at",
        "operator": operator,
        "type": "Datetime",
        "value": moment,
    }


def data_equals(field: str, value: str) -> Filter:
    """Tasks whose data holds this text in this field."""
    return {"filter": f"filter:tasks:data.{field}", "operator": "equal", "type": "String", "value": value}


def data_contains(field: str, value: str) -> Filter:
    """Tasks whose data holds this text somewhere in this field."""
    return {**data_equals(field, value), "operator": "contains"}


def unfinished() -> Filter:
    """Tasks that still want answers."""
    return {"filter": "filter:tasks:is_labeled", "operator": "equal", "type": "Boolean", "value": False}


def as_dict(answer: Any, what: str) -> dict[str, Any]:
    """The answer, if it is an object as it should be."""
    if isinstance(answer, dict):
        return answer
    raise Rejected(f"{what}: Label Studio answered with {type(answer).__name__} instead of an object")


def task_list(answer: Any) -> list[dict[str, Any]]:
    """The tasks of a page; whatever is no task with an id is no task."""
    rows = as_dict(answer, "tasks").get("tasks")
    if not isinstance(rows, list):
        raise Rejected("tasks: Label Studio answered without a list of tasks")
    return [row for row in rows if isinstance(row, dict) and isinstance(row.get("id"), int)]


def whole(project_id: str) -> int:
    """A project's id as a number; anything else is a mistake in the configuration."""
    if project_id.isascii() and project_id.isdecimal():
        return int(project_id)
    raise Misconfigured(
        f"{project_id!r} is not a project number",
        field="project",
        remedy="Use the number in the project's address.",
    )


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def members(client: LabelStudioClient) -> list[Annotator]:
    """The people of the organisation, under the name that they go by."""
    rows = client.all_pages("/api/users/")
    return [Annotator(str(row["id"]), _name(row)) for row in rows if "id" in row]


def _name(row: dict[str, object]) -> str:
    full = f"{row.get('first_name') or ''} {row.get('last_name') or ''}".strip()
    return full or str(row.get("email") or row.get("username") or row["id"])
