"""The questions of `secondlook init`. Each answer is checked before the next question is asked."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import tomli_w
import typer
from pydantic import TypeAdapter, ValidationError

from connector.config.settings import PROJECT_NAME
from connector.config.types import HttpUrl, SecretRef
from connector.errors import Misconfigured, Retryable, SecondlookError
from connector.model import WriteMode
from connector.platforms import registry
from connector.ports import ProjectFound, Survey
from connector.wording import number_of
from workers.cli.exits import ExitCode
from workers.cli.output import note
from workers.label_types.registry import codecs_of, label_type

T = TypeVar("T")
TRIES = 5  # wrong answers in a row, and the wizard gives up
LONGEST_NAME = 40


@dataclass(frozen=True)
class GivenOptions:
    """What was given as options; None is asked for."""

    platform: str | None
    url: str | None
    token_env: str | None
    token_file: Path | None
    project: str | None
    label_control: str | None
    name: str | None
    writeback: str | None
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
        self._words = registry.words(answers.platform or registry.DEFAULT)
        self._asks = asks
        self._data_dir = data_dir

    def run(self) -> ConfigChoice:
        """All questions, in order. Misconfigured where an option is missing and nothing may be asked."""
        platform, url = self._until(self._server, "platform", "url")
        self._words = registry.words(platform)
        token, ref, survey = self._until(lambda: self._token(platform, url), "token_env", "token_file")
        project, controls = self._until(lambda: self._project(survey), "project")
        control = self._until(lambda: self._control(controls), "label_control")
        name = self._until(lambda: self._name(project), "name")
        kind = controls[control or next(iter(controls))]
        usual = label_type(kind).write_mode(platform)
        mode = self._until(lambda: self._writeback(usual), "writeback")
        variable = None
        if ref is None:
            ref, variable = self._keep(token, name)
        section: dict[str, Any] = {"platform": platform, "url": url, "project": project.remote_id}
        section["token"] = ref
        if control is not None:
            section["label_control"] = control
        section["writeback"] = {"mode": mode.value}
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

    def _server(self) -> tuple[str, str]:
        """Kind and address of the platform that answers there, before anything secret is asked for."""
        wanted = self._given.platform
        words = registry.words(wanted or registry.DEFAULT)
        text = self._given.url or self._ask(
            f"Address of {words.name if wanted else 'the platform'}, or a project's link",
            "--url",
            words.address,
        )
        address, project = registry.project_link(text)
        url, kind = self._answering(_http_url(address, "--url"))
        if wanted is not None and kind != wanted:
            raise Misconfigured(
                f"{url} is {registry.words(kind).name}, not {words.name}",
                field="--platform",
                remedy=f"Use --platform {kind}, or another address.",
            )
        note(f"  {url}: {registry.words(kind).name}" + (f", project {project}" if project else ""))
        if project is not None and self._given.project is None:
            self._given = replace(self._given, project=project)
        return kind, url

    def _answering(self, url: str) -> tuple[str, str]:
        """The address at which a platform answers, and its kind; http is offered where TLS is not spoken."""
        plain = f"http://{url.removeprefix('https://')}"
        try:
            return url, _kind_at(url)
        except Misconfigured:
            if plain == url:
                raise
            kind = _kind_or_none(plain)
            if kind is None:
                raise
        refusal = Misconfigured(
            f"{url} does not answer over TLS; {plain} does", field="--url", remedy=f"Give {plain}."
        )
        if not self._asks or not self._agrees(f"{url} does not answer over TLS. Use {plain}?"):
            raise refusal
        return plain, kind

    def _token(self, platform: str, url: str) -> tuple[str, dict[str, str] | None, Survey]:
        token, ref = self._given_token()
        survey = registry.survey(platform, url, token, codecs=codecs_of(platform))
        try:
            server, account = survey.server(), survey.account()
        except Retryable as error:
            raise Misconfigured(
                str(error), field="url", remedy="Check the address, and that it runs."
            ) from error
        who = f"{account.token_kind} of {account.name}"
        if account.unfit is not None:
            raise Misconfigured(
                f"the {who} cannot read and write all records", field="token", remedy=account.unfit
            )
        note(f"  Version {server.version or 'unknown'}, {who}")
        if server.remark is not None:
            note(f"  {server.remark[0].upper()}{server.remark[1:]}.")
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

    def _project(self, survey: Survey) -> tuple[ProjectFound, Mapping[str, str]]:
        """The project, and its controls that can be judged: at least one."""
        known = survey.projects()
        wanted = self._given.project or ""
        if not wanted:
            for project in known if self._asks else ():
                state = project.unfit or number_of(project.items, "item")
                note(f"  {project.remote_id:>6}  {project.title}  ({state})")
            only = known[0].remote_id if len(known) == 1 else None
            answer = self._ask("The project's number, id or link", "--project", only).strip()
            wanted = registry.project_link(answer)[1] or answer
        for project in known:
            if project.remote_id == wanted:
                return project, self._controls(survey, project)
        numbers = ", ".join(project.remote_id for project in known) or "none"
        raise Misconfigured(
            f"this account sees no project {wanted}",
            field="--project",
            remedy=f"Projects that it sees: {numbers}.",
        )

    def _controls(self, survey: Survey, project: ProjectFound) -> Mapping[str, str]:
        if project.unfit is not None:
            raise Misconfigured(
                f"{project.title!r} is {project.unfit}",
                field="--project",
                remedy="Mend that first, or choose another.",
            )
        controls = survey.label_controls(project.remote_id)
        if not controls:
            raise Misconfigured(
                f"project {project.remote_id} has {self._words.no_control}",
                field="--project",
                remedy=f"Choose another project, or {self._words.add_control}.",
            )
        return controls

    def _control(self, known: Mapping[str, str]) -> str | None:
        """None where there is only one: then the configuration need not name it."""
        controls = list(known)
        wanted = self._given.label_control
        if wanted is None and len(controls) > 1:
            wanted = self._ask(
                f"Control that holds the label ({', '.join(controls)})", "--label-control", controls[0]
            )
        if wanted is not None and wanted not in controls:
            raise Misconfigured(
                f"there is no usable control {wanted!r}",
                field="--label-control",
                remedy=f"Usable here: {', '.join(controls)}.",
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

    def _writeback(self, usual: WriteMode) -> WriteMode:
        """How corrections are written, by how people take the labels out; else as is usual for the labels."""
        for line in self._words.writeback if self._asks and not self._given.writeback else ():
            note(f"  {line}")
        wanted = self._given.writeback or self._ask(
            "Corrections are written as", "--writeback", usual.value, optional=True
        )
        try:
            mode = WriteMode(wanted.strip().lower())
        except ValueError:
            raise Misconfigured(
                f"{wanted!r} is no way of writing",
                field="--writeback",
                remedy=f"Use one of {', '.join(WriteMode)}.",
            ) from None
        note(f"  Corrections: {mode.value}. `writeback.mode` changes it.")
        return mode

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
            with _interruptible():
                return str(typer.prompt(question, default=default, hide_input=hide, err=True))
        if default is not None and optional:
            return default
        raise Misconfigured(f"is needed with --yes ({question})", field=option, remedy="Give it.")

    def _agrees(self, question: str) -> bool:
        with _interruptible():
            return typer.confirm(question, default=True, err=True)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Ctrl+C at a question ends as everywhere else; a prompt would make it the same as an end of input."""
    try:
        yield
    except typer.Abort as abort:
        if isinstance(abort.__context__, KeyboardInterrupt):
            note("")
            raise typer.Exit(ExitCode.INTERRUPTED) from None
        raise


def _kind_at(url: str) -> str:
    """The kind of platform at an address. Misconfigured where there is none, or nothing at all."""
    try:
        kind = registry.recognised(url)
    except Retryable as error:
        raise Misconfigured(
            str(error), field="--url", remedy="Check the address, and that the platform runs."
        ) from error
    if kind is None:
        names = [registry.words(one).name for one in registry.servers()]
        raise Misconfigured(
            f"what answers at {url} is {' and '.join(f'no {name}' for name in names)}",
            field="--url",
            remedy="Give the address of its start page, with the path where there is one.",
        )
    return kind


def _kind_or_none(url: str) -> str | None:
    try:
        return _kind_at(url)
    except Misconfigured:
        return None


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
