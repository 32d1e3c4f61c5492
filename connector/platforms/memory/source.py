"""A project of the in-memory platform as a source of labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from connector.errors import Conflict, Misconfigured
from connector.model import (
    Annotation,
    Annotator,
    Item,
    ItemRef,
    Json,
    LabelSchema,
    LabelStatus,
    OwnerMark,
    OwnWrite,
    Page,
    Prediction,
    Role,
    SourceInfo,
    WriteMode,
    WriteOrder,
    WriteRecord,
)
from connector.model.writing import one_and_doubles
from connector.platforms import ownership
from connector.platforms.memory import hooks
from connector.platforms.memory.server import SERVICE_USER, Held, MemoryServer
from connector.ports import Codec, Codecs, PartsCodec

BEGIN, END = "<!--secondlook-->", "<!--/secondlook-->"
OURS = "secondlook:"  # before the marker, in the model version of a correction that is a prediction
BESIDE = (WriteMode.GROUND_TRUTH, WriteMode.REPLACE)


class MemorySource:
    """Implements Source, WebhookRegistrar and Guidelines."""

    def __init__(
        self,
        server: MemoryServer,
        project_id: str,
        *,
        codecs: Codecs,
        label_control: str | None = None,
        page_size: int = 100,
    ) -> None:
        self._server = server
        self._project_id = project_id
        self._codecs = codecs
        self._label_control = label_control
        self._page_size = page_size

    def describe(self) -> SourceInfo:
        """Title, schema and size."""
        with self._server.call("describe"):
            board = self._server.board(self._project_id)
            return SourceInfo(board.title, self._schema(), SERVICE_USER, len(board.held))

    def annotators(self) -> Sequence[Annotator]:
        """Everyone who ever did something."""
        with self._server.call("annotators"):
            return self._server.people()

    def changes_since(self, cursor: str | None) -> Iterator[Page]:
        """Pages of changed items in the order of their last change; the cursor counts changes."""
        last = int(cursor or 0)
        until = self._server.seq
        while True:
            with self._server.call("changes_since"):
                schema = self._schema()
                changed = [h for h in self._server.board(self._project_id).held.values() if h.seq > last]
                chosen = sorted(changed, key=lambda h: h.seq)[: self._page_size]
                items = tuple(_theirs(held, schema, self._codecs[schema.kind]) for held in chosen)
                last = chosen[-1].seq if chosen else last
            more = len(chosen) == self._page_size and last < until
            yield Page(items, str(last))
            if not more:
                return

    def fetch(self, remote_ids: Sequence[str]) -> Sequence[Item]:
        """The items that exist."""
        with self._server.call("fetch"):
            held = self._server.board(self._project_id).held
            present = [held[i] for i in dict.fromkeys(remote_ids) if i in held]
            schema = self._schema() if present else None
            return [_theirs(one, schema, self._codecs[schema.kind]) for one in present if schema]

    def item_refs(self) -> Iterator[Sequence[ItemRef]]:
        """All identities, in chunks."""
        with self._server.call("item_refs"):
            items = [held.item for held in self._server.board(self._project_id).held.values()]
        for start in range(0, len(items), self._page_size):
            chunk = items[start : start + self._page_size]
            yield [ItemRef(item.remote_id, item.created_at) for item in chunk]

    def prepare(self, order: WriteOrder) -> Json:
        """What the order would replace."""
        with self._server.call("prepare"):
            held, given = self._checked(order)
            earlier = self._found(order)
            return _before(held, given) if earlier is None else earlier.before

    def find_write(self, order: WriteOrder) -> WriteRecord | None:
        """What carries the order's marker."""
        with self._server.call("find_write"):
            return self._found(order)

    def write(self, order: WriteOrder) -> WriteRecord:
        """Carry out a correction once."""
        if order.mode is WriteMode.DRY_RUN:
            return WriteRecord("", {}, {})
        with self._server.call("write"):
            return self._found(order) or self._write(order)

    def revert(self, order: WriteOrder, record: WriteRecord) -> None:
        """Undo a correction."""
        with self._server.call("revert"):
            held = self._same(order)
            if held is None:
                return
            held.own.pop(order.marker, None)
            if order.mode is WriteMode.PREDICTION:
                self._server.tick()
                ours = (record.remote_id, f"{OURS}{order.marker}")
                kept = tuple(
                    p
                    for p in held.item.predictions
                    if p.remote_id not in ours and p.model_version not in ours
                )
                self._server.store(held, predictions=kept)
            elif order.mode in BESIDE:
                self._take_back(held, order, record)
            elif order.mode is WriteMode.UPDATE:
                self._restore(held, order, record)

    def remove_doubles(self, order: WriteOrder, record: WriteRecord) -> int:
        """Remove what stands twice."""
        with self._server.call("remove_doubles"):
            held = self._same(order)
            if held is None or order.mode is WriteMode.UPDATE:
                return 0
            if order.mode is WriteMode.PREDICTION:
                return self._remove_double_predictions(held, order, record)
            marked = [a for a in held.item.annotations if a.marker == order.marker]
            ours, doubles = one_and_doubles(marked, record, lambda a: a.remote_id)
            kept = [a for a in held.item.annotations if a not in doubles]
            if not any(a.ground_truth for a in kept):
                kept = [replace(a, ground_truth=a is ours) for a in kept]
            if doubles:
                self._server.tick()
                self._server.store(held, annotations=tuple(kept))
            return len(doubles)

    def ensure_webhook(self, role: Role, remote_project: str, url: str, secret: str) -> bool:  # noqa: ARG002 - the protocol's signature
        """Register or repair."""
        with self._server.call("ensure_webhook"):
            return hooks.ensure(self._server, remote_project, url, secret)

    @property
    def guidelines_rest(self) -> timedelta:
        """None."""
        return timedelta(0)

    def require_guidelines(self, owner: OwnerMark) -> None:
        """See `ownership`."""
        with self._server.call("require_guidelines"):
            ownership.require_block(owner, self._server.board(self._project_id).guidelines_owner)

    def write_guidelines(self, block: str, owner: OwnerMark) -> str:
        """Replace the managed part."""
        with self._server.call("write_guidelines"):
            board = self._server.board(self._project_id)
            ownership.require_block(owner, board.guidelines_owner)
            board.guidelines_owner = owner.installation if block else None
            head, _, rest = board.guidelines.partition(BEGIN)
            tail = rest.partition(END)[2]
            board.guidelines = head + (f"{BEGIN}{block}{END}" if block else "") + tail
            return board.guidelines

    def _schema(self) -> LabelSchema:
        schema = self._server.board(self._project_id).schema
        named = (None, schema.control) if schema else ()
        if schema is None or schema.kind not in self._codecs or self._label_control not in named:
            text = schema.control if schema else "none"
            raise Misconfigured(
                f"no usable label control; controls found: {text}",
                field="label_control",
                remedy="Name a control of a type that docs/label-types.md lists.",
            )
        return schema

    def _same(self, order: WriteOrder) -> Held | None:
        held = self._server.board(self._project_id).held.get(order.item.remote_id)
        return held if held and held.item.created_at == order.item.created_at else None

    def _checked(self, order: WriteOrder) -> tuple[Held, Annotation]:
        schema = self._schema()
        if not self._codecs[schema.kind].valid(order.label, schema):
            raise Conflict(f"there is no class {order.label!r}")
        held = self._same(order)
        if held is None:
            raise Conflict(f"item {order.item.remote_id} is gone")
        given = _annotation(held, order.annotation_id)
        if given is None:
            raise Conflict(f"annotation {order.annotation_id} is gone")
        codec = self._codecs[schema.kind]
        if order.mode in BESIDE and isinstance(codec, PartsCodec):
            given = _copy(held, given) or given  # it holds the other corrections of the original
        if given.label is None or not carries(codec, given.label, order.expected_label):
            raise Conflict(f"annotation carries {given.label!r}, not {order.expected_label!r}")
        return held, given

    def _found(self, order: WriteOrder) -> WriteRecord | None:
        held = self._same(order)
        if held is None:
            return None
        if order.mode is WriteMode.PREDICTION:
            for prediction in held.item.predictions:
                if prediction.model_version == f"{OURS}{order.marker}":
                    return WriteRecord(prediction.remote_id, {}, {"label": prediction.label})
            return None
        for annotation in held.item.annotations:
            if annotation.marker == order.marker:
                return WriteRecord(annotation.remote_id, held.notes[annotation.remote_id], _after(annotation))
        own = held.own.get(order.marker)
        holder = None if own is None else _annotation(held, own.remote_id)
        if own is None or holder is None or not _has_part(self._codecs[self._schema().kind], holder, own):
            return None
        return WriteRecord(holder.remote_id, own.before, _after(holder))

    def _write(self, order: WriteOrder) -> WriteRecord:
        held, given = self._checked(order)
        before = _before(held, given)
        now = self._server.tick()
        if order.mode is WriteMode.PREDICTION:
            version = f"{OURS}{order.marker}"
            added = Prediction(f"p{self._server.seq}", version, order.label, order.score, None, now)
            self._server.store(held, predictions=(*held.item.predictions, added))
            return self._noted(held, order, WriteRecord(added.remote_id, {}, {"label": order.label}))
        label = self._label(given, order.expected_label, order.label)
        changed: dict[str, Any] = {
            "label": label,
            "status": LabelStatus.VALID,
            "result": [{"label": label}],
            "updated_at": now,
            "updated_by": SERVICE_USER,
            "marker": order.marker,
        }
        if order.mode is WriteMode.UPDATE or given.remote_id in held.beside:
            written = replace(given, **changed)
            self._server.put_annotation(held, written)
        else:
            fresh: dict[str, Any] = {
                "remote_id": f"a{self._server.seq}",
                "annotator": SERVICE_USER,
                "created_at": now,
            }
            written = replace(given, **changed, **fresh, ground_truth=True)
            gone = order.annotation_id if order.mode is WriteMode.REPLACE else None
            others = (
                _cancelled(a) if a.remote_id == gone else replace(a, ground_truth=False)
                for a in held.item.annotations
            )
            self._server.store(held, annotations=(*others, written))
            held.beside[written.remote_id] = given.remote_id
        held.notes[written.remote_id] = before
        self._announce(held, written)
        return self._noted(held, order, WriteRecord(written.remote_id, before, _after(written)))

    def _noted(self, held: Held, order: WriteOrder, record: WriteRecord) -> WriteRecord:
        held.own[order.marker] = OwnWrite(
            record.remote_id, order.marker, origin=order.origin, before=record.before, after=record.after
        )
        return record

    def _label(self, given: Annotation, old: str, new: str) -> str:
        schema = self._schema()
        codec = self._codecs[schema.kind]
        if not isinstance(codec, PartsCodec):
            return new
        return str(codec.patch(given.result, schema, old, new, {})[0]["label"])

    def _remove_double_predictions(self, held: Held, order: WriteOrder, record: WriteRecord) -> int:
        own = [p for p in held.item.predictions if p.model_version == f"{OURS}{order.marker}"]
        _, doubles = one_and_doubles(own, record, lambda p: p.remote_id)
        if doubles:
            self._server.tick()
            kept = tuple(p for p in held.item.predictions if p not in doubles)
            self._server.store(held, predictions=kept)
        return len(doubles)

    def _take_back(self, held: Held, order: WriteOrder, record: WriteRecord) -> None:
        """Remove what we made beside the original, or one part of it where it holds other corrections."""
        ours, codec = _annotation(held, record.remote_id), self._codecs[self._schema().kind]
        if ours is not None and not isinstance(codec, PartsCodec):
            _check_untouched(ours, record)
        elif ours is not None and isinstance(codec, PartsCodec):
            _check_still(codec, ours, order)
            label = self._label(ours, order.label, order.expected_label)
            original = _annotation(held, held.beside.get(ours.remote_id, ""))
            if original is None or codec.read(original.result, self._schema()).label != label:
                self._put_label_back(held, ours, label)
                return
        self._remove(held, order, record, ours)

    def _remove(self, held: Held, order: WriteOrder, record: WriteRecord, ours: Annotation | None) -> None:
        others = [a for a in held.item.annotations if a is not ours and not _is_double(a, order, record)]
        if not any(a.ground_truth for a in others):
            demoted = record.before.get("ground_truth_ids", ())
            truth = order.annotation_id if order.annotation_id in demoted else next(iter(demoted), None)
            others = [replace(a, ground_truth=True) if a.remote_id == truth else a for a in others]
        if order.mode is WriteMode.REPLACE:
            schema = self._schema()
            codec = self._codecs[schema.kind]
            given = order.annotation_id
            others = [_counted(a, schema, codec) if a.remote_id == given else a for a in others]
        self._server.tick()
        self._server.store(held, annotations=tuple(others))

    def _restore(self, held: Held, order: WriteOrder, record: WriteRecord) -> None:
        ours = _annotation(held, record.remote_id)
        if ours is None:
            raise Conflict(f"annotation {record.remote_id} was deleted since it was corrected")
        label = record.before["label"]
        if ours.label == label:
            return
        codec = self._codecs[self._schema().kind]
        if isinstance(codec, PartsCodec):
            _check_still(codec, ours, order)
            label = self._label(ours, order.label, order.expected_label)
        else:
            _check_untouched(ours, record)
        self._put_label_back(held, ours, label)

    def _put_label_back(self, held: Held, ours: Annotation, label: str) -> None:
        restored = replace(
            ours, label=label, result=[{"label": label}], marker=None, updated_at=self._server.tick()
        )
        self._server.put_annotation(held, restored)

    def _announce(self, held: Held, written: Annotation) -> None:
        self._server.deliver(
            self._server.board(self._project_id),
            "ANNOTATION_UPDATED",
            item_ids=(held.item.remote_id,),
            annotation_ids=(written.remote_id,),
            own=True,
        )


def _theirs(held: Held, schema: LabelSchema, codec: Codec) -> Item:
    """The item without the predictions that are ours, its labels as the type reads them."""
    kept = tuple(p for p in held.item.predictions if not p.model_version.startswith(OURS))
    return replace(
        held.item,
        predictions=kept,
        own_writes=tuple(_own_writes(held, codec)),
        annotations=tuple(_read(one, schema, codec) for one in held.item.annotations),
    )


def _own_writes(held: Held, codec: Codec) -> Iterator[OwnWrite]:
    """What carries a marker of ours, and the parts that stand in an annotation with another's marker."""
    for prediction in held.item.predictions:
        if prediction.model_version.startswith(OURS):
            yield _own_write(held, prediction.remote_id, prediction.model_version.removeprefix(OURS), None)
    for one in held.item.annotations:
        parts = [m for m, own in held.own.items() if _has_part(codec, one, own) and m != one.marker]
        for marker in [*([one.marker] if one.marker else []), *parts]:
            yield _own_write(held, one.remote_id, marker, one)


def _own_write(held: Held, remote_id: str, marker: str, holder: Annotation | None) -> OwnWrite:
    noted = held.own.get(marker, OwnWrite(remote_id, marker))
    untouched = holder is None or marker == holder.marker or holder.updated_by == SERVICE_USER
    after = noted.after if holder is None else _after(holder)
    return replace(noted, remote_id=remote_id, untouched=untouched, after=after)


def _after(written: Annotation) -> Json:
    return {"label": written.label, "updated_at": written.updated_at.isoformat()}


def _has_part(codec: Codec, holder: Annotation, own: OwnWrite) -> bool:
    """Whether a part that we corrected stands in the annotation to which it was written."""
    if own.origin is None or own.remote_id != holder.remote_id or not isinstance(codec, PartsCodec):
        return False
    return holder.label is not None and codec.carries(holder.label, own.origin.label)


def _cancelled(given: Annotation) -> Annotation:
    return replace(
        given, label=None, status=LabelStatus.CANCELLED, ground_truth=False, updated_by=SERVICE_USER
    )


def _counted(given: Annotation, schema: LabelSchema, codec: Codec) -> Annotation:
    """An annotation that was cancelled, as it was before."""
    result = codec.read(given.result, schema)
    return replace(given, label=result.label, status=result.status)


def _read(given: Annotation, schema: LabelSchema, codec: Codec) -> Annotation:
    if given.status is LabelStatus.CANCELLED:
        return given
    result = codec.read(given.result, schema)
    return replace(given, label=result.label, status=result.status)


def _annotation(held: Held, remote_id: str) -> Annotation | None:
    return next((a for a in held.item.annotations if a.remote_id == remote_id), None)


def _is_double(annotation: Annotation, order: WriteOrder, record: WriteRecord) -> bool:
    """Whether it was written for the order by another try than the one that is recorded."""
    return annotation.marker == order.marker and annotation.remote_id != record.remote_id


def _copy(held: Held, given: Annotation) -> Annotation | None:
    """What we made beside an annotation, where it still is the truth."""
    original = held.beside.get(given.remote_id, given.remote_id)
    truths = (a for a in held.item.annotations if a.ground_truth)
    return next((a for a in truths if held.beside.get(a.remote_id) == original), None)


def _before(held: Held, given: Annotation) -> Json:
    """What a write replaces; of one that we made beside another, its first write knows what was the truth."""
    truths = [a.remote_id for a in held.item.annotations if a.ground_truth]
    if given.remote_id in held.beside:
        truths = held.notes[given.remote_id]["ground_truth_ids"]
    return {"ground_truth_ids": truths, "label": given.label, "annotator": given.annotator}


def carries(codec: Codec, label: str, expected: str) -> bool:
    """Whether an annotation with this label has what an order expects of it."""
    return codec.carries(label, expected) if isinstance(codec, PartsCodec) else label == expected


def _check_still(codec: PartsCodec, ours: Annotation, order: WriteOrder) -> None:
    if ours.label is None or not codec.carries(ours.label, order.label):
        raise Conflict(f"annotation {ours.remote_id} was changed by {ours.updated_by} since it was written")


def _check_untouched(ours: Annotation, record: WriteRecord) -> None:
    if ours.label != record.after.get("label"):
        raise Conflict(f"annotation {ours.remote_id} was changed by {ours.updated_by} since it was written")
