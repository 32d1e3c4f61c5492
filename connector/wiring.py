"""The composition root: builds what the processes run on. Nothing is built at import."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from connector.config.keyring import Keyring, broker_url, database_url
from connector.config.own_key import KeyOwner, other_key, owner_in_use
from connector.config.project import ProjectSettings
from connector.config.settings import Settings
from connector.errors import Misconfigured, NotFound, Retryable, SecondlookError
from connector.model import Annotator, Json, OwnerMark, Project, Role
from connector.model.moments import is_over
from connector.platforms import registry
from connector.platforms.face import DeskConfig, PlatformConfig
from connector.ports import (
    Clock,
    Codecs,
    Documents,
    JobQueue,
    ModelBackend,
    ReviewDesk,
    Reviewers,
    Source,
    WebhookDialect,
    WebhookSecrets,
)
from connector.queue import CeleryQueue, make_celery
from connector.store import migrate
from connector.store.engine import open_engine
from connector.store.repositories.facts import KEY_OWNER
from connector.store.unit_of_work import Store, UnitOfWork

PLATFORM_SECRETS_ASKED_SECONDS = 20.0  # how often a platform is asked: a webhook made anew is known by then
PLATFORM_SECRETS_KEPT = timedelta(minutes=2)  # how long they are remembered where it does not answer


class SystemClock:
    """The real clock. Tests pass one of their own."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class NoDocuments:
    """Of a process that was handed none."""

    @property
    def has_parquet(self) -> bool:
        """None can be made here."""
        return False

    def report(self, figures: Json) -> Iterator[str]:
        """Not made here."""
        return self._none(figures)

    def validation(self, store: Any, project_id: int) -> Iterator[str]:
        """Not made here."""
        return self._none(store, project_id)

    def parquet(self, columns: Sequence[Any], rows: Iterator[Mapping[str, Any]]) -> Iterator[bytes]:
        """Not made here."""
        return self._none(columns, rows)

    def _none(self, *_: object) -> Iterator[Any]:
        msg = "this process makes no such files; the web process of `secondlook up` and `secondlook web` does"
        raise NotFound(msg)


@dataclass
class Services:
    """Everything a process needs; platform adapters are built when first asked for."""

    settings: Settings
    store: Store
    queue: JobQueue
    clock: Clock
    keyring: Keyring
    codecs: Mapping[str, Codecs] = field(default_factory=dict)  # by platform
    documents: Documents = field(default_factory=NoDocuments)
    other_key: Misconfigured | None = None  # why this database is not ours, for who only reads it
    _sources: dict[str, Source] = field(default_factory=dict)
    _desks: dict[str, ReviewDesk] = field(default_factory=dict)
    _secret_makers: dict[tuple[str, Role], WebhookSecrets | None] = field(default_factory=dict)
    _platform_secrets: dict[tuple[str, Role], tuple[datetime, Sequence[str]]] = field(
        default_factory=dict, repr=False
    )

    def project_settings(self, name: str) -> ProjectSettings:
        result = self.settings.projects.get(name)
        if result is None:
            known = ", ".join(sorted(self.settings.projects)) or "none"
            raise Misconfigured(
                f"no project of this name is configured (configured: {known})",
                field=f"projects.{name}",
                remedy="Check the name, or add the project with `secondlook init`.",
            )
        return result

    def project(self, name: str) -> Project:
        """The stored project of this name, bound to its remote project on first use."""
        self.project_settings(name)
        with self.store.read() as unit:
            known = unit.projects.by_name(name)
        if known is not None:
            return self.as_configured(known)
        with self.store.begin() as unit:
            return self.bound(unit, name)

    def as_configured(self, known: Project) -> Project:
        """A stored project, checked against the configuration: a job must not act on another server."""
        chosen = self.project_settings(known.name)
        place = (chosen.platform, chosen.url, str(chosen.project), chosen.desk_place.identity)
        if (known.platform, known.url, known.remote_id, known.desk) == place:
            return known  # the usual case: nothing to write
        with self.store.begin() as unit:
            return self.bound(unit, known.name)

    def bound(self, unit: UnitOfWork, name: str) -> Project:
        """The same, in a transaction that goes on."""
        chosen = self.project_settings(name)
        project = unit.projects.bind(
            name, chosen.platform, chosen.url, str(chosen.project), chosen.label_control
        )
        desk = chosen.desk_place.identity
        return project if project.desk == desk else _moved(unit, project, desk)

    def source(self, name: str) -> Source:
        if name not in self._sources:
            self._sources[name] = registry.source(self._platform(name))
        return self._sources[name]

    def desk(self, name: str) -> ReviewDesk:
        if name not in self._desks:
            self._desks[name] = registry.desk(self._desk(name))
        return self._desks[name]

    def place(self, name: str, role: Role) -> Source | ReviewDesk:
        """The platform that a webhook of this role comes from."""
        return self.source(name) if role is Role.SOURCE else self.desk(name)

    def reviewers(self, name: str) -> Sequence[Annotator]:
        """Who can answer reviews: the source's people, or those of the platform of the reviews."""
        desk = self.desk(name) if self.project_settings(name).desk_place.elsewhere else None
        return desk.reviewers() if isinstance(desk, Reviewers) else self.source(name).annotators()

    def people(self, name: str) -> Sequence[Annotator]:
        """Everyone who labels or reviews."""
        elsewhere = self.project_settings(name).desk_place.elsewhere
        return [*self.source(name).annotators(), *(self.reviewers(name) if elsewhere else ())]

    def dialect(self, name: str, role: Role) -> WebhookDialect:
        chosen = self.project_settings(name)
        return registry.dialect(chosen.platform if role is Role.SOURCE else chosen.desk_place.platform)

    def owner_mark(self, name: str, control: str) -> OwnerMark:
        """What our review project and guideline block say of their owner."""
        chosen = self.project_settings(name)
        where = f" at {chosen.url}" if chosen.desk_place.elsewhere else ""
        return OwnerMark(f"{chosen.project}/{control}{where}", self.keyring.installation, chosen.take_over)

    def model_backend(self, name: str) -> ModelBackend:
        """The model that a project asks for predictions."""
        url = self.project_settings(name).predictions.url
        if url is None:
            raise Misconfigured(
                "no model backend is configured",
                field=f"projects.{name}.predictions.url",
                remedy="Set it, or another source of predictions.",
            )
        return registry.model_backend(url, self.codecs)

    def webhook_secrets(self, name: str, role: Role) -> Sequence[str]:
        """Our own, or those that the platform made, as far as they are known: nobody is called.

        Retryable where the platform has not told them yet, or not for long.
        """
        if self._secret_maker(name, role) is None:
            return [self.keyring.webhook_secret(name, role).get_secret_value()]
        at, known = self._platform_secrets.get((name, role), (None, ()))
        if is_over(at, PLATFORM_SECRETS_KEPT, self.clock.now()):
            raise Retryable("the platform has not told the secrets of its webhooks")
        return known

    def refresh_secrets(self) -> None:
        """Ask the platforms that make secrets of their own; kept in memory alone, and not for long.

        One that does not answer is asked again the next time.
        """
        for name in self.settings.projects:
            for role in Role:
                with suppress(SecondlookError):
                    maker = self._secret_maker(name, role)
                    if maker is not None:
                        secrets_kept = maker.webhook_secrets(self.keyring.webhook_url(name, role))
                        self._platform_secrets[name, role] = self.clock.now(), secrets_kept

    def _secret_maker(self, name: str, role: Role) -> WebhookSecrets | None:
        if (name, role) not in self._secret_makers:  # asked for each delivery, and slow to tell
            platform = self.place(name, role)
            self._secret_makers[name, role] = platform if isinstance(platform, WebhookSecrets) else None
        return self._secret_makers[name, role]

    def _platform(self, name: str) -> PlatformConfig:
        chosen = self.project_settings(name)
        token = chosen.token.read(f"projects.{name}.token")
        return PlatformConfig(
            kind=chosen.platform,
            url=chosen.url,
            project_id=str(chosen.project),
            token=token.get_secret_value(),
            label_control=chosen.label_control,
            data_fields=_named(chosen.predictions.field),
            codecs=self.codecs.get(chosen.platform, {}),
        )

    def _desk(self, name: str) -> DeskConfig:
        chosen = self.project_settings(name)
        place = chosen.desk_place
        section = f"projects.{name}.{place.section}".rstrip(".")
        token = place.token.read(f"{section}.token")
        return DeskConfig(
            kind=place.platform,
            url=place.url,
            token=token.get_secret_value(),
            workspace=place.workspace,
            beside=None if place.elsewhere else str(chosen.project),
            section=place.section,
            codecs=self.codecs.get(place.platform, {}),
        )

    def close(self) -> None:
        self.store.close()


def _named(fields: str | Sequence[str] | None) -> tuple[str, ...]:
    if fields is None:
        return ()
    return (fields,) if isinstance(fields, str) else tuple(fields)


def _moved(unit: UnitOfWork, project: Project, desk: str) -> Project:
    """Note where reviews are answered now; what was open at another place is asked again at this one."""
    unit.projects.set_desk(project.id, desk)
    if project.desk is not None and project.review_remote_id is not None:
        unit.reviews.replan(project.id)
        unit.projects.forget_review_project(project.id)
        detail = {"from": project.desk, "to": desk}
        unit.audit.append("secondlook", "desk.moved", project.name, detail, project.name)
    return unit.projects.get(project.id)


def build(
    settings: Settings,
    queue: JobQueue | None = None,
    clock: Clock | None = None,
    codecs: Mapping[str, Codecs] | None = None,
    documents: Documents | None = None,
    *,
    reading: bool = False,
) -> Services:
    """Services over the configured database, migrated to this version.

    Misconfigured where it was made with another secret key, before anything is written; `reading` says so in
    `other_key`, unless the database would have to be migrated.

    Without `queue`, jobs are announced through Celery on the configured broker. Without `codecs` (platform →
    label type → codec) no label can be read: enough for the web process. Without `documents` no report and
    no Parquet file can be made.
    """
    engine = open_engine(database_url(settings).get_secret_value(), pooler=settings.database.pooler)
    keyring = Keyring(settings)
    wrong = _other_key(settings, keyring, migrate.fact(engine, KEY_OWNER))
    if wrong is not None and (not reading or migrate.needs_upgrade(engine)):
        engine.dispose()
        raise wrong
    migrate.upgrade(engine)
    clock = clock or SystemClock()
    queue = queue or CeleryQueue(make_celery(broker_url(settings).get_secret_value()))
    lease = timedelta(seconds=settings.worker.lease_seconds)
    store = Store(engine, clock, queue.send, lease)
    if not reading:
        _sign(store, settings, keyring)
    return Services(
        settings=settings,
        store=store,
        queue=queue,
        clock=clock,
        keyring=keyring,
        codecs=codecs or {},
        documents=documents or NoDocuments(),
        other_key=wrong,
    )


def _other_key(settings: Settings, keyring: Keyring, held: str | None) -> Misconfigured | None:
    owner = None if held is None else KeyOwner.from_json(held)
    return other_key(keyring, owner, [project.take_over for project in settings.projects.values()])


def _sign(store: Store, settings: Settings, keyring: Keyring) -> None:
    """Have the database say whose it is."""
    owner = owner_in_use(keyring)
    with store.read() as unit:
        held = unit.facts.get(KEY_OWNER)
    if held is not None and KeyOwner.from_json(held).installation == owner.installation:
        return
    with store.begin() as unit:
        before = KeyOwner.from_json(unit.facts.keep(KEY_OWNER, owner.to_json()))
        if before.installation == owner.installation:
            return
        wrong = _other_key(settings, keyring, before.to_json())
        if wrong is not None:  # another process was first, in the moment in which the database was made
            raise wrong
        unit.facts.put(KEY_OWNER, owner.to_json())
        detail = {"before": before.installation, "now": owner.installation}
        unit.audit.append("secondlook", "installation.changed", owner.installation, detail)
