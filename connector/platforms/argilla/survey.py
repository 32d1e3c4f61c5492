"""Looking around on an Argilla: what `init` offers and `doctor` reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connector.platforms.argilla import hooks
from connector.platforms.argilla.client import TESTED, ArgillaClient, uuid_of
from connector.platforms.argilla.schema import judged_questions
from connector.ports import AccountFound, Codecs, HookFound, ProjectFound, ServerFound

ADMIN = "admin"
NOT_PUBLISHED = "not published"


class ArgillaSurvey:
    """Implements Survey."""

    def __init__(self, client: ArgillaClient, codecs: Codecs) -> None:
        self._client = client
        self._codecs = codecs

    def server(self) -> ServerFound:
        """The version. The clock does not matter: no moment of the server's is compared with ours."""
        version = self._client.version()
        same = version.rpartition(".")[0] == TESTED.rpartition(".")[0]
        remark = None if same else f"only {TESTED} was tested; webhooks and reviews may behave otherwise here"
        return ServerFound(version=version, clock_ahead_seconds=None, remark=remark)

    def account(self) -> AccountFound:
        """The key's user and role."""
        me = self._client.me()
        role = str(me["role"])
        return AccountFound(
            str(me["id"]),
            str(me["username"]),
            token_kind=f"API key of an {role}",
            expires_at=None,
            unfit=None if role in (hooks.OWNER, ADMIN) else "Use the key of an admin or an owner.",
            may_register_hooks=role == hooks.OWNER,
        )

    def require_rights(self, remote_id: str) -> None:
        """Nothing beyond the role, which `account` tells."""

    def projects(self) -> Sequence[ProjectFound]:
        """The datasets that the account sees, by name; drafts are named as such."""
        result = [self._found(row) for row in self._client.datasets()]
        return sorted(result, key=lambda project: (project.title.casefold(), project.remote_id))

    def _found(self, row: Mapping[str, Any]) -> ProjectFound:
        dataset_id, name = str(row["id"]), str(row.get("name") or "")
        if row.get("status") != "ready":  # a draft has no records yet
            return ProjectFound(dataset_id, name, 0, unfit=NOT_PUBLISHED)
        return ProjectFound(dataset_id, name, self._client.count(dataset_id))

    def label_controls(self, remote_id: str) -> Mapping[str, str]:
        """The questions that can be judged, and the type of each."""
        questions = self._client.listed(f"/api/v1/datasets/{uuid_of(remote_id)}/questions")
        return judged_questions(questions, self._codecs)

    def hooks(self, remote_id: str) -> Sequence[HookFound]:  # noqa: ARG002 - webhooks are the server's
        """The server's webhooks, where the account may see them; their secrets stay out."""
        return [
            HookFound(str(row.get("url")), bool(row.get("enabled"))) for row in hooks.listed(self._client)
        ]
