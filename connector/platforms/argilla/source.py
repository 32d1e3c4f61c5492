"""An Argilla dataset as a source of labels."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from connector.model import (
    Annotator,
    Item,
    ItemRef,
    Json,
    LabelSchema,
    OwnerMark,
    Page,
    Role,
    SourceInfo,
    WriteOrder,
    WriteRecord,
)
from connector.platforms import ownership
from connector.platforms.argilla import guidelines, hooks, mapping, part_writes, writes
from connector.platforms.argilla.changes import ArgillaChanges
from connector.platforms.argilla.client import PAGE_SIZE, ArgillaClient, members, uuid_of
from connector.platforms.argilla.schema import kind_of, schema_of
from connector.platforms.prefetch import one_ahead
from connector.ports import Codec, Codecs, ItemCodec

REF_PAGE_SIZE = 1000
SETTINGS_KEPT_S = 2.0


@dataclass(frozen=True, slots=True)
class DatasetSettings:
    """What a dataset's settings say: the judged question, and the kinds of the others by name."""

    dataset: dict[str, Any]
    schema: LabelSchema
    question_id: str
    codec: Codec
    unjudged: dict[str, str]


class ArgillaSource:
    """Implements Source, WebhookRegistrar, WebhookSecrets and Guidelines for one dataset."""

    def __init__(
        self,
        client: ArgillaClient,
        dataset_id: str,
        *,
        codecs: Codecs,
        label_control: str | None = None,
        vectors: Sequence[str] = (),
        page_size: int = PAGE_SIZE,
    ) -> None:
        """`vectors` names those that are read along, into the item's data as `vectors.NAME`."""
        self._client = client
        self._dataset_id = dataset_id
        self._codecs = codecs
        self._label_control = label_control
        self._vectors = tuple(vectors)
        self._recent: tuple[float, DatasetSettings] | None = None
        self._lock = threading.Lock()
        self._changes = ArgillaChanges(client, dataset_id, vectors=self._vectors, page_size=page_size)

    def describe(self) -> SourceInfo:
        """The dataset as it is now; Misconfigured for a draft, and without a usable question or server."""
        self._client.version()
        read = self._read_settings()
        return SourceInfo(
            title=str(read.dataset.get("name") or self._dataset_id),
            schema=read.schema,
            service_user=self._client.user_id(),
            n_items=self._client.count(self._dataset_id),
            unjudged=read.unjudged,
        )

    def annotators(self) -> Sequence[Annotator]:
        """The members of the dataset's workspace, under their user names, and the service user."""
        dataset = self._client.dataset(self._dataset_id)
        return members(self._client, str(dataset["workspace_id"]))

    def changes_since(self, cursor: str | None) -> Iterator[Page]:
        """Pages of changed items; see `changes` for what a cursor promises."""
        read: DatasetSettings | None = None
        for rows, after in one_ahead(self._changes.since(cursor)):
            # Here and not in the other thread, so that the next page is under way meanwhile.
            read = read or self._read_settings()
            yield Page(tuple(_item(row, read) for row in rows), after)

    def fetch(self, remote_ids: Sequence[str]) -> Sequence[Item]:
        """The items as they are now."""
        if not remote_ids:
            return []
        read = self._recent_settings()
        rows = self._client.records(self._dataset_id, remote_ids, vectors=self._vectors)
        return [_item(row, read) for row in rows]

    def item_refs(self) -> Iterator[Sequence[ItemRef]]:
        """Every item's identity; without responses and suggestions, which cost the most."""
        for rows in self._client.bare_pages(self._dataset_id, REF_PAGE_SIZE):
            yield [mapping.item_ref(row) for row in rows]

    def prepare(self, order: WriteOrder) -> Json:
        """What the order would replace; see `writes`."""
        return self._writer().prepare(order)

    def find_write(self, order: WriteOrder) -> WriteRecord | None:
        """What carries the order's marker, if anything does."""
        return self._writer().find(order)

    def write(self, order: WriteOrder) -> WriteRecord:
        """Carry out a correction; see `writes`."""
        return self._writer().write(order)

    def revert(self, order: WriteOrder, record: WriteRecord) -> None:
        """Undo a correction; see `writes`."""
        self._writer().revert(order, record)

    def remove_doubles(self, order: WriteOrder, record: WriteRecord) -> int:
        """Remove what was written twice; see `writes`."""
        return self._writer().remove_doubles(order, record)

    def ensure_webhook(self, role: Role, remote_project: str, url: str, secret: str) -> bool:  # noqa: ARG002 - the protocol's signature; Argilla's webhooks are for the whole server
        """Register or repair our webhook, if this user may."""
        return hooks.ensure(self._client, role, url, secret)

    def webhook_secrets(self, url: str) -> Sequence[str]:
        """What Argilla signs with; it makes this itself."""
        return hooks.secrets(self._client, url)

    @property
    def guidelines_rest(self) -> timedelta:
        """It goes through all responses after a change, and sends no webhook meanwhile."""
        return timedelta(minutes=10)

    def require_guidelines(self, owner: OwnerMark) -> None:
        """See `ownership`."""
        ownership.require_block(owner, guidelines.owner_of(guidelines.read(self._client, self._dataset_id)))

    def write_guidelines(self, block: str, owner: OwnerMark) -> str:
        """Replace the managed part of the dataset's guidelines."""
        return guidelines.write(self._client, self._dataset_id, block, owner)

    def _writer(self) -> writes.ArgillaWriter:
        read = self._recent_settings()
        parts = isinstance(read.codec, ItemCodec)
        writer = part_writes.ArgillaPartsWriter if parts else writes.ArgillaWriter
        return writer(self._client, self._dataset_id, read.schema, read.question_id, codec=read.codec)

    def _recent_settings(self) -> DatasetSettings:
        """Remembered for a moment: each fetch and each step of a correction needs them: three calls."""
        with self._lock:
            if self._recent is None or time.monotonic() - self._recent[0] > SETTINGS_KEPT_S:
                return self._read_settings()
            return self._recent[1]

    def _read_settings(self) -> DatasetSettings:
        dataset = self._client.dataset(self._dataset_id)
        path = f"/api/v1/datasets/{uuid_of(self._dataset_id)}"
        questions = self._client.listed(f"{path}/questions")
        fields = self._client.listed(f"{path}/fields")
        schema = schema_of(dataset, questions, fields, self._label_control, self._codecs)
        judged = next(row for row in questions if row["name"] == schema.control)
        others = {str(row["name"]): kind_of(row) for row in questions if row is not judged}
        read = DatasetSettings(dataset, schema, str(judged["id"]), self._codecs[schema.kind], others)
        self._recent = time.monotonic(), read
        return read


def _item(row: dict[str, Any], read: DatasetSettings) -> Item:
    return mapping.item(row, read.schema, read.question_id, read.codec)
