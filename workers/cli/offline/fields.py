"""Which keys of the items' data to learn from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workers.cli.offline.errors import BadFile

USUAL = (
    "text", "sentence", "content", "message", "utterance", "tweet", "comment", "review", "dialogue", "html",
    "image", "vector", "embedding", "embeddings", "features",
)  # fmt: skip
NAMED = 12  # fields listed in a message
SAMPLE = 200  # items that show what a field holds
DEEPEST = 8  # objects within objects
PLAIN = frozenset({str, int, float, bool, list, type(None)})  # what nearly all values are: no objects

Data = Mapping[str, Any]


def flattened(data: Data) -> Data:
    """Objects within the data as dotted keys, as Label Studio names them: ticket.text."""
    for value in data.values():
        if type(value) not in PLAIN and isinstance(value, Mapping):
            break
    else:
        return data
    result: dict[str, Any] = {}
    _flatten(data, "", result, 0)
    return result


def _flatten(data: Data, prefix: str, result: dict[str, Any], depth: int) -> None:
    for key, value in data.items():
        if isinstance(value, Mapping) and value and depth < DEEPEST:
            _flatten(value, f"{prefix}{key}.", result, depth + 1)
        else:
            result[f"{prefix}{key}"] = value


def choose_fields(data: Sequence[Data], wanted: Sequence[str]) -> tuple[str, ...]:
    """The named keys, a usual name, the only key, or the only text. BadFile where it is not clear."""
    names = list({name: None for item in data for name in item})
    if wanted:
        missing = next((name for name in wanted if not any(name in item for item in data)), None)
        if missing is not None:
            raise _unknown(f"no item has '{missing}'", names)
        return tuple(dict.fromkeys(wanted))
    by_name = {name.lower(): name for name in names}
    by_name = {name.rpartition(".")[2].lower(): name for name in reversed(names)} | by_name
    usual = next((by_name[name] for name in USUAL if name in by_name), None)
    if usual is not None:
        return (usual,)
    if len(names) == 1:
        return (names[0],)
    from workers.detect.predictions.texts import holds_text  # brings scikit-learn

    texts = [name for name in names if holds_text([item.get(name) for item in data[:SAMPLE]])]
    if len(texts) == 1:
        return (texts[0],)
    raise _unknown("it is not clear which field to learn from", names, texts or names)


def _unknown(problem: str, names: Sequence[str], several: Sequence[str] = ()) -> BadFile:
    remedy = f"Name one of the file's fields: {', '.join(names[:NAMED]) or 'none'}"
    if len(several) > 1:
        remedy += f"; or several: {' '.join(f'--field {_shell(name)}' for name in several[:NAMED])}"
    return BadFile(problem, argument="--field", remedy=remedy)


def _shell(name: str) -> str:
    import shlex

    return shlex.quote(name)
