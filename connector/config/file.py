"""secondlook.toml and the environment over it become one `Settings`, or one clear refusal."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from connector.config.errors import Origins, refusal, unknown_variable
from connector.config.reference import annotation_of, is_secret
from connector.config.settings import Settings
from connector.errors import Misconfigured

DEFAULT_FILE = Path("secondlook.toml")
ENV_PREFIX = "SECONDLOOK_"
FILE_VARIABLE = "SECONDLOOK_CONFIG"
CACHE_VARIABLE = "SECONDLOOK_CACHE"  # where the demo keeps Label Studio: no setting of the service
SQLITE = "sqlite:///"
# Kubernetes sets these in every pod of a namespace that has a Service named secondlook or secondlook-*.
SERVICE_LINK = re.compile(
    r"SECONDLOOK(_[A-Z0-9_]+)?_(SERVICE_(HOST|PORT(_\w+)?)|PORT(_\d+_(TCP|UDP)(_\w+)?)?)"
)

Tree = dict[str, Any]
Key = tuple[str, ...]


def load(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from `path`, else $SECONDLOOK_CONFIG, else ./secondlook.toml, with SECONDLOOK_* over them.

    Raises Misconfigured, naming key, value (never a secret's) and remedy, for anything that is not right.
    """
    environ = os.environ if environ is None else environ
    file = find_file(path, environ)
    origins: Origins = {}
    tree = _read(file, origins) if file else {}
    base = (file.parent if file else Path()).absolute()
    _anchor(tree, base)
    from_environ, unknown = _overlay(tree, environ, origins)
    _anchor(from_environ, Path.cwd())
    _merge(tree, from_environ)
    _refuse_unknown(unknown, tree, environ)
    tree.setdefault("data_dir", str(base / Settings.model_fields["data_dir"].default))
    try:
        return Settings.model_validate(tree)
    except ValidationError as error:
        problems = error.errors(include_url=False)
    raise refusal(problems, origins)  # outside of the except block: pydantic's error holds the values


def find_file(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Path | None:
    """The configuration file to read; None when none was named and ./secondlook.toml does not exist."""
    environ = os.environ if environ is None else environ
    named = path or (Path(environ[FILE_VARIABLE]) if environ.get(FILE_VARIABLE) else None)
    if named is None:
        return DEFAULT_FILE if DEFAULT_FILE.is_file() else None
    if not named.is_file():
        raise Misconfigured(
            f"there is no file {named}",
            field="--config" if path else FILE_VARIABLE,
            remedy="Give the path of a secondlook.toml, or write one with `secondlook init`.",
        )
    return named


def _read(file: Path, origins: Origins) -> Tree:
    try:
        tree = tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        problem = str(error)
    except UnicodeDecodeError as error:
        problem = f"byte {error.start} is not UTF-8"
    except OSError as error:
        problem = error.strerror or type(error).__name__
    else:
        origins.update({key: file.name for key, _ in _leaves(tree)})
        return tree
    # tomllib names line and column and quotes at most one character of the file.
    raise Misconfigured(f"cannot be read: {problem}", field=str(file), remedy="Correct the file.")


def _leaves(tree: Tree, path: Key = ()) -> Iterator[tuple[Key, Any]]:
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from _leaves(value, (*path, name))
        else:
            yield (*path, name), value


def _anchor(tree: Tree, base: Path) -> None:
    """Make the paths in `tree` absolute."""
    for path, value in list(_leaves(tree)):
        if not isinstance(value, str):
            continue
        if annotation_of(path) is Path and value:
            _put(tree, path, str(base / Path(value).expanduser()))
        elif path == ("database", "url") and value.startswith(SQLITE):
            name = value.removeprefix(SQLITE)
            _put(tree, path, value if name.startswith("/") or not name else f"{SQLITE}{base / name}")


def _put(tree: Tree, path: Key, value: Any) -> None:
    *sections, name = path
    for section in sections:
        if not isinstance(tree.get(section), dict):
            tree[section] = {}
        tree = tree[section]
    tree[name] = value


def _merge(tree: Tree, over: Tree) -> None:
    for path, value in _leaves(over):
        _put(tree, path, value)


def _overlay(tree: Tree, environ: Mapping[str, str], origins: Origins) -> tuple[Tree, dict[str, Key]]:
    """What the environment sets, and the variables that name no key. An empty one counts as unset."""
    result: Tree = {}
    unknown: dict[str, Key] = {}
    for variable, text in environ.items():
        if not variable.startswith(ENV_PREFIX) or variable in (FILE_VARIABLE, CACHE_VARIABLE) or not text:
            continue
        path = _path_of(variable, tree)
        annotation = annotation_of(path)
        if annotation is None or path == ("projects",):
            unknown[variable] = path
        else:
            _put(result, path, _from_text(annotation, text))
            origins[path] = variable
    return result, unknown


def _path_of(variable: str, tree: Tree) -> Key:
    """SECONDLOOK_PROJECTS__MY_CATS__URL → projects, my-cats, url: a shell cannot write the hyphen."""
    path = variable.removeprefix(ENV_PREFIX).lower().split("__")
    projects = tree.get("projects", {})
    if len(path) > 1 and path[0] == "projects" and isinstance(projects, dict):
        path[1] = next((name for name in projects if name.replace("-", "_") == path[1]), path[1])
    return tuple(path)


def _from_text(annotation: Any, text: str) -> Any:
    if annotation in {bool, int, float}:
        try:
            return TypeAdapter(annotation).validate_python(text)
        except ValidationError:
            return text  # refused later, with its key
    if annotation == tuple[str, ...]:
        return [part.strip() for part in text.split(",") if part.strip()]
    return text


def _refuse_unknown(unknown: Mapping[str, Key], tree: Tree, environ: Mapping[str, str]) -> None:
    """A variable that no key and no secret reference knows is a slip of the pen, not a thing to ignore."""
    referenced = {value for path, value in _leaves(tree) if path[-1] == "env" and is_secret(path)}
    for variable, path in unknown.items():
        if variable not in referenced and not _service_link(variable, environ[variable]):
            raise unknown_variable(variable, path)


def _service_link(variable: str, value: str) -> bool:
    """Whether Kubernetes has set it. A bare …_PORT could be a mistyped key, but then holds no address."""
    if not SERVICE_LINK.fullmatch(variable):
        return False
    bare = variable.endswith("_PORT") and not variable.endswith("_SERVICE_PORT")
    return not bare or value.startswith(("tcp://", "udp://", "sctp://"))
