"""Looking around on a Label Studio: what `init` offers and `doctor` reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from connector.errors import InvalidToken, Misconfigured, Rejected
from connector.platforms.label_studio.changes import server_time
from connector.platforms.label_studio.client import LabelStudioClient, as_dict, jwt_claims, whole
from connector.platforms.label_studio.config import parsed, schema_of
from connector.ports import AccountFound, Codecs, HookFound, ProjectFound, ServerFound


class LabelStudioSurvey:
    """Implements Survey."""

    def __init__(self, client: LabelStudioClient, token: str, codecs: Codecs) -> None:
        self._client = client
        self._codecs = codecs
        self._claims = jwt_claims(token)

    def server(self) -> ServerFound:
        """Version and clock, from one answer."""
        before = datetime.now(UTC).timestamp()
        answer, headers = self._client.api.read("/api/version")
        middle = (before + datetime.now(UTC).timestamp()) / 2
        theirs = server_time(headers)
        return ServerFound(
            version=str(as_dict(answer, "version").get("release", "")),
            clock_ahead_seconds=theirs - middle if theirs else None,
        )

    def account(self) -> AccountFound:
        """The token's user, and what kind of token it is."""
        user = self._client.whoami()
        claims = self._claims
        expires = claims.get("exp") if claims else None
        return AccountFound(
            user_id=str(user["id"]),
            name=str(user.get("email") or user.get("username") or user["id"]),
            token_kind="legacy token" if claims is None else "personal access token",
            expires_at=datetime.fromtimestamp(expires, UTC) if isinstance(expires, int | float) else None,
        )

    def require_rights(self, remote_id: str) -> None:
        """Asks for what only those may see who may change the project; nothing is changed by it."""
        try:
            self._client.api.get(f"/api/projects/{whole(remote_id)}/validate/")
        except InvalidToken:
            raise
        except Misconfigured as error:
            raise Misconfigured(
                "its user may not change the settings of this project",
                field="token",
                remedy="Give that user a role that may (manager of the project, administrator): webhooks, "
                "reviews and guidelines need it. Or use another user's token.",
            ) from error
        except Rejected:
            return  # there is no such project, which is said elsewhere

    def projects(self) -> Sequence[ProjectFound]:
        """All that the account sees, by title."""
        rows = self._client.all_pages("/api/projects/", {"include": "id,title,task_number"})
        result = [
            ProjectFound(str(row["id"]), str(row.get("title") or ""), int(row.get("task_number") or 0))
            for row in rows
            if "id" in row
        ]
        return sorted(result, key=lambda project: (project.title.casefold(), int(project.remote_id)))

    def label_controls(self, remote_id: str) -> Mapping[str, str]:
        """The controls for which a schema can be made, and its kind."""
        project = self._client.project(remote_id, fields="id,label_config")
        config = str(project.get("label_config") or "")
        kinds = {name: _kind(config, name, self._codecs) for name in _controls(config)}
        return {name: kind for name, kind in kinds.items() if kind is not None}

    def hooks(self, remote_id: str) -> Sequence[HookFound]:
        """The project's webhooks; their headers hold secrets and stay out."""
        rows = self._client.all_pages("/api/webhooks/", {"project": whole(remote_id)})
        return [HookFound(str(row.get("url")), bool(row.get("is_active"))) for row in rows]


def _controls(config: str) -> list[str]:
    try:
        return [str(control.name) for control in parsed(config).controls]
    except Misconfigured:
        return []


def _kind(config: str, name: str, codecs: Codecs) -> str | None:
    try:
        return schema_of(config, name, codecs).kind
    except Misconfigured:
        return None
