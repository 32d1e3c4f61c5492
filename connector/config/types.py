"""What settings are made of: strict frozen models, secrets by reference, addresses, paths."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import parse_qs, urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from connector.errors import Misconfigured

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Seconds = Annotated[float, Field(gt=0)]


class Frozen(BaseModel):
    """Strict, so that `port = "8400"` is a mistake; a refused value is never quoted by pydantic."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        allow_inf_nan=False,
        validate_default=True,
        hide_input_in_errors=True,
    )

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        """What never changes is its own copy."""
        return self


@dataclass(frozen=True, slots=True)
class OneOf:
    """Checks that a text is a name that is known when it is read."""

    known: Callable[[], Sequence[str]]

    def __call__(self, value: str) -> str:
        known = self.known()
        if value not in known:
            msg = f"should be {' or '.join(map(repr, known))}"
            raise ValueError(msg)
        return value


def _http_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        msg = "must start with http:// or https:// and name a host"
        raise ValueError(msg)
    if parts.username or parts.password or parts.query or parts.fragment:
        msg = "must carry no user, password, query or fragment"
        raise ValueError(msg)
    _ = parts.port  # raises ValueError, which names it, for a port that is no number or too high
    return value.rstrip("/")


def refuse_password(url: str, key: str) -> None:
    parts = urlsplit(url)
    if parts.password or "password" in parse_qs(parts.query):
        msg = f"the password stands in clear; move it to {key} by reference"
        raise ValueError(msg)


def server_of(url: str) -> str:
    """Host, port and path: one server, however its address is spelled."""
    parts = urlsplit(url)
    usual = {"http": 80, "https": 443}.get(parts.scheme, "")
    return f"{parts.hostname}:{parts.port or usual}{parts.path.rstrip('/')}"


HttpUrl = Annotated[str, AfterValidator(_http_url)]
# TOML and the environment have text and lists only: these three types are read from them.
LaxPath = Annotated[Path, Field(strict=False)]
Names = Annotated[tuple[str, ...], Field(strict=False)]


class SecretRef(Frozen):
    """Where a secret is found: the name of an environment variable, or a file. Never the secret itself."""

    env: str | None = Field(default=None, description="Name of the environment variable that holds it.")
    file: LaxPath | None = Field(default=None, description="File that holds it, alone on the first line.")

    @model_validator(mode="before")
    @classmethod
    def _no_clear_text(cls, value: Any) -> Any:
        if isinstance(value, str):
            msg = 'a secret is given by reference: { env = "NAME" } or { file = "path" }, never in clear'
            raise ValueError(msg)  # noqa: TRY004 - pydantic turns ValueError into a field error
        return value

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.env is None) == (self.file is None):
            msg = "give exactly one of env and file"
            raise ValueError(msg)
        return self

    def read(self, field: str) -> SecretStr:
        """The secret; Misconfigured, naming `field` and never the value, when it is not there."""
        if self.env is not None:
            text = os.environ.get(self.env, "").strip()
            if not text:
                raise Misconfigured(
                    f"environment variable {self.env} is not set or empty",
                    field=field,
                    remedy=f"Set {self.env}, or point {field} to a file.",
                )
            return SecretStr(text)
        path = self.file
        if path is None:  # excluded by _one_of_both
            raise Misconfigured("no reference", field=field, remedy="Give env or file.")
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise Misconfigured(
                f"file {path} cannot be read ({type(error).__name__})",
                field=field,
                remedy="Create the file, readable by the service's user alone.",
            ) from error
        if not lines or not lines[0].strip():
            raise Misconfigured(
                f"file {path} is empty", field=field, remedy="Put the secret on its first line."
            )
        return SecretStr(lines[0].strip())
