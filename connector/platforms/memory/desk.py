"""Where reviewers answer on the in-memory platform."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from connector.errors import NotFound, Rejected
from connector.model import (
    Annotation,
    Annotator,
    Answer,
    AnswerPage,
    LabelStatus,
    OwnerMark,
    ReviewRequest,
    ReviewSetup,
    ReviewSnapshot,
    Role,
)
from connector.platforms import ownership
from connector.platforms.memory import hooks
from connector.platforms.memory.server import Board, Held, MemoryServer
from connector.ports import Codecs

WITHDRAWN = "Withdrawn: "


class MemoryDesk:
    """Implements ReviewDesk, Reviewers and WebhookRegistrar."""

    def __init__(self, server: MemoryServer, *, codecs: Codecs, page_size: int = 100) -> None:
        self._server = server
        self._codecs = codecs
        self._page_size = page_size

    def ensure(self, setup: ReviewSetup, known_id: str | None) -> str:
        """The review project with our mark, found or made, as the setup wants it."""
        with self._server.call("ensure"):
            self._check(setup.owner)
            board = self._known(setup, known_id)
            for twin in [b for b in self._server.boards.values() if b.owner_key == setup.owner_key]:
                if twin is not board and not twin.held:
                    del self._server.boards[twin.id]
            board.owner = setup.owner
            board.title, board.schema, board.quorum = setup.title, setup.schema, setup.quorum
            board.guidelines = setup.instructions
            return board.id

    def require_alone(self, owner: OwnerMark) -> None:
        """See `ownership`."""
        with self._server.call("require_alone"):
            self._check(owner)

    def _check(self, owner: OwnerMark) -> None:
        ownership.require_alone(owner, [board.owner for board in self._server.boards.values()])

    def reviewers(self) -> Sequence[Annotator]:
        """Everyone who ever did something here."""
        with self._server.call("reviewers"):
            return self._server.people()

    def push(self, review_id: str, requests: Sequence[ReviewRequest]) -> Mapping[str, str]:
        """All tasks or none."""
        with self._server.call("push"):
            return {request.key: self._push(review_id, request) for request in requests}

    def find(self, review_id: str, batch: str) -> Mapping[str, Sequence[str]]:
        """The tasks of a batch by our key."""
        with self._server.call("find"):
            result: dict[str, list[str]] = {}
            for remote_id, held in self._server.board(review_id).held.items():
                if held.item.data["secondlook_batch"] == batch:
                    result.setdefault(held.item.data["secondlook_key"], []).append(remote_id)
            return result

    def complete(self, review_id: str, placed: Mapping[str, ReviewRequest]) -> None:
        """Suggestions of tasks that have none."""
        with self._server.call("complete"):
            held = self._server.board(review_id).held
            for remote_id, request in placed.items():
                if not held[remote_id].item.predictions:
                    self._suggest(review_id, remote_id, request)

    def set_overlap(self, remote_id: str, overlap: int) -> None:
        """How many answers the task wants."""
        with self._server.call("set_overlap"):
            for board in self._server.boards.values():
                if board.owner_key and remote_id in board.held:
                    self._open(board.held[remote_id], overlap)
                    return
            raise NotFound(f"no review task {remote_id}")

    def untouched(self, review_id: str, remote_ids: Sequence[str]) -> set[str]:
        """Without an answer and without a draft."""
        with self._server.call("untouched"):
            held = self._server.board(review_id).held
            return {
                one
                for one in remote_ids
                if one in held and not (held[one].item.annotations or held[one].drafts)
            }

    def withdraw(self, review_id: str, remote_ids: Sequence[str]) -> None:
        """Close the tasks; answers given stay."""
        with self._server.call("withdraw"):
            board = self._server.board(review_id)
            for held in [board.held[i] for i in remote_ids if i in board.held]:
                if not str(held.item.data["secondlook_title"]).startswith(WITHDRAWN):
                    self._close(held)

    def answers_since(self, review_id: str, cursor: str | None) -> Iterator[AnswerPage]:
        """Review tasks in the order of their last change."""
        last = int(cursor or 0)
        until = self._server.seq
        while True:
            with self._server.call("answers_since"):
                changed = [h for h in self._server.board(review_id).held.values() if h.seq > last]
                chosen = sorted(changed, key=lambda h: h.seq)[: self._page_size]
                reviews = tuple(_snapshot(held) for held in chosen)
                last = chosen[-1].seq if chosen else last
            yield AnswerPage(reviews, str(last))
            if len(chosen) < self._page_size or last >= until:
                return

    def fetch_answers(self, review_id: str, remote_ids: Sequence[str]) -> AnswerPage:
        """The answers of some tasks."""
        with self._server.call("fetch_answers"):
            held = self._server.board(review_id).held
            return AnswerPage(tuple(_snapshot(held[i]) for i in dict.fromkeys(remote_ids) if i in held), "")

    def link(self, review_id: str) -> str:
        """An address that says where it would be."""
        return f"{self._server.url}/review/{review_id}"

    def ensure_webhook(self, role: Role, remote_project: str, url: str, secret: str) -> bool:  # noqa: ARG002 - the protocol's signature
        """Register or repair."""
        with self._server.call("ensure_webhook"):
            return hooks.ensure(self._server, remote_project, url, secret)

    def _known(self, setup: ReviewSetup, known_id: str | None) -> Board:
        ours = [b for b in self._server.boards.values() if b.owner_key == setup.owner_key]
        for board in ours:
            if board.id == known_id:
                return board
        if ours:
            return ours[0]
        result = self._server.board(self._server.add_project(setup.schema, setup.title))
        result.owner_key = setup.owner_key
        return result

    def _push(self, review_id: str, request: ReviewRequest) -> str:
        board = self._server.board(review_id)
        suggestion = self._codecs[request.kind].content(request, None).suggested
        if board.schema and suggestion and not self._codecs[request.kind].valid(suggestion, board.schema):
            raise Rejected(f"there is no class {suggestion!r}")
        data = {
            **{name: value for name, value in request.data.items() if not name.startswith("secondlook_")},
            "secondlook_key": request.key,
            "secondlook_batch": request.batch,
            "secondlook_title": request.title,
            "secondlook_context": request.context,
            "secondlook_options": list(request.options),
            **({"secondlook_crop": request.crop} if request.crop else {}),
        }
        task_id = self._server.add_item(review_id, data)
        board.held[task_id].overlap = board.quorum
        self._suggest(review_id, task_id, request)
        return task_id

    def _suggest(self, review_id: str, task_id: str, request: ReviewRequest) -> None:
        suggestion = self._codecs[request.kind].content(request, None).suggested
        if suggestion is not None:
            self._server.predict(review_id, task_id, suggestion, score=request.suggestion_score)

    def _open(self, held: Held, overlap: int) -> None:
        title = str(held.item.data["secondlook_title"])
        if title.startswith(WITHDRAWN):
            self._server.tick()
            data = {**held.item.data, "secondlook_title": title.removeprefix(WITHDRAWN)}
            self._server.store(held, data=data)
        held.overlap = overlap

    def _close(self, held: Held) -> None:
        title = str(held.item.data["secondlook_title"])
        if not title.startswith(WITHDRAWN):
            title = f"{WITHDRAWN}{title}"
        self._server.tick()
        self._server.store(held, data={**held.item.data, "secondlook_title": title})
        held.overlap = 0


def _snapshot(held: Held) -> ReviewSnapshot:
    key = str(held.item.data["secondlook_key"])
    answers = tuple(_answer(held, key, annotation) for annotation in held.item.annotations)
    withdrawn = str(held.item.data["secondlook_title"]).startswith(WITHDRAWN)
    return ReviewSnapshot(key, held.item.remote_id, answers, held.overlap, withdrawn, held.item.updated_at)


def _answer(held: Held, key: str, given: Annotation) -> Answer:
    notes = held.notes.get(given.remote_id, {})
    return Answer(
        key=key,
        remote_task_id=held.item.remote_id,
        remote_id=given.remote_id,
        reviewer=given.annotator or "",
        label=str(given.result[0]["label"]) if given.result else None,
        problems=notes.get("problems", ()),
        note=notes.get("note"),
        created_at=given.created_at,
        updated_at=given.updated_at,
        cancelled=given.status is LabelStatus.CANCELLED,
        edited_by_other=given.updated_by not in (None, given.annotator),
        origin=notes.get("origin"),
    )
