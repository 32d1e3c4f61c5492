"""What the in-memory platform holds, and what people do to it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from connector.errors import Misconfigured, NotFound
from connector.model import (
    Annotation,
    Annotator,
    Item,
    Json,
    LabelSchema,
    LabelStatus,
    OwnerMark,
    OwnWrite,
    Prediction,
    Problem,
)
from connector.platforms.webhooks import SECRET_HEADER

START = datetime(2026, 1, 1, tzinfo=UTC)
SERVICE_USER = "service"


@dataclass
class Held:
    """One item with what only the server knows: when it last changed, and how many answers it wants."""

    item: Item
    seq: int
    overlap: int = 1
    notes: dict[str, Json] = field(default_factory=dict)  # what goes with an annotation, by its id
    beside: dict[str, str] = field(default_factory=dict)  # annotation of ours → whose place it took
    own: dict[str, OwnWrite] = field(default_factory=dict)  # what was written with a marker, by it
    drafts: set[str] = field(default_factory=set)  # of whom: begun, and not given


@dataclass
class Hook:
    """A registered webhook."""

    url: str
    secret: str
    active: bool = True


@dataclass
class Board:
    """One project."""

    id: str
    title: str
    schema: LabelSchema | None
    owner_key: str | None = None
    owner: OwnerMark | None = None
    quorum: int = 1
    guidelines: str = ""
    guidelines_owner: str | None = None
    held: dict[str, Held] = field(default_factory=dict)
    hooks: list[Hook] = field(default_factory=list)


@dataclass
class Fault:
    """An error to raise when an operation is called: before its work is done, or after."""

    operation: str
    error: Exception
    after: bool
    left: int


class MemoryServer:
    """Projects, items, annotations and the people who make them. Its clock moves with each change."""

    def __init__(self, url: str = "memory://local") -> None:
        self.url = url
        self.boards: dict[str, Board] = {}
        self.annotators: dict[str, str] = {SERVICE_USER: "Secondlook"}
        self.deliveries: list[tuple[str, Mapping[str, str], bytes]] = []
        self.calls: list[str] = []
        self._faults: list[Fault] = []
        self._seq = 0
        self._lock = threading.RLock()

    # --- setting a scene -------------------------------------------------------------------

    def add_project(self, schema: LabelSchema | None, title: str = "Project") -> str:
        """A new project; without a schema it is one that cannot be judged."""
        with self._lock:
            board = Board(str(len(self.boards) + 1), title, schema)
            self.boards[board.id] = board
            return board.id

    def set_schema(self, project_id: str, schema: LabelSchema | None) -> None:
        """Change the labelling config under everybody's feet."""
        self.board(project_id).schema = schema
        self._deliver(self.board(project_id), "PROJECT_UPDATED", schema_changed=True)

    def add_item(self, project_id: str, data: Json, *, remote_id: str | None = None) -> str:
        """A new item; with `remote_id` under a number that may have belonged to another before."""
        with self._lock:
            now = self.tick()
            item = Item(remote_id or str(self._seq), now, now, dict(data))
            self.board(project_id).held[item.remote_id] = Held(item, self._seq)
            self._deliver(self.board(project_id), "TASKS_CREATED", item_ids=(item.remote_id,))
            return item.remote_id

    def delete_item(self, project_id: str, item_id: str) -> None:
        """The item and all that belongs to it are gone."""
        with self._lock:
            self.board(project_id).held.pop(item_id, None)
            self._deliver(self.board(project_id), "TASKS_DELETED", item_ids=(item_id,), deleted=True)

    def annotate(
        self,
        project_id: str,
        item_id: str,
        label: str | None,
        by: str,
        *,
        ground_truth: bool = False,
        cancelled: bool = False,
    ) -> str:
        """A person labels an item; the annotation's id."""
        with self._lock:
            held = self.find_held(project_id, item_id)
            now = self.tick()
            status = LabelStatus.CANCELLED if cancelled else _status(label)
            new = Annotation(
                remote_id=f"a{self._seq}",
                annotator=by,
                label=label if status is LabelStatus.VALID else None,
                status=status,
                result=[] if label is None else [{"label": label}],
                created_at=now,
                updated_at=now,
                updated_by=by,
                ground_truth=ground_truth,
            )
            self.annotators.setdefault(by, by)
            self.store(held, annotations=(*held.item.annotations, new))
            self._deliver(
                self.board(project_id),
                "ANNOTATION_CREATED",
                item_ids=(item_id,),
                annotation_ids=(new.remote_id,),
            )
            return new.remote_id

    def edit(self, project_id: str, annotation_id: str, label: str | None, by: str) -> None:
        """A person changes an annotation, their own or somebody else's."""
        with self._lock:
            held, old = self.find_annotation(project_id, annotation_id)
            status = _status(label)
            new = replace(
                old,
                label=label if status is LabelStatus.VALID else None,
                status=status,
                result=[] if label is None else [{"label": label}],
                updated_at=self.tick(),
                updated_by=by,
                marker=None,
            )
            self.put_annotation(held, new)
            self._deliver(
                self.board(project_id),
                "ANNOTATION_UPDATED",
                item_ids=(held.item.remote_id,),
                annotation_ids=(annotation_id,),
            )

    def delete_annotation(self, project_id: str, annotation_id: str) -> None:
        """A person deletes an annotation."""
        with self._lock:
            held, old = self.find_annotation(project_id, annotation_id)
            self.tick()
            self.store(held, annotations=tuple(a for a in held.item.annotations if a is not old))
            self._deliver(
                self.board(project_id), "ANNOTATIONS_DELETED", annotation_ids=(annotation_id,), deleted=True
            )

    def predict(
        self,
        project_id: str,
        item_id: str,
        label: str | None,
        *,
        score: float | None = None,
        class_scores: Mapping[str, float] | None = None,
        model_version: str = "model",
    ) -> str:
        """A model predicts; the prediction's id."""
        with self._lock:
            held = self.find_held(project_id, item_id)
            now = self.tick()
            new = Prediction(f"p{self._seq}", model_version, label, score, class_scores, now)
            self.store(held, predictions=(*held.item.predictions, new))
            return new.remote_id

    def answer(
        self,
        task_id: str,
        reviewer: str,
        label: str | None = None,
        *,
        problems: Sequence[Problem] = (),
        note: str | None = None,
        cancelled: bool = False,
        origin: str | None = "manual",
    ) -> str:
        """A reviewer answers a review task; the answer's id."""
        with self._lock:
            board = next(b for b in self.boards.values() if b.owner_key and task_id in b.held)
            answer_id = self.annotate(board.id, task_id, label, reviewer, cancelled=cancelled)
            board.held[task_id].notes[answer_id] = {
                "label": label,
                "problems": tuple(problems),
                "note": note,
                "origin": origin,
            }
            return answer_id

    def offered(self, review_id: str, reviewer: str) -> str | None:
        """The review task that this person would be given next."""
        for task_id, held in self.board(review_id).held.items():
            given = [a for a in held.item.annotations if a.status is not LabelStatus.CANCELLED]
            people = {a.annotator for a in given}
            if len(people) < held.overlap and reviewer not in people:
                return task_id
        return None

    def fail(self, operation: str, error: Exception, *, after: bool = False, times: int = 1) -> None:
        """Let the next calls of an adapter's method fail; `after` has done the work by then."""
        with self._lock:
            self._faults.append(Fault(operation, error, after, times))

    # --- for the adapters ------------------------------------------------------------------

    @contextmanager
    def call(self, operation: str) -> Iterator[None]:
        """One call of an adapter: counted, alone, and failing where a test says so."""
        with self._lock:
            self.calls.append(operation)
            self._raise_fault(operation, after=False)
            yield
            self._raise_fault(operation, after=True)

    def board(self, project_id: str) -> Board:
        """A project that exists."""
        if project_id not in self.boards:
            raise Misconfigured(
                f"project {project_id} does not exist", field="project_id", remedy="Use an existing one."
            )
        return self.boards[project_id]

    def find_held(self, project_id: str, item_id: str) -> Held:
        """An item that exists."""
        held = self.board(project_id).held.get(item_id)
        if held is None:
            raise NotFound(f"no item {item_id}")
        return held

    def find_annotation(self, project_id: str, annotation_id: str) -> tuple[Held, Annotation]:
        """An annotation that exists, and its item."""
        for held in self.board(project_id).held.values():
            for annotation in held.item.annotations:
                if annotation.remote_id == annotation_id:
                    return held, annotation
        raise NotFound(f"no annotation {annotation_id}")

    def put_annotation(self, held: Held, new: Annotation) -> None:
        """Replace an annotation by its changed self."""
        kept = [new if a.remote_id == new.remote_id else a for a in held.item.annotations]
        self.store(held, annotations=tuple(kept))

    def store(self, held: Held, **changes: Any) -> None:
        """Change an item: it becomes the latest change. Call `tick` before."""
        held.item = replace(held.item, updated_at=self.now(), **changes)
        held.seq = self._seq

    def tick(self) -> datetime:
        """A change happens: the clock moves on."""
        self._seq += 1
        return self.now()

    def now(self) -> datetime:
        """The server's own time."""
        return START + timedelta(milliseconds=self._seq)

    @property
    def seq(self) -> int:
        """How many changes there were."""
        return self._seq

    def people(self) -> list[Annotator]:
        """Everyone who ever did something here."""
        return [Annotator(remote_id, name) for remote_id, name in self.annotators.items()]

    def _raise_fault(self, operation: str, *, after: bool) -> None:
        for fault in self._faults:
            if fault.operation == operation and fault.after is after and fault.left > 0:
                fault.left -= 1
                raise fault.error

    def deliver(self, board: Board, action: str, **hint: Any) -> None:
        """Note down what the project's webhooks would be sent."""
        self._deliver(board, action, **hint)

    def _deliver(self, board: Board, action: str, **hint: Any) -> None:
        body = json.dumps({"action": action, **hint}).encode()
        for hook in board.hooks:
            if hook.active:
                self.deliveries.append((hook.url, {SECRET_HEADER: hook.secret}, body))


def _status(label: str | None) -> LabelStatus:
    """Whether there is a label; which ones are valid, its type says when it is read."""
    return LabelStatus.EMPTY if label is None else LabelStatus.VALID


@cache
def server(url: str) -> MemoryServer:
    """The server of this process that answers to `url`; made when first asked for."""
    return MemoryServer(url)
