"""A Label Studio project of our own, in which reviewers answer."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connector.errors import NotFound, Rejected, UnknownOutcome
from connector.model import Annotator, AnswerPage, OwnerMark, ReviewRequest, ReviewSetup, ReviewSnapshot, Role
from connector.platforms.label_studio import hooks, mapping, review_project, review_tasks
from connector.platforms.label_studio.changes import LabelStudioChanges
from connector.platforms.label_studio.client import (
    ANSWER_FIELDS,
    PAGE_SIZE,
    LabelStudioClient,
    as_dict,
    data_contains,
    data_equals,
    id_above,
    members,
    unfinished,
    whole,
)
from connector.platforms.label_studio.config import parsed
from connector.platforms.label_studio.review_config import BATCH, KEY, LABEL, TITLE
from connector.platforms.label_studio.review_tasks import WITHDRAWN
from connector.platforms.prefetch import one_ahead
from connector.platforms.results import dicts
from connector.ports import Codecs

FORM_SECONDS = 10.0  # a form is believed for; the server refuses what does not fit another


class LabelStudioDesk:
    """Implements ReviewDesk, Reviewers and WebhookRegistrar."""

    def __init__(self, client: LabelStudioClient, *, codecs: Codecs, page_size: int = PAGE_SIZE) -> None:
        self._client = client
        self._codecs = codecs
        self._page_size = page_size
        self._forms: dict[str, tuple[float, review_tasks.LabelStudioForm]] = {}  # by project, with the moment
        self._lock = threading.Lock()

    def ensure(self, setup: ReviewSetup, known_id: str | None) -> str:
        """The review project, found or created, with its settings and config repaired."""
        project = review_project.ensure(self._client, setup, known_id, self._codecs[setup.schema.kind])
        review_id = str(project["id"])
        self._close_again(review_id)
        with self._lock:
            self._keep_form(review_id, str(project["label_config"]))
        return review_id

    def require_alone(self, owner: OwnerMark) -> None:
        """See `ownership`."""
        review_project.require_alone(self._client, owner)

    def reviewers(self) -> Sequence[Annotator]:
        """The people of the organisation."""
        return members(self._client)

    def push(self, review_id: str, requests: Sequence[ReviewRequest]) -> Mapping[str, str]:
        """Create review tasks in one import, which is done as a whole or not at all."""
        if not requests:
            return {}
        form = self._form(review_id)
        tasks = [review_tasks.task_for(one, form, self._codecs[one.kind]) for one in requests]
        path = f"/api/projects/{whole(review_id)}/import"
        answer = self._client.api.write("POST", path, tasks, params={"return_task_ids": "true"})
        ids = as_dict(answer, path).get("task_ids")
        if not isinstance(ids, list) or len(ids) != len(requests):
            raise UnknownOutcome(f"{path}: the answer does not name {len(requests)} tasks")
        suggested = {
            id_: each["predictions"] for id_, each in zip(ids, tasks, strict=True) if "predictions" in each
        }
        if as_dict(answer, path).get("prediction_count") != len(suggested):
            self._suggest(suggested)
        return {request.key: str(task_id) for request, task_id in zip(requests, ids, strict=True)}

    def complete(self, review_id: str, placed: Mapping[str, ReviewRequest]) -> None:
        """Add the suggestions that an import dropped, of tasks that still have none."""
        form = self._form(review_id)
        sent = {
            int(id_): review_tasks.task_for(one, form, self._codecs[one.kind]) for id_, one in placed.items()
        }
        wanted = {id_: task["predictions"] for id_, task in sent.items() if "predictions" in task}
        rows = self._client.tasks(review_id, list(map(str, wanted)), "id,predictions")
        bare = [row["id"] for row in rows if not row.get("predictions")]
        self._suggest({id_: wanted[id_] for id_ in bare})

    def _suggest(self, predictions: Mapping[int, Sequence[Any]]) -> None:
        """Add predictions one by one: an import of which the server doubts one stores none, and says 201."""
        path = "/api/predictions/"
        for task, given in predictions.items():
            if not self._client.api.get(path, params={"task": task}):
                for prediction in given:
                    self._client.api.write("POST", path, {"task": task, **prediction})

    def find(self, review_id: str, batch: str) -> Mapping[str, Sequence[str]]:
        """The tasks of one batch, by our key."""
        result: dict[str, list[str]] = defaultdict(list)
        last = 0
        while True:
            rows, _ = self._client.page(
                review_id, filters=[data_equals(BATCH, batch), id_above(last)], fields="id,data"
            )
            for row in rows:
                last = row["id"]
                # The server's comparison is the database's: make sure that it was exact.
                if row["data"].get(BATCH) == batch and isinstance(row["data"].get(KEY), str):
                    result[row["data"][KEY]].append(str(last))
            if len(rows) < PAGE_SIZE:
                return dict(result)

    def set_overlap(self, remote_id: str, overlap: int) -> None:
        """Change the number, and with it whether the task is done: the server does not do that itself."""
        path = f"/api/tasks/{int(remote_id)}/"
        task = as_dict(self._client.api.get(path), path)
        changes: dict[str, Any] = {"overlap": overlap, "is_labeled": len(_people(task)) >= overlap}
        data = dict(task["data"])
        title = str(data.get(TITLE) or "")
        if title.startswith(WITHDRAWN):  # else it would be closed again as one that is withdrawn
            changes["data"] = data | {TITLE: title.removeprefix(WITHDRAWN)}
        self._client.api.write("PATCH", path, changes)

    def untouched(self, review_id: str, remote_ids: Sequence[str]) -> set[str]:
        """Of drafts a task of the data manager shows only our own: they are asked for one by one."""
        rows = self._client.tasks(review_id, remote_ids, ANSWER_FIELDS)
        unanswered = [str(row["id"]) for row in rows if not row.get("annotations")]
        return {one for one in unanswered if not dicts(self._client.api.get(f"/api/tasks/{one}/drafts"))}

    def withdraw(self, review_id: str, remote_ids: Sequence[str]) -> None:
        """Close the tasks and say so in their title; nothing is deleted.

        So no answer is lost, not even one that is being typed, and no number becomes free for the
        server to give to another task.
        """
        rows = self._client.tasks(review_id, remote_ids, "id,data")
        for row in rows:
            if str(row["data"].get(TITLE) or "").startswith(WITHDRAWN):
                continue  # done; written again it would count as changed at each look
            try:
                self._withdraw(row)
            except NotFound:
                continue

    def answers_since(self, review_id: str, cursor: str | None) -> Iterator[AnswerPage]:
        """Review tasks whose answers changed; see `changes` for what a cursor promises."""
        changes = LabelStudioChanges(self._client, review_id, fields=ANSWER_FIELDS, page_size=self._page_size)
        pages = (AnswerPage(self._snapshots(rows), after) for rows, after in changes.since(cursor))
        return one_ahead(pages)

    def fetch_answers(self, review_id: str, remote_ids: Sequence[str]) -> AnswerPage:
        """The answers of some tasks; the page's cursor is empty, for it continues nothing."""
        return AnswerPage(self._snapshots(self._client.tasks(review_id, remote_ids, ANSWER_FIELDS)), "")

    def link(self, review_id: str) -> str:
        """The labelling stream: it shows no other reviewer's answer, unlike the task list."""
        return f"{self._client.url}/projects/{whole(review_id)}/data?labeling=1"

    def ensure_webhook(self, role: Role, remote_project: str, url: str, secret: str) -> bool:
        """Register or repair our webhook."""
        return hooks.ensure(self._client, role, remote_project, url, secret)

    def _snapshots(self, rows: Sequence[Mapping[str, Any]]) -> tuple[ReviewSnapshot, ...]:
        result = (review_tasks.snapshot(row, self._codecs) for row in rows)
        return tuple(snapshot for snapshot in result if snapshot is not None)

    def _close_again(self, review_id: str) -> None:
        # A changed quorum makes the server open tasks that we had closed.
        filters = [data_contains(TITLE, WITHDRAWN), unfinished()]
        rows, _ = self._client.page(review_id, filters=filters, fields="id,data")
        for row in rows:
            if str(row["data"].get(TITLE)).startswith(WITHDRAWN):
                self._withdraw(row)

    def _withdraw(self, row: dict[str, Any]) -> None:
        data = dict(row["data"])
        title = str(data.get(TITLE) or "")
        if not title.startswith(WITHDRAWN):
            data[TITLE] = f"{WITHDRAWN}{title}"
        # One answer at most, and done: the stream passes it by, even when the quorum changes later.
        changes = {"data": data, "overlap": 1, "is_labeled": True}
        self._client.api.write("PATCH", f"/api/tasks/{row['id']}/", changes)

    def _form(self, review_id: str) -> review_tasks.LabelStudioForm:
        """The form of the project, as it was some seconds ago at most: many imports follow each other."""
        with self._lock:
            read_at, form = self._forms.get(review_id, (-FORM_SECONDS, None))
            if form is None or time.monotonic() - read_at >= FORM_SECONDS:
                project = self._client.project(review_id, fields="id,label_config")
                form = self._keep_form(review_id, str(project.get("label_config") or ""))
            return form

    def _keep_form(self, review_id: str, config: str) -> review_tasks.LabelStudioForm:
        _, form = self._forms.get(review_id, (0.0, None))
        if form is None or form.config != config:
            form = _read_form(config)
        self._forms = {review_id: (time.monotonic(), form)}
        return form


def _read_form(config: str) -> review_tasks.LabelStudioForm:
    interface = parsed(config)
    if LABEL not in {control.name for control in interface.controls}:
        raise Rejected("the review project's config was changed: it has no control 'label'")
    fields = tuple(str(tag.value_name) for tag in interface.objects if tag.name and tag.value_name)
    return review_tasks.LabelStudioForm(fields, config)


def _people(task: Mapping[str, Any]) -> set[str | None]:
    given = dicts(task.get("annotations"))
    return {mapping.user_id(raw.get("completed_by")) for raw in given if not raw.get("was_cancelled")}
