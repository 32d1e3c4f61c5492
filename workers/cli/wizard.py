"""The questions of `secondlook init`. Each answer is checked before the next question is asked."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import tomli_w
import typer
from pydantic import TypeAdapter, ValidationError

from connector.config.settings import PROJECT_NAME
from connector.config.types import HttpUrl, SecretRef
from connector.errors import Misconfigured, Retryable, SecondlookError
from connector.platforms import registry
from connector.ports import ProjectFound, Survey
from workers.cli.output import note
from workers.label_types.registry import codecs_of

T = TypeVar("T")
TRIES = 5  # wrong answers in a row, and the wizard gives up
LONGEST_NAME = 40


@dataclass(frozen=True)
class GivenOptions:
    """What was given as options; None is asked for."""

    platform: str
    url: str | None
    token_env: str | None
    token_file: Path | None
    project: str | None
    label_control: str | None
    name: str | None
    public_url: str | None


@dataclass(frozen=True)
class ConfigChoice:
    """What to write. `variable_to_set` is the variable that a pasted token is expected in later."""

    name: str
    tree: dict[str, Any]
    variable_to_set: str | None = None


class Wizard:
    def __init__(self, answers: GivenOptions, *, asks: bool, data_dir: Path) -> None:
        self._given = answers
        self._words = registry.words(answers.platform)
        self._asks = asks
        self._data_dir = data_dir

    def run(self) -> ConfigChoice:
        """All questions, in order. Misconfigured where an option is missing and nothing may be asked."""
        url = self._until(self._url, "url")
        token, ref, survey = self._until(lambda: self._token(url), "token_env", "token_file")
        project, control = self._until(lambda: self._labels(survey), "project", "label_control")
        name = self._until(lambda: self._name(project), "name")
        variable = None
        if ref is None:
            ref, variable = self._keep(token, name)
        section = {"platform": self._given.platform, "url": url, "project": project.remote_id, "token": ref}
        if control is not None:
            section["label_control"] = control
        tree: dict[str, Any] = {"projects": {name: section}}
        if self._given.public_url:
            tree = {"server": {"public_url": _http_url(self._given.public_url, "--public-url")}} | tree
        return ConfigChoice(name, tree, variable)

    def _until(self, question: Callable[[], T], *options: str) -> T:
        """Ask again after a wrong answer, also where it came from one of these options."""
        for _ in range(TRIES - 1):
            try:
                return question()
            except SecondlookError as error:
                if not self._asks:
                    raise
                note(f"  {error}")
                unset: dict[str, Any] = dict.fromkeys(options)
                self._given = replace(self._given, **unset)
        return question()

    def _url(self) -> str:
        words = self._words
        text = self._given.url or self._ask(f"Address of {words.name}", "--url", words.address)
        return _http_url(text, "--url")

    def _token(self, url: str) -> tuple[str, dict[str, str] | None, Survey]:
        token, ref = self._given_token()
        survey = registry.survey(self._given.platform, url, token, codecs=codecs_of(self._given.platform))
        try:
            server, account = survey.server(), survey.account()
        except Retryable as error:
            raise Misconfigured(
                str(error), field="url", remedy="Check the address, and that it runs."
            ) from error
        note(f"  {url}: version {server.version}, {account.token_kind} of {account.name}")
        return token, ref, survey

    def _given_token(self) -> tuple[str, dict[str, str] | None]:
        """The token, and where it is kept; None for one that was typed in."""
        if self._given.token_env:
            ref = SecretRef(env=self._given.token_env)
            return ref.read("--token-env").get_secret_value(), {"env": self._given.token_env}
        if self._given.token_file:
            ref = SecretRef(file=self._given.token_file)
            return ref.read("--token-file").get_secret_value(), {
                "file": str(self._given.token_file.absolute())
            }
        return self._ask("Access token (not shown)", "--token-env or --token-file", hide=True).strip(), None

    def _labels(self, survey: Survey) -> tuple[ProjectFound, str | None]:
        project = self._project(survey)
        return project, self._control(survey, project)

    def _project(self, survey: Survey) -> ProjectFound:
        found = survey.projects()
        wanted = self._given.project or ""
        if not wanted:
            for project in found if self._asks else ():
                note(f"  {project.remote_id:>6}  {project.title}  ({project.items} items)")
            only = found[0].remote_id if len(found) == 1 else None
            wanted = self._ask("The project's number or id", "--project", only).strip()
        for project in found:
            if project.remote_id == wanted:
                return project
        numbers = ", ".join(project.remote_id for project in found) or "none"
        raise Misconfigured(
            f"this account sees no project {wanted}",
            field="--project",
            remedy=f"Projects that it sees: {numbers}.",
        )

    def _control(self, survey: Survey, project: ProjectFound) -> str | None:
        """None where there is only one: then the configuration need not name it."""
        found = survey.label_controls(project.remote_id)
        if not found:
            raise Misconfigured(
                f"project {project.remote_id} has {self._words.no_control}",
                field="--project",
                remedy=f"Choose another project, or {self._words.add_control}.",
            )
        wanted = self._given.label_control
        if wanted is None and len(found) > 1:
            wanted = self._ask(
                f"Control that holds the label ({', '.join(found)})", "--label-control", found[0]
            )
        if wanted is not None and wanted not in found:
            raise Misconfigured(
                f"there is no usable control {wanted!r}",
                field="--label-control",
                remedy=f"Usable here: {', '.join(found)}.",
            )
        return wanted

    def _name(self, project: ProjectFound) -> str:
        proposed = slug(project.title) or f"project-{project.remote_id}"
        name = self._given.name or self._ask("Name for it here", "--name", proposed, optional=True)
        if not PROJECT_NAME.fullmatch(name):
            raise Misconfigured(
                f"{name!r} is no project name",
                field="--name",
                remedy="Use up to 40 of a-z, 0-9, _ and -, beginning with a letter or digit.",
            )
        return name

    def _keep(self, token: str, name: str) -> tuple[dict[str, str], str | None]:
        file = self._data_dir / f"token-{name}"
        variable = f"SECONDLOOK_TOKEN_{name.replace('-', '_').upper()}"
        note(f"  The token can be kept in the file {file} (mode 600), or in the variable {variable}.")
        where = self._ask("Keep it in: file or env", "--token-env or --token-file", "file")
        if where.strip().lower() == "env":
            return {"env": variable}, variable
        write_private(file, token)
        return {"file": str(file.absolute())}, None

    def _ask(
        self,
        question: str,
        option: str,
        default: str | None = None,
        *,
        hide: bool = False,
        optional: bool = False,
    ) -> str:
        if self._asks:
            return str(typer.prompt(question, default=default, hide_input=hide, err=True))
        if default is not None and optional:
            return default
        raise Misconfigured(f"is needed with --yes ({question})", field=option, remedy="Give it.")


def slug(title: str) -> str:
    """A project name made from a title."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:LONGEST_NAME].strip("-")


def written(file: Path, choice: ConfigChoice) -> None:
    """Write the configuration, complete or not at all."""
    head = "# Secondlook's configuration: docs/configuration.md lists every key.\n\n"
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(head + tomli_w.dumps(choice.tree), encoding="utf-8")
        draft.replace(file)
    except OSError as error:
        raise Misconfigured(
            f"{file} cannot be written ({error.strerror})", field="--config", remedy="Choose another place."
        ) from error
    finally:
        draft.unlink(missing_ok=True)


def write_private(file: Path, secret: str) -> None:
    """A file that its owner alone can read."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            os.fchmod(stream.fileno(), 0o600)  # a file that was there keeps its old mode otherwise
            stream.write(secret + "\n")
    except OSError as error:
        raise Misconfigured(
            f"{file} cannot be written ({error.strerror})", field="data_dir", remedy="Choose another place."
        ) from error


def _http_url(text: str, field: str) -> str:
    try:
        return str(TypeAdapter(HttpUrl).validate_python(text.strip()))
    except ValidationError as error:
        message = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
    raise Misconfigured(message, field=field, remedy="For example https://labels.example.org.")
