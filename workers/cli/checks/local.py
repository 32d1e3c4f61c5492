"""Checks of this machine: files, secrets, disk, database, broker, the running service."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from pydantic import BaseModel

from connector.config.keyring import DATABASE_FILE, KEY_FILE, TOKEN_FILE, Keyring
from connector.config.settings import Settings
from connector.config.types import SecretRef
from connector.errors import Misconfigured, SecondlookError
from connector.queue import BrokerState
from connector.store.views.server import time_limits
from connector.web.readiness import Readiness, broker, look
from connector.wiring import Services
from connector.wording import number_of
from workers.cli.checks import Check, Level, guarded

SCARCE_BYTES = 1_000_000_000
TOO_FEW_BYTES = 100_000_000
SHORT_LIMIT_S, TOO_SHORT_LIMIT_S = 300.0, 10.0  # of a server; reading a million items takes a minute
_OF_BROKERS: Mapping[str, str] = {
    BrokerState.UNREACHABLE: "Start it, or correct broker.url.",
    BrokerState.NO_LOGIN: "Correct the user and the path of broker.url, or broker.password.",
    BrokerState.NO_MESSAGES: "Give it memory or disk; a Redis that became a replica: broker.url shall name "
    "the one that takes writes.",
}
OTHERS = stat.S_IRWXG | stat.S_IRWXO
OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def before_services(settings: Settings, file: Path | None) -> Iterator[Check]:
    """What can be looked at without opening anything."""
    n = len(settings.projects)
    source = str(file) if file else "the environment alone"
    if n:
        yield Check("configuration", Level.OK, f"{source}: {number_of(n, 'project')}")
    else:
        yield Check("configuration", Level.FAIL, f"{source}: no project", "Add one: `secondlook init`.")
    yield _disk(settings.data_dir)
    for key, ref in secret_refs(settings):
        yield guarded(key, None, lambda key=key, ref=ref: _secret(key, ref))  # type: ignore[misc]
    yield from _made_secrets(settings.data_dir)
    yield _broker(settings)


def with_services(services: Services, settings: Settings) -> Iterator[Check]:
    """What the database tells; where there is none yet, `services` are over an empty one."""
    yield _database(services, settings)
    yield _key(services, settings)
    yield _scheduler(look(services))


def secret_refs(model: BaseModel, path: str = "") -> Iterator[tuple[str, SecretRef]]:
    """Every secret reference of the configuration, with its key."""
    for name in type(model).model_fields:
        value, key = getattr(model, name), f"{path}{name}"
        if isinstance(value, SecretRef):
            yield key, value
        elif isinstance(value, BaseModel):
            yield from secret_refs(value, f"{key}.")
        elif isinstance(value, Mapping):
            for each, below in value.items():
                if isinstance(below, BaseModel):  # a table of texts or numbers holds none
                    yield from secret_refs(below, f"{key}.{each}.")


def _secret(key: str, ref: SecretRef) -> Check:
    ref.read(key)
    if ref.file is None:
        return Check(key, Level.OK, f"environment variable {ref.env}")
    return _mode(key, ref.file)


def _made_secrets(data_dir: Path) -> Iterator[Check]:
    for name in (TOKEN_FILE, KEY_FILE, DATABASE_FILE):
        if (data_dir / name).exists():
            yield _mode(name, data_dir / name)
    if data_dir.exists() and stat.S_IMODE(data_dir.stat().st_mode) & OTHERS_WRITE:
        text = f"others may put files of theirs in place of those in {data_dir}"
        yield Check("data_dir", Level.WARN, text, f"chmod 700 {data_dir}")


def _mode(name: str, file: Path) -> Check:
    mode = stat.S_IMODE(file.stat().st_mode)
    if mode & OTHERS:
        return Check(name, Level.WARN, f"{file} can be read by others (mode {mode:o})", f"chmod 600 {file}")
    return Check(name, Level.OK, f"{file}, mode {mode:o}")


def _disk(folder: Path) -> Check:
    existing = next((each for each in (folder, *folder.parents) if each.exists()), Path("/"))
    free = shutil.disk_usage(existing).free
    text = f"{free / 1e9:.1f} GB free at {existing}"
    if free < TOO_FEW_BYTES:
        return Check("disk space", Level.FAIL, text, "Free space, or move data_dir.")
    if free < SCARCE_BYTES:
        return Check("disk space", Level.WARN, text, "Free space soon, or move data_dir.")
    return Check("disk space", Level.OK, text)


def _broker(settings: Settings) -> Check:
    state = broker(settings)
    text, remedy = f"{settings.broker.url}: {state}", _OF_BROKERS.get(state)
    if remedy is None:
        return Check("broker", Level.OK, text)
    return Check("broker", Level.FAIL, text, f"{remedy} Jobs wait in the database.")


def _database(services: Services, settings: Settings) -> Check:
    where = settings.database.url or f"SQLite in {settings.data_dir}"
    if services.settings.data_dir != settings.data_dir:
        where = "nothing is stored yet"
    try:
        services.store.require_writable()
        with services.store.read() as unit:
            limits = {name: limit for name, limit in time_limits(unit).items() if limit < SHORT_LIMIT_S}
    except SecondlookError as error:
        return unusable_database(settings, error)
    if limits:
        text = ", ".join(f"{name} = {limit:g} s" for name, limit in limits.items())
        level = Level.FAIL if min(limits.values()) < TOO_SHORT_LIMIT_S else Level.WARN
        remedy = f"A scan of many items takes minutes. {' '.join(map(_longer, limits))}"
        return Check("database", level, f"{where} ends what takes longer than {text}", remedy)
    return Check("database", Level.OK, f"{where}, schema up to date")


def _longer(limit: str) -> str:
    return f"ALTER ROLE … SET {limit} = 0, for the user of database.url."


def unusable_database(settings: Settings, error: SecondlookError) -> Check:
    """A database that does not answer, or takes nothing."""
    if isinstance(error, Misconfigured):
        return Check("database", Level.FAIL, f"{error.field}: {error.problem}", error.remedy)
    if settings.database.url is None:
        remedy = f"End what holds it: `fuser {settings.data_dir / DATABASE_FILE}` names it. Work waits."
    else:
        remedy = "Let database.url lead to a server that answers and takes writes. Work waits."
    return Check("database", Level.FAIL, str(error), remedy)


def _key(services: Services, settings: Settings) -> Check:
    """Where nothing is stored yet, the services stand on a folder that is gone after this look."""
    wrong, keyring = services.other_key, Keyring(settings)
    if wrong is not None:
        return Check("secret key", Level.FAIL, f"{wrong.field}: {wrong.problem}", wrong.remedy)
    if not keyring.is_there:
        return Check("secret key", Level.OK, f"made at the first start, in {keyring.kept_in}")
    return Check("secret key", Level.OK, f"of installation {keyring.installation}, in {keyring.kept_in}")


def _scheduler(ready: Readiness) -> Check:
    if ready.scheduler == "ok":
        return Check("scheduler", Level.OK, f"last tick {ready.seconds_since_tick:.0f} s ago")
    age = "" if ready.seconds_since_tick is None else f", last tick {ready.seconds_since_tick:.0f} s ago"
    remedy = "Start the service: `secondlook up`, or worker and beat (`celery -A workers.app beat`)."
    return Check("scheduler", Level.WARN, f"{ready.scheduler}{age}", remedy)
