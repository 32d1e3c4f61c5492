"""argilla-server in an environment of its own, with a migrated database and its people to copy."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from connector.errors import Misconfigured, SecondlookError
from workers.demo.home import Progress, default_cache_dir, tail

VERSION = "2.8.0"
LOCK_FILE = Path(__file__).with_name("argilla-server.lock")
DATABASE = "argilla.db"
WORKSPACE = "dogs"
PASSWORD = "second-look"  # noqa: S105 - of servers on the loopback interface, made for an hour

# name → role. Every server that is started from the template gives them keys of its own.
PEOPLE = {
    "owner": "owner",
    "service": "admin",
    **dict.fromkeys(("anna", "bert", "rita", "saul", "tess", "uma"), "annotator"),
}

_RECIPE = 1  # raise it when the way to build the home changes: older homes are then built anew
_READY = "ready"
_INSTALL_TIMEOUT_S = 1200
_COMMAND_TIMEOUT_S = 300


def prepare_argilla(cache_dir: Path | None = None, on_progress: Progress | None = None) -> Path:
    """The folder with `venv` and `template`; built once, however many processes ask at the same time."""
    say = on_progress or _say_nothing
    cache_dir = (cache_dir or default_cache_dir()).resolve()
    cache_dir.mkdir(parents=True, exist_ok=True)
    home = cache_dir / f"argilla-{VERSION}-{_fingerprint()}"
    with home.with_name(f"{home.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # given back by the kernel, also when this process is killed
        if not (home / _READY).exists():
            _build(home, say)
    return home


def _say_nothing(_: str) -> None:
    """The progress of someone who does not want to hear of it."""


def child_environment(data_dir: Path) -> dict[str, str]:
    """All that an Argilla process gets to see: nothing of ours, and nothing that calls home."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "HOME": str(data_dir),
        "ARGILLA_HOME_PATH": str(data_dir),
        "ARGILLA_DATABASE_URL": f"sqlite+aiosqlite:///{data_dir / DATABASE}?check_same_thread=False",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HUB_OFFLINE": "1",
        "PYTHONUNBUFFERED": "1",
    }


def _fingerprint() -> str:
    recipe = f"{_RECIPE} {sys.version_info[:2]} {sorted(PEOPLE.items())} ".encode()
    return hashlib.sha256(recipe + LOCK_FILE.read_bytes()).hexdigest()[:12]


def _build(home: Path, say: Progress) -> None:
    shutil.rmtree(home, ignore_errors=True)
    building = Path(tempfile.mkdtemp(prefix=f".{home.name}.", dir=home.parent))
    try:
        say(f"Installing Argilla {VERSION} into its own environment (about 900 MB, once)")
        _install(building)
        say("Building Argilla's template database (once)")
        _fill_template(building)
        (building / _READY).touch()
        building.rename(home)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _install(home: Path) -> None:
    venv, python = str(home / "venv"), str(home / "venv" / "bin" / "python")
    checked = ["--require-hashes", "-r", str(LOCK_FILE)]
    beside = Path(sys.prefix).parent / ".tools" / "bin"  # where `make setup` puts uv
    if uv := shutil.which("uv") or shutil.which("uv", path=str(beside)):
        make = [uv, "venv", "--quiet", "--python", sys.executable, venv]
        install = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", python]
    else:
        make = [sys.executable, "-m", "venv", venv]
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run(make, home, _INSTALL_TIMEOUT_S)
    _run([*install, *checked], home, _INSTALL_TIMEOUT_S)


def _fill_template(home: Path) -> None:
    template = home / "template"
    template.mkdir(mode=0o700)
    environment = child_environment(template)
    server = [str(home / "venv" / "bin" / "python"), "-m", "argilla_server", "database"]
    _run([*server, "migrate"], home, _COMMAND_TIMEOUT_S, environment)
    for name, role in PEOPLE.items():
        who = ["--first-name", name, "--username", name, "--role", role]
        access = ["--password", PASSWORD, "--api-key", f"{name}.apikey", "--workspace", WORKSPACE]
        _run([*server, "users", "create", *who, *access], home, _COMMAND_TIMEOUT_S, environment)


def _run(command: list[str], home: Path, timeout: float, env: Mapping[str, str] | None = None) -> None:
    log = home / "build.log"
    with log.open("ab") as output:
        done = subprocess.run(  # noqa: S603 - our own fixed commands
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            timeout=timeout,
            env=env,
            check=False,
        )
    if done.returncode:
        raise Misconfigured(
            f"Argilla {VERSION} could not be prepared (exit code {done.returncode}):\n{tail(log)}\n",
            field="Argilla",
            remedy="Check the network and the free disk space, install uv, and run the same command again.",
        )


def main() -> None:
    """Prepare the home now, so that a later start need not: `python -m workers.demo.argilla_home`."""
    try:
        prepare_argilla(on_progress=lambda line: sys.stderr.write(f"{line}\n"))
    except SecondlookError as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main()
