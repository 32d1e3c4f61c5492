"""Label Studio installed in an environment of its own, with a migrated database to copy."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import secrets
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from connector.errors import Misconfigured, SecondlookError

VERSION = "1.23.2"
LOCK_FILE = Path(__file__).with_name("label-studio.lock")
DATABASE = "label_studio.sqlite3"
KEY_FILE = ".env"
ADMIN_EMAIL = "admin@example.com"

_RECIPE = 2  # raise it when the way to build the home changes: older homes are then built anew
_READY = "ready.json"  # written last: a home without it is half-made
_INSTALL_TIMEOUT_S = 1200
_MIGRATE_TIMEOUT_S = 600
_LOG_LINES = 20  # how much of a log an error message quotes

# Label Studio runs with this and nothing else of our environment: it reads bare names such as CI,
# HOST, PORT or DEBUG as its own settings. It must not call home either.
_SETTINGS = {
    "LABEL_STUDIO_COLLECT_ANALYTICS": "false",
    "LABEL_STUDIO_LATEST_VERSION_CHECK": "false",
    "LABEL_STUDIO_SENTRY_DSN": "",
    "LABEL_STUDIO_FRONTEND_SENTRY_DSN": "",
    "LABEL_STUDIO_FEATURE_FLAGS_OFFLINE": "true",
    "LABEL_STUDIO_CONVERTER_DOWNLOAD_RESOURCES": "false",
    "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
    # Its switch for SQLite's write-ahead log: several people at once are served twice as fast.
    "LABEL_STUDIO_AZURE_MOUNT_FIX": "true",
}

Progress = Callable[[str], object]


class ServerError(SecondlookError):
    """A program that we started did not do its work; the message ends with what it said."""


@dataclass(frozen=True, slots=True)
class LabelStudioHome:
    """An installed Label Studio and the credentials of its template's administrator."""

    path: Path
    admin_email: str
    admin_password: str

    @property
    def python(self) -> Path:
        return self.path / "venv" / "bin" / "python"

    @property
    def template(self) -> Path:
        return self.path / "template"


def default_cache_dir(environment: Mapping[str, str] | None = None) -> Path:
    """Where downloads are kept between runs: SECONDLOOK_CACHE, else the user's cache directory."""
    environment = os.environ if environment is None else environment
    if chosen := environment.get("SECONDLOOK_CACHE"):
        return Path(chosen).expanduser()
    base = environment.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "secondlook"


def prepare_label_studio(cache_dir: Path, on_progress: Progress | None = None) -> LabelStudioHome:
    """Install Label Studio and build its template database, unless that is done already.

    Any number of processes may call this at once: one builds and the others wait for it. A home
    that was left half-made is built anew.
    """
    say = on_progress or _say_nothing
    cache_dir.mkdir(parents=True, exist_ok=True)
    path = cache_dir.resolve() / f"label-studio-{VERSION}-{_fingerprint()}"
    if home := _ready_home(path):
        return home
    with _exclusive(path.with_name(f"{path.name}.lock"), say):
        return _ready_home(path) or _build(path, say)


def child_environment(data_dir: Path) -> dict[str, str]:
    """What a Label Studio process gets to see; all that it keeps goes into `data_dir`."""
    places = {"HOME": data_dir, "XDG_CONFIG_HOME": data_dir / "config", "XDG_CACHE_HOME": data_dir / "cache"}
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "PYTHONUNBUFFERED": "1",
        "LABEL_STUDIO_BASE_DATA_DIR": str(data_dir),
        **{name: str(place) for name, place in places.items()},
        **_SETTINGS,
    }


def tail(log: Path, lines: int = _LOG_LINES) -> str:
    """The end of a log, for an error message."""
    if not log.exists():
        return ""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def _say_nothing(_: str) -> None:
    """The progress of someone who does not want to hear of it."""


def _fingerprint() -> str:
    """Stands in the home's name: checkouts that pin other versions get homes of their own."""
    recipe = f"{_RECIPE} {sys.version_info[:2]} ".encode()
    return hashlib.sha256(recipe + LOCK_FILE.read_bytes()).hexdigest()[:12]


def _ready_home(path: Path) -> LabelStudioHome | None:
    try:
        stored = json.loads((path / _READY).read_text())
        home = LabelStudioHome(path, stored["admin_email"], stored["admin_password"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return home if home.python.exists() and (home.template / DATABASE).exists() else None


@contextmanager
def _exclusive(lock_file: Path, say: Progress) -> Iterator[None]:
    with lock_file.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another process is preparing Label Studio; waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield  # closing the file gives the lock back, also when this process is killed


def _build(path: Path, say: Progress) -> LabelStudioHome:
    """Build beside the final place and rename: nobody ever sees a half-made home. Needs the lock."""
    prefix = f".{path.name}."
    for left_behind in path.parent.glob(f"{prefix}*"):
        shutil.rmtree(left_behind, ignore_errors=True)
    building = Path(tempfile.mkdtemp(prefix=prefix, dir=path.parent))
    try:
        home = LabelStudioHome(building, ADMIN_EMAIL, secrets.token_urlsafe(12))
        _install(home, say)
        _migrate(home, say)
        _mark_ready(home)
        shutil.rmtree(path, ignore_errors=True)  # damaged, or we would not be here
        building.rename(path)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return LabelStudioHome(path, home.admin_email, home.admin_password)


def _install(home: LabelStudioHome, say: Progress) -> None:
    say(f"Installing Label Studio {VERSION} into its own environment (about 800 MB, once)")
    log = home.path / "install.log"
    for command in _install_commands(home):
        _run(command, log=log, timeout=_INSTALL_TIMEOUT_S, what="Installing Label Studio")


def _install_commands(home: LabelStudioHome) -> list[list[str]]:
    venv = str(home.path / "venv")
    checked = ["--require-hashes", "-r", str(LOCK_FILE)]
    if uv := _find_uv():
        install = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(home.python)]
        return [[uv, "venv", "--quiet", "--python", sys.executable, venv], [*install, *checked]]
    pip = [str(home.python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    return [[sys.executable, "-m", "venv", venv], [*pip, *checked]]


def _find_uv() -> str | None:
    """uv from PATH, or the one that `make setup` put beside our environment."""
    beside = Path(sys.prefix).parent / ".tools" / "bin"
    return shutil.which("uv") or shutil.which("uv", path=str(beside))


def _migrate(home: LabelStudioHome, say: Progress) -> None:
    say("Building Label Studio's template database (once)")
    home.template.mkdir(mode=0o700)
    environment = child_environment(home.template) | {
        "LABEL_STUDIO_USERNAME": home.admin_email,
        "LABEL_STUDIO_PASSWORD": home.admin_password,
    }
    command = [str(home.python), "-m", "label_studio.server", "init", "--enable-legacy-api-token"]
    log = home.path / "migrate.log"
    _run(command, log=log, timeout=_MIGRATE_TIMEOUT_S, what="Building the database", environment=environment)
    with closing(sqlite3.connect(home.template / DATABASE)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # so that the one file is all there is


def _mark_ready(home: LabelStudioHome) -> None:
    stored = {"admin_email": home.admin_email, "admin_password": home.admin_password}
    ready = home.path / _READY
    ready.touch(mode=0o600)
    ready.write_text(json.dumps(stored, indent=2))


def _run(
    command: list[str], *, log: Path, timeout: float, what: str, environment: Mapping[str, str] | None = None
) -> None:
    with log.open("ab") as output:
        try:
            done = subprocess.run(  # noqa: S603 - our own fixed commands
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=timeout,
                env=environment,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise ServerError(f"{what} took longer than {timeout:.0f} s:\n{tail(log)}") from error
    if done.returncode:
        raise Misconfigured(
            f"{what} failed (exit code {done.returncode}):\n{tail(log)}\n",
            field="Label Studio",
            remedy="Check the network and the free disk space, install uv, and run the same command again.",
        )


def main() -> None:
    """Prepare the home now, so that a later start need not: `python -m workers.demo.home`."""
    try:
        prepare_label_studio(default_cache_dir(), lambda line: sys.stderr.write(f"{line}\n"))
    except SecondlookError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
