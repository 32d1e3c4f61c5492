"""Secrets in use: full addresses with passwords, the API token, and what is derived from the master key."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import SecretStr

from connector.config.private import private_folder
from connector.config.settings import Settings
from connector.config.types import SecretRef
from connector.errors import Misconfigured
from connector.model import Role

KEY_FILE = "secret-key"
TOKEN_FILE = "api-token"  # noqa: S105 - a file's name
DATABASE_FILE = "secondlook.db"
KEY_BYTES = 32
INSTALLATION_CHARS = 12
SHORTEST_SECRET = 16  # characters: below this a token or key can be guessed


class Keyring:
    """Reads each secret when it is first asked for; none is ever stored in the database."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._derived: dict[tuple[str, str, Role], str] = {}

    def __repr__(self) -> str:
        return "Keyring(...)"

    @cached_property
    def api_token(self) -> SecretStr:
        """Token of the API and the status page; made on first use where none is configured."""
        ref, file = self._settings.server.api_token, self._settings.data_dir / TOKEN_FILE
        return SecretStr(_configured_or_made(ref, "server.api_token", file))

    @cached_property
    def _master(self) -> bytes:
        ref = self._settings.server.secret_key
        return _configured_or_made(ref, "server.secret_key", self._key_file).encode()

    @property
    def _key_file(self) -> Path:
        return self._settings.data_dir.absolute() / KEY_FILE

    @property
    def is_there(self) -> bool:
        """Whether there is a key, or one would be made at its first use."""
        return self._settings.server.secret_key is not None or self._key_file.exists()

    @property
    def field(self) -> str:
        """The setting that says where the key is."""
        return "data_dir" if self._settings.server.secret_key is None else "server.secret_key"

    @property
    def kept_in(self) -> str:
        """Where the key is, for people."""
        ref = self._settings.server.secret_key
        if ref is None:
            return str(self._key_file)
        return f"environment variable {ref.env}" if ref.file is None else str(ref.file.absolute())

    def webhook_secret(self, project: str, role: Role) -> SecretStr:
        """What the platform sends in a header with each delivery."""
        return SecretStr(self._derive("webhook-secret", project, role))

    def webhook_path_key(self, project: str, role: Role) -> str:
        """The part of the webhook's address that cannot be guessed."""
        return self._derive("webhook-path", project, role)[:KEY_BYTES]

    def owner_key(self, project: str) -> str:
        """The mark by which a review project is recognised as ours."""
        return self._derive("owner", project, Role.REVIEW)[:KEY_BYTES]

    @cached_property
    def installation(self) -> str:
        """Names this installation to others, and says nothing of its key."""
        return self._derive("installation", "", Role.REVIEW)[:INSTALLATION_CHARS]

    def model_key(self, project: str) -> bytes:
        """Seals a project's kept model, so that no other bytes are ever opened as one."""
        return self._derive("model", project, Role.SOURCE).encode()

    @cached_property
    def sign_in_key(self) -> bytes:
        """Seals what a browser keeps during a sign-in, and marks the forms of people whom a proxy knows."""
        return self._derive("sign-in", "", Role.SOURCE).encode()

    def webhook_url(self, project: str, role: Role) -> str:
        """The address to register for one of a project's two webhooks."""
        key = self.webhook_path_key(project, role)
        return f"{self._settings.server.url}/hooks/{project}/{role.value}/{key}"

    def _derive(self, purpose: str, project: str, role: Role) -> str:
        if (purpose, project, role) not in self._derived:
            message = f"{purpose}\x00{project}\x00{role.value}".encode()
            derived = hmac.new(self._master, message, hashlib.sha256).hexdigest()
            self._derived[purpose, project, role] = derived
        return self._derived[purpose, project, role]


def database_url(settings: Settings) -> SecretStr:
    """SQLAlchemy URL with the password put in; SQLite in `data_dir` where none is configured."""
    database = settings.database
    url = database.url or f"sqlite:///{settings.data_dir.absolute() / DATABASE_FILE}"
    return _with_password(url, database.password, "database.password")


def broker_url(settings: Settings) -> SecretStr:
    """Celery broker URL with the password put in."""
    return _with_password(settings.broker.url, settings.broker.password, "broker.password")


def _with_password(url: str, ref: SecretRef | None, field: str) -> SecretStr:
    if ref is None:
        return SecretStr(url)
    parts = urlsplit(url)
    user, _, host = parts.netloc.rpartition("@")
    password = quote(ref.read(field).get_secret_value(), safe="")
    return SecretStr(urlunsplit(parts._replace(netloc=f"{user}:{password}@{host}")))


def _configured_or_made(ref: SecretRef | None, field: str, file: Path) -> str:
    if ref is None:
        return _kept(file)
    value = ref.read(field).get_secret_value()
    if len(value) < SHORTEST_SECRET:
        raise Misconfigured(
            f"has {len(value)} characters, which can be guessed",
            field=field,
            remedy=f"Use at least {SHORTEST_SECRET}, for example from `openssl rand -hex 32`.",
        )
    return value


def _kept(file: Path) -> str:
    """The secret in `file`; made on first use, complete at once, so that two processes agree on one."""
    try:
        if not file.exists():
            _make(file)
        value = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(
            f"{file} cannot be written or read ({type(error).__name__})",
            field="data_dir",
            remedy="Choose a folder that the service's user can write to.",
        ) from error
    if len(value) < SHORTEST_SECRET:
        raise Misconfigured(
            f"{file} holds no usable secret", field="data_dir", remedy="Delete it; a new one is made."
        )
    return value


def _make(file: Path) -> None:
    private_folder(file.parent)
    draft = file.with_name(f".{file.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as stream:
            stream.write(secrets.token_hex(KEY_BYTES) + "\n")
        with suppress(FileExistsError):  # another process was first: its secret is the one
            os.link(draft, file)
    finally:
        draft.unlink(missing_ok=True)
