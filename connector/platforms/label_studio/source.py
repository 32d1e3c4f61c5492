"""A Label Studio project as a source of labels."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
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
from connector.platforms.label_studio import guidelines, hooks, mapping, writes
from connector.platforms.label_studio.changes import LabelStudioChanges
from connector.platforms.label_studio.client import (
    PAGE_SIZE,
    REF_FIELDS,
    LabelStudioClient,
    id_above,
    members,
)
from connector.platforms.label_studio.config import other_controls, schema_of
from connector.platforms.label_studio.files import media_address
from connector.platforms.label_studio.region_writes import RegionWriter
from connector.platforms.prefetch import one_ahead
from connector.ports import Codecs, MediaAddress, PartsCodec

REF_PAGE_SIZE = 1000


class LabelStudioSource:
    """Implements Source, MediaKeeper, WebhookRegistrar and Guidelines for one project."""

    def __init__(
        self,
        client: LabelStudioClient,
        project_id: str,
        *,
        codecs: Codecs,
        label_control: str | None = None,
        page_size: int = PAGE_SIZE,
    ) -> None:
        self._client = client
        self._project_id = project_id
        self._codecs = codecs
        self._label_control = label_control
        self._changes = LabelStudioChanges(client, project_id, page_size=page_size)
        self._known: tuple[str, LabelSchema] | None = None
        self._lock = threading.Lock()

    def describe(self) -> SourceInfo:
        """The project as it is now, with its label schema; Misconfigured without a usable control."""
        project = self._client.project(self._project_id)
        schema = self._parsed(str(project.get("label_config") or ""))
        return SourceInfo(
            title=str(project.get("title") or f"Project {self._project_id}"),
            schema=schema,
            service_user=self._client.user_id(),
            n_items=int(project.get("task_number") or 0),
            unjudged=other_controls(str(project.get("label_config") or ""), schema),
        )

    def annotators(self) -> Sequence[Annotator]:
        """The people of the organisation, under the name that they go by."""
        return members(self._client)

    def changes_since(self, cursor: str | None) -> Iterator[Page]:
        """Pages of changed items; see `changes` for what a cursor promises."""
        schema: LabelSchema | None = None
        for rows, after in one_ahead(self._changes.since(cursor)):
            # Here and not in the other thread, so that the next page is under way meanwhile.
            schema = schema or self._schema()
            yield Page(tuple(self._item(row, schema) for row in rows), after)

    def fetch(self, remote_ids: Sequence[str]) -> Sequence[Item]:
        """The items as they are now; in one query for many."""
        rows = self._client.tasks(self._project_id, remote_ids)
        schema = self._schema() if rows else None
        return [self._item(row, schema) for row in rows if schema is not None]

    def media(self, item: str, value: str) -> MediaAddress:
        """Uploads and local files by its own address, files of a connected storage as it finds them."""
        return media_address(self._client, item, value)

    def item_refs(self) -> Iterator[Sequence[ItemRef]]:
        """Every item's identity, by id; the fields are named because that makes it ten times faster."""
        last = 0
        while True:
            rows, _ = self._client.page(
                self._project_id, filters=[id_above(last)], size=REF_PAGE_SIZE, fields=REF_FIELDS
            )
            if rows:
                yield [mapping.item_ref(row) for row in rows]
                last = rows[-1]["id"]
            if len(rows) < REF_PAGE_SIZE:
                return

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

    def ensure_webhook(self, role: Role, remote_project: str, url: str, secret: str) -> bool:
        """Register or repair our webhook."""
        return hooks.ensure(self._client, role, remote_project, url, secret)

    @property
    def guidelines_rest(self) -> timedelta:
        """A change of the instructions costs it nothing."""
        return timedelta(0)

    def require_guidelines(self, owner: OwnerMark) -> None:
        """See `ownership`."""
        ownership.require_block(owner, guidelines.owner_of(guidelines.read(self._client, self._project_id)))

    def write_guidelines(self, block: str, owner: OwnerMark) -> str:
        """Replace the managed part of the project's instructions."""
        return guidelines.write(self._client, self._project_id, block, owner)

    def _writer(self) -> writes.LabelStudioWriter:
        schema = self._schema()
        codec = self._codecs[schema.kind]
        if isinstance(codec, PartsCodec):
            return RegionWriter(self._client, self._project_id, schema, codec=codec)
        return writes.LabelStudioWriter(self._client, self._project_id, schema, codec=codec)

    def _item(self, row: dict[str, Any], schema: LabelSchema) -> Item:
        return mapping.item(row, schema, self._codecs[schema.kind])

    def _schema(self) -> LabelSchema:
        project = self._client.project(self._project_id, fields="id,label_config")
        return self._parsed(str(project.get("label_config") or ""))

    def _parsed(self, xml: str) -> LabelSchema:
        # The config may change under us at any time: it is asked for each time, but parsed once.
        with self._lock:
            if self._known is None or self._known[0] != xml:
                self._known = xml, schema_of(xml, self._label_control, self._codecs)
            return self._known[1]
