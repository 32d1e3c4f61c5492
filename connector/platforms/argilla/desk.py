"""An Argilla dataset of our own, in which reviewers answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from connector.errors import Misconfigured, UnknownOutcome
from connector.model import Annotator, AnswerPage, OwnerMark, ReviewRequest, ReviewSetup, ReviewSnapshot, Role
from connector.platforms.argilla import hooks, mapping, review_dataset, review_records, review_settings
from connector.platforms.argilla.changes import ArgillaChanges, Rows
from connector.platforms.argilla.client import (
    BULK_SIZE,
    IDS_PER_CALL,
    PAGE_SIZE,
    ArgillaClient,
    as_dict,
    is_uuid,
    members,
    uuid_of,
)
from connector.platforms.argilla.schema import kind_of
from connector.platforms.prefetch import one_ahead
from connector.ports import Codecs


class ArgillaDesk:
    """Implements ReviewDesk, Reviewers, WebhookRegistrar and WebhookSecrets.

    It stands in the workspace of that name, or in the one of the dataset that it stands beside.
    """

    def __init__(
        self,
        client: ArgillaClient,
        beside: str | None,
        *,
        codecs: Codecs,
        workspace: str | None = None,
        page_size: int = PAGE_SIZE,
    ) -> None:
        self._client = client
        self._beside = beside
        self._codecs = codecs
        self._workspace = workspace
        self._page_size = page_size

    def ensure(self, setup: ReviewSetup, known_id: str | None) -> str:
        """The review dataset, found, finished or created, with its settings repaired."""
        self._client.version()
        codec = self._codecs.get(setup.schema.kind)
        if codec is None:
            raise Misconfigured(
                f"Argilla cannot show labels of the type {setup.schema.kind!r}",
                field="desk.platform",
                remedy="Let reviews be answered on the source's platform.",
            )
        return review_dataset.ensure(self._client, setup, known_id, self._workspace_id(), codec)

    def require_alone(self, owner: OwnerMark) -> None:
        """See `ownership`."""
        review_dataset.require_alone(self._client, owner)

    def reviewers(self) -> Sequence[Annotator]:
        """The members of the workspace, under their user names."""
        return members(self._client, self._workspace_id())

    def push(self, review_id: str, requests: Sequence[ReviewRequest]) -> Mapping[str, str]:
        """Create review records, in one call for as many as the server takes at once."""
        if not requests:
            return {}
        form = self._form(review_id)
        created: dict[str, str] = {}
        for start in range(0, len(requests), BULK_SIZE):
            part = requests[start : start + BULK_SIZE]
            records = [review_records.record_for(one, form, self._codecs[one.kind]) for one in part]
            rows = self._client.upsert(review_id, records)
            created |= {str(row["external_id"]): str(row["id"]) for row in rows}
        if any(request.key not in created for request in requests):
            raise UnknownOutcome(f"the answer does not name {len(requests)} records")
        return {request.key: created[request.key] for request in requests}

    def find(self, review_id: str, batch: str) -> Mapping[str, Sequence[str]]:
        """The records of one batch, by our key."""
        result: dict[str, list[str]] = defaultdict(list)
        for rows in self._client.bare_pages(review_id, self._page_size):
            for row in rows:
                held = mapping.metadata_of(row)
                key = held.get(review_settings.KEY)
                if held.get(review_settings.BATCH) == batch and isinstance(key, str):
                    result[key].append(str(row["id"]))
        return dict(result)

    def complete(self, review_id: str, placed: Mapping[str, ReviewRequest]) -> None:
        """Nothing: the server stores a record with its suggestions or not at all."""

    def set_overlap(self, remote_id: str, overlap: int) -> None:
        """Ask for so many answers: of all records, for Argilla has no number for one."""
        path = f"/api/v1/records/{uuid_of(remote_id)}"
        record = as_dict(self._client.api.get(path), path)
        dataset = self._client.dataset(str(record["dataset_id"]))
        review_dataset.raise_overlap(self._client, dataset, overlap)

    def untouched(self, review_id: str, remote_ids: Sequence[str]) -> set[str]:
        """A draft is a response, too."""
        known = [one for one in remote_ids if is_uuid(one)]
        rows = self._client.records(review_id, known) if known else []
        return {str(row["id"]) for row in rows if not row.get("responses")}

    def withdraw(self, review_id: str, remote_ids: Sequence[str]) -> None:
        """Delete the records that nobody has answered: nothing else takes one out of the queue.

        An answered one stays, for its answers would go with it.
        """
        unanswered = sorted(self.untouched(review_id, remote_ids))
        for start in range(0, len(unanswered), IDS_PER_CALL):
            ids = ",".join(unanswered[start : start + IDS_PER_CALL])
            path = f"/api/v1/datasets/{uuid_of(review_id)}/records"
            self._client.api.write("DELETE", path, params={"ids": ids})

    def answers_since(self, review_id: str, cursor: str | None) -> Iterator[AnswerPage]:
        """Review records whose answers changed; see `changes` for what a cursor promises."""
        changes = ArgillaChanges(self._client, review_id, page_size=self._page_size)
        return one_ahead(AnswerPage(self._snapshots(rows), after) for rows, after in changes.since(cursor))

    def fetch_answers(self, review_id: str, remote_ids: Sequence[str]) -> AnswerPage:
        """The answers of some records; the page's cursor is empty, for it continues nothing."""
        return AnswerPage(self._snapshots(self._client.records(review_id, remote_ids)), "")

    def link(self, review_id: str) -> str:
        """Where reviewers answer one record after the other."""
        return f"{self._client.url}/dataset/{uuid_of(review_id)}/annotation-mode"

    def ensure_webhook(self, role: Role, remote_project: str, url: str, secret: str) -> bool:  # noqa: ARG002 - the protocol's signature; Argilla's webhooks are for the whole server
        """Register or repair our webhook, if this user may."""
        return hooks.ensure(self._client, role, url, secret)

    def webhook_secrets(self, url: str) -> Sequence[str]:
        """What Argilla signs with; it makes this itself."""
        return hooks.secrets(self._client, url)

    def _workspace_id(self) -> str:
        if self._workspace is None and self._beside is not None:
            return str(self._client.dataset(self._beside)["workspace_id"])
        known = {str(row["name"]): str(row["id"]) for row in self._client.listed("/api/v1/me/workspaces")}
        if self._workspace is None or self._workspace not in known:
            seen = ", ".join(sorted(known)) or "none"
            raise Misconfigured(
                f"this key sees no workspace {self._workspace!r} (it sees: {seen})",
                field="desk.workspace",
                remedy="Make the workspace in Argilla and this user a member, or name another one.",
            )
        return known[self._workspace]

    def _snapshots(self, rows: Rows) -> tuple[ReviewSnapshot, ...]:
        result = (review_records.snapshot(row, self._codecs) for row in rows)
        return tuple(snapshot for snapshot in result if snapshot is not None)

    def _form(self, review_id: str) -> review_records.ArgillaForm:
        path = f"/api/v1/datasets/{uuid_of(review_id)}"
        questions = self._client.listed(f"{path}/questions")
        return review_records.ArgillaForm(
            fields={str(row["name"]): kind_of(row) for row in self._client.listed(f"{path}/fields")},
            questions=questions,
        )
