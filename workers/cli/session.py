"""What the commands of one run share: the options given before the command, settings, services."""

from __future__ import annotations

import getpass
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from connector.errors import Misconfigured

# Whatever needs the configuration or the database is imported when a command does: `--help` comes at once.
if TYPE_CHECKING:
    from connector.config.project import ProjectSettings
    from connector.config.settings import Settings
    from connector.ports import Codecs
    from connector.store.unit_of_work import UnitOfWork
    from connector.wiring import Services

JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
ProjectName = Annotated[str, typer.Argument(help="Name of the project in secondlook.toml.")]
ERROR_FILE = "secondlook-error.log"


@dataclass
class Session:
    config: Path | None = None
    debug: bool = False

    @cached_property
    def settings(self) -> Settings:
        """The configuration; with it, logging is set up."""
        from connector.config.file import load

        settings = load(self.config)
        self.quiet_logs(at_once=self.debug)
        return settings

    def quiet_logs(self, *, at_once: bool = True) -> None:
        """A command says itself what it did: only warnings are logged, for people, unless --debug."""
        from connector import logs
        from connector.config.settings import LogFormat, LogLevel, LogSettings

        level = LogLevel.DEBUG if self.debug else LogLevel.WARNING
        configure = logs.configure if at_once else logs.configure_later
        configure(LogSettings(format=LogFormat.CONSOLE, level=level))

    def service_logs(self) -> None:
        """What a service writes: as the configuration says."""
        from connector import logs
        from connector.config.settings import LogLevel

        chosen = self.settings.log
        logs.configure(chosen.model_copy(update={"level": LogLevel.DEBUG}) if self.debug else chosen)

    @contextmanager
    def reading(self, *, platforms: bool = False) -> Iterator[Services]:
        """Services for a command that only reads: where nothing is stored yet, nothing is made either.

        What is stored is enough for most; `platforms` is for those that ask one as well.
        """
        if self.settings.database.url is not None or database_file(self.settings).exists():
            with self._services(platforms=platforms, reading=True) as services:
                if services.other_key is not None:
                    typer.echo(f"warning: {services.other_key}", err=True)
                yield services
            return
        with tempfile.TemporaryDirectory(prefix="secondlook-") as folder:
            nowhere = Session(self.config, self.debug)
            nowhere.settings = self.settings.model_copy(update={"data_dir": Path(folder)})
            with nowhere._services(platforms=platforms) as services:
                yield services

    @contextmanager
    def services(self) -> Iterator[Services]:
        """Services for one command. What it enqueues is announced, unless no broker is shared."""
        _ = self.settings
        self.quiet_logs()
        with self._services() as services:
            yield services

    @contextmanager
    def _services(self, *, platforms: bool = True, reading: bool = False) -> Iterator[Services]:
        from connector.config.settings import MEMORY_BROKER
        from connector.queue import SilentQueue
        from connector.wiring import build

        silent = self.settings.broker.url.startswith(MEMORY_BROKER)
        queue = SilentQueue() if silent else None
        services = build(self.settings, queue, codecs=_codecs(platforms), reading=reading)
        try:
            yield services
        finally:
            services.close()

    def require_project(self, name: str) -> None:
        """Misconfigured, naming those there are, unless `name` is configured."""
        self.settings.project(name)

    def error_file(self) -> Path:
        """Where the details of an unexpected error go."""
        from connector.config.private import private_file, private_folder

        try:
            folder = self.settings.data_dir
            private_folder(folder)
            private_file(folder / ERROR_FILE)
        except (Misconfigured, OSError):
            folder = Path(tempfile.gettempdir())
        return folder / ERROR_FILE


def _codecs(wanted: bool) -> Mapping[str, Codecs] | None:  # noqa: FBT001 - of this module
    """How platforms hold labels: every label type is loaded for it."""
    if not wanted:
        return None
    from workers.label_types.registry import codecs

    return codecs()


def database_file(settings: Settings) -> Path:
    """Where SQLite keeps everything, unless a database is configured."""
    from connector.config.keyring import DATABASE_FILE

    return settings.data_dir / DATABASE_FILE


def item_links(settings: ProjectSettings) -> Callable[[str], str]:
    """Item → the page where a person sees it on the project's platform."""
    from connector.platforms import registry

    return lambda item: registry.item_link(settings.platform, settings.url, str(settings.project), item)


@contextmanager
def asking(services: Services) -> Iterator[UnitOfWork]:
    """A transaction whose job this command runs itself: no worker is told of it.

    Told, one could take the job first, and this command would do it a second time. Where this process is
    killed before it runs the job, the tick announces it.
    """
    with services.store.begin() as unit:
        yield unit
        unit.due_jobs.clear()


def actor(by: str | None = None) -> str:
    """Who acts, for the audit log: the one named, else the user of this machine."""
    return f"cli:{by or _user()}"


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return "unknown"


def session_of(context: typer.Context) -> Session:
    result = context.find_object(Session)
    if result is None:  # the callback of the application sets it
        msg = "no session"
        raise LookupError(msg)
    return result
