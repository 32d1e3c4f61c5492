"""Projects as stored: what each is bound to, and how far its work has come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Select, case, select, tuple_, update

from connector.errors import NO_PROJECT, Misconfigured, NotFound
from connector.model import Annotator, LabelSchema, ObjectTag, Project
from connector.store.repositories.base import Repository
from connector.store.tables import annotators, projects


class Projects(Repository):
    def bind(self, name: str, platform: str, url: str, remote_id: str, control: str | None = None) -> Project:
        """The project of this name, made on first use.

        Misconfigured if the name is bound to another remote project, or if what it judges (`control`; None:
        the only one) has a history under another name: the history belongs to that one.
        """
        result = self.by_name(name)
        if result is None:
            self._refuse_another_name(name, (platform, url, remote_id), control)
            new = self._insert(projects).values(
                name=name, platform=platform, url=url, remote_id=remote_id, changes_since_scan=0
            )
            self._connection.execute(new.on_conflict_do_nothing())
            result = _project(self._connection.execute(_named(name)).one())
        if (result.platform, result.url, result.remote_id) != (platform, url, remote_id):
            raise Misconfigured(
                f"the database knows this name as {result.platform} {result.url} project {result.remote_id}, "
                f"the configuration says {platform} {url} project {remote_id}",
                field=f"projects.{name}",
                remedy="Use a new name for a new project; the old one's history stays where it is.",
            )
        return result

    def _refuse_another_name(self, name: str, remote: tuple[str, str, str], control: str | None) -> None:
        same = select(projects).where(
            tuple_(projects.c.platform, projects.c.url, projects.c.remote_id) == remote
        )
        for other in map(_project, self._connection.execute(same)):
            if other.name == name:  # another process has bound it since it was looked for
                continue
            judged = None if other.schema is None else other.schema.control
            if control is None or judged == control:
                raise Misconfigured(
                    f"{remote[1]} project {remote[2]} is in the database under another name, {other.name!r}",
                    field=f"projects.{name}",
                    remedy="Give it its old name, or use another database. For another control of it, name "
                    "that in label_control.",
                )

    def by_name(self, name: str) -> Project | None:
        row = self._connection.execute(_named(name)).one_or_none()
        return None if row is None else _project(row)

    def existing(self, name: str) -> Project:
        """The project of this name; raises NotFound."""
        result = self.by_name(name)
        if result is None:
            raise NotFound(NO_PROJECT)
        return result

    def get(self, project_id: int) -> Project:
        return _project(self._connection.execute(select(projects).where(projects.c.id == project_id)).one())

    def all(self) -> list[Project]:
        return [_project(row) for row in self._connection.execute(select(projects).order_by(projects.c.name))]

    def described(
        self, project_id: int, title: str, schemas: Sequence[LabelSchema], service_user: str
    ) -> None:
        """Keep what the project says of itself; `schemas` are its judged controls."""
        listed = [_schema_json(schema) for schema in schemas]
        self._set(project_id, title=title, label_schema=listed, service_user=service_user)

    def title(self, project_id: int) -> str | None:
        """The project's title on the platform, once it was synced."""
        return self._text(projects.c.title, project_id)

    def review_link(self, project_id: int) -> str | None:
        return self._text(projects.c.review_link, project_id)

    def set_source_cursor(self, project_id: int, cursor: str | None) -> None:
        self._set(project_id, source_cursor=cursor)

    def set_review_cursor(self, project_id: int, cursor: str | None) -> None:
        self._set(project_id, review_cursor=cursor)

    def set_review_project(self, project_id: int, remote_id: str, link: str) -> None:
        self._set(project_id, review_remote_id=remote_id, review_link=link)

    def set_desk(self, project_id: int, identity: str) -> None:
        """Where the project's reviews are answered."""
        self._set(project_id, desk=identity)

    def forget_review_project(self, project_id: int) -> None:
        """The review project is out of reach: the next push makes one."""
        self._set(project_id, review_remote_id=None, review_link=None, review_cursor=None)

    def add_changes(self, project_id: int, count: int) -> int:
        """Count changed labels towards the next scan; the new total."""
        self._set(project_id, changes_since_scan=projects.c.changes_since_scan + count)
        return self.get(project_id).changes_since_scan

    def synced(self, project_id: int) -> None:
        self._set(project_id, last_sync_at=self._now)

    def reconciled(self, project_id: int) -> None:
        self._set(project_id, last_reconcile_at=self._now)

    def scanned(self, project_id: int, counted_changes: int) -> None:
        """A scan ended that had seen `counted_changes`; later ones go on counting."""
        seen = projects.c.changes_since_scan
        rest = case(
            (seen > counted_changes, seen - counted_changes), else_=0
        )  # two scans may have seen the same
        self._set(project_id, last_scan_at=self._now, changes_since_scan=rest)

    def collected(self, project_id: int) -> None:
        self._set(project_id, last_collect_at=self._now)

    def hooks_checked(self, project_id: int) -> None:
        self._set(project_id, last_hooks_at=self._now)

    def last_hooks_at(self, project_id: int) -> datetime | None:
        result: datetime | None = self._connection.execute(
            select(projects.c.last_hooks_at).where(projects.c.id == project_id)
        ).scalar_one()
        return result

    def pause(self, project_id: int, reason: str) -> None:
        """Stop periodic work until a person has changed something; see `resume`."""
        self._set(project_id, paused_reason=reason)

    def resume(self, project_id: int) -> None:
        self._set(project_id, paused_reason=None)

    def save_annotators(self, project_id: int, people: Sequence[Annotator]) -> None:
        rows = [{"project_id": project_id, "remote_id": one.remote_id, "name": one.name} for one in people]
        new = self._insert(annotators)
        key = ["project_id", "remote_id"]
        statement = new.on_conflict_do_update(index_elements=key, set_={"name": new.excluded.name})
        if rows:
            self._connection.execute(statement, rows)

    def annotator_names(self, project_id: int) -> dict[str, str]:
        rows = self._connection.execute(
            select(annotators.c.remote_id, annotators.c.name).where(annotators.c.project_id == project_id)
        )
        return {row.remote_id: row.name for row in rows}

    def _text(self, column: Column[Any], project_id: int) -> str | None:
        text: str | None = self._connection.execute(
            select(column).where(projects.c.id == project_id)
        ).scalar_one()
        return text

    def _set(self, project_id: int, **values: Any) -> None:
        self._connection.execute(update(projects).where(projects.c.id == project_id).values(**values))


def _named(name: str) -> Select[Any]:
    return select(projects).where(projects.c.name == name)


def _schema_json(schema: LabelSchema) -> dict[str, Any]:
    return {
        "control": schema.control,
        "to_name": schema.to_name,
        "classes": list(schema.classes),
        "objects": [[tag.name, tag.kind, tag.field, tag.text_key] for tag in schema.objects],
        "kind": schema.kind,
        "texts": [list(pair) for pair in schema.texts],
        "tag": schema.tag,
    }


def _first_schema(listed: list[dict[str, Any]] | None) -> LabelSchema | None:
    return _schema(listed[0]) if listed else None


def _schema(value: dict[str, Any]) -> LabelSchema:
    return LabelSchema(
        control=value["control"],
        to_name=value["to_name"],
        classes=tuple(value["classes"]),
        objects=tuple(ObjectTag(*tag) for tag in value["objects"]),
        kind=value["kind"],
        texts=tuple((label, text) for label, text in value.get("texts", ())),  # none in those of before
        tag=value.get("tag", ""),
    )


def _project(row: Any) -> Project:
    return Project(
        id=row.id,
        name=row.name,
        platform=row.platform,
        url=row.url,
        remote_id=row.remote_id,
        schema=_first_schema(row.label_schema),
        service_user=row.service_user,
        source_cursor=row.source_cursor,
        review_remote_id=row.review_remote_id,
        review_cursor=row.review_cursor,
        changes_since_scan=row.changes_since_scan,
        last_sync_at=row.last_sync_at,
        last_reconcile_at=row.last_reconcile_at,
        last_scan_at=row.last_scan_at,
        last_collect_at=row.last_collect_at,
        paused_reason=row.paused_reason,
        desk=row.desk,
    )
