"""What a cell or value says about an item's label: one class, or why it names none."""

from __future__ import annotations

import ast
import json
import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from connector.model import LabelStatus
from workers.cli.offline.invisible import visible

NOTHING = frozenset({
    "nan", "n/a", "na", "n.a", "null", "nil", "nat", "\\n", "undefined", "(blank)", "(empty)", "k.a", "s.o",
    "not available", "not labeled", "not labelled", "unlabeled", "unlabelled", "no label", "unassigned",
    "not applicable", "not annotated", "keine angabe", "sin etiqueta", "sans étiquette", "s/o", "なし",
    "未标注", "未标记",
    "#n/a", "#n/d", "#nv", "#ref!", "#value!", "#name?", "#num!", "#null!", "#div/0!", "无", "空",
})  # fmt: skip
AROUND = "<>()[]{}\"' ."  # what stands around a word for nothing: <NA>, (blank), N.A.
MARKS = frozenset("-–—?.…_'\" ")  # a label of these alone is none
DOUBTFUL = frozenset(
    {
        "none",
        "unknown",
        "missing",
        "empty",
        "blank",
        "tbd",
        "todo",
        "skip",
        "skipped",
        "unsure",
        "not sure",
        "idk",
    }
)  # classes of some, nothing for others
SIGNS = frozenset({"+", "-", "–", "0"})  # beside a plus, a minus is a class
JOINTS = "#|;,\n/+&"
OPEN_JOINTS = frozenset("/+&")  # stand in names of classes too: they join only what occurs alone
# Keys that name a class in an object, in order; and such as hold a list of classes.
NAMES = ("name", "label", "class", "value", "title", "classname", "category")
LISTS = (*NAMES, "labels", "classes", "classifications")
LEAST_MARKS = 3  # members of a list of 0 and 1 that marks classes
PLACES = frozenset({"start", "end", "startOffset", "endOffset", "x", "y", "width", "height", "points"})
TAGS = re.compile(r"(O|[BILUES][-_]\S+)([\s,]+(O|[BILUES][-_]\S+))+")  # of words: BIO and its kin
TAG = re.compile(r"O|[BILUES][-_]\S+")
UNDIVIDED = re.compile(r"(?:'\s+'|\"\s+\")")  # between the texts of an array as numpy prints it
MARKED = re.compile(r"\[\s*[01](?:\.?\s+[01])+\.?\s*\]")  # an array of 0 and 1 as numpy prints it
QUOTED = re.compile(r"'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"")
PATH = " / "  # between the levels of a taxonomy
DEEPEST = 6  # objects within objects


class NoClass(StrEnum):
    """Why a value names no class; the words that people see."""

    NONE = "no label"
    SEVERAL = "several labels"
    PLACES = "spans or regions, not a label of the item"
    TAGS = "tags of words, not a label of the item"
    MARKS = "a list of 0 and 1 that does not name what it marks"
    UNREADABLE = "label unreadable"

    @property
    def status(self) -> LabelStatus:
        """What the service calls it."""
        if self is NoClass.NONE:
            return LabelStatus.EMPTY
        return LabelStatus.SEVERAL if self is NoClass.SEVERAL else LabelStatus.UNREADABLE


Reading = str | NoClass  # ask `isinstance(reading, NoClass)`


def read_label(value: Any, depth: int = 0) -> Reading:
    """The class that a value names. Lists of one and objects with a name are what they hold."""
    if depth > DEEPEST:
        return NoClass.UNREADABLE
    if value is None:
        return NoClass.NONE
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return _of_number(value)
    if isinstance(value, str):
        return _of_text(value, depth)
    if isinstance(value, Mapping):
        return _of_object(value, depth)
    return _of_list(value, depth) if isinstance(value, list | tuple) else NoClass.UNREADABLE


def joined(labels: Iterable[str]) -> frozenset[str]:
    """The labels that are several, joined by #, |, ;, a comma or a line break.

    A joint counts where its parts occur alone, or in other combinations, and does so for most labels that
    hold it: a class of the name "sales, marketing" stays one. What /, + and & join must occur alone.
    """
    distinct = frozenset(labels)
    texts: set[str] = set()
    for joint in JOINTS:
        whole = [label for label in distinct if joint in label]
        parts = {label: {part.strip() for part in label.split(joint)} for label in whole}
        times = Counter(part for each in parts.values() for part in each)
        several = {
            label
            for label, each in parts.items()
            if "" not in each and all(_occurs(part, joint, distinct, times) for part in each)
        }
        if several and 2 * len(several) >= len(whole):
            texts |= {label for label in whole if len(parts[label]) > 1}
    return frozenset(texts)


def _occurs(part: str, joint: str, distinct: Collection[str], times: Mapping[str, int]) -> bool:
    return part in distinct or (times[part] > 1 and joint not in OPEN_JOINTS)


def words_for_nothing(labels: Collection[str]) -> frozenset[str]:
    """Which of these distinct labels stand for none: nan, N/A, null, (blank), -, ?"""
    result = frozenset(label for label in labels if _is_nothing(label))
    signs = frozenset(labels) <= SIGNS | result and "+" in labels
    return result - SIGNS if signs else result


def _is_nothing(label: str) -> bool:
    plain = label.casefold().replace("_", " ")
    return set(label) <= MARKS or plain in NOTHING or plain.strip(AROUND) in NOTHING


def _of_number(value: float) -> Reading:
    if isinstance(value, int):
        return str(value)
    if math.isnan(value):
        return NoClass.NONE
    return str(int(value)) if value.is_integer() else repr(value)


def _of_text(value: str, depth: int) -> Reading:
    text = visible(value)
    if "\n" in value:  # lines may be labels of their own
        text = "\n".join(filter(None, map(visible, value.splitlines())))
    if not text:
        return NoClass.NONE
    if TAGS.fullmatch(text):
        return NoClass.TAGS
    inner = structure_of(text)
    return text if inner is None else read_label(inner, depth + 1)


def structure_of(text: str) -> Any:
    """What a cell holds, as JSON or as Python or numpy print it; None where it is plain text."""
    if (text[0], text[-1]) not in {("[", "]"), ("{", "}"), ("(", ")"), ('"', '"')} or len(text) < 2:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    if UNDIVIDED.search(text):  # Python would take it for one text
        return [first or second for first, second in QUOTED.findall(text)]
    if MARKED.fullmatch(text):
        return [int(mark) for mark in text[1:-1].replace(".", "").split()]
    try:
        result = ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
        return None
    if isinstance(result, set):
        return sorted(result, key=repr)
    return result if isinstance(result, list | dict | tuple) else None


def _of_object(value: Mapping[str, Any], depth: int) -> Reading:
    if not value:
        return NoClass.NONE
    if PLACES & set(value):
        return NoClass.PLACES
    for key in ("choices", "rating", "selected"):
        if key in value:
            return read_label(value[key], depth + 1)
    if "taxonomy" in value:
        return _of_paths(value["taxonomy"])
    marks = all(isinstance(each, bool | int | float) for each in value.values())
    if len(value) > 1 and marks and not set(NAMES) & set(value):
        return _of_marks(value)
    named = next((value[key] for key in NAMES if isinstance(value.get(key), str | int)), None)
    if named is None:
        named = next((value[key] for key in LISTS if isinstance(value.get(key), list | Mapping)), None)
    if named is None:
        named = value["id"] if isinstance(value.get("id"), str | int) else None
    return NoClass.UNREADABLE if named is None else read_label(named, depth + 1)


def _of_marks(value: Mapping[str, float]) -> Reading:
    """The one class that is marked among all: {"cat": 1.0, "dog": 0.0}, as spaCy writes it."""
    if not set(value.values()) <= {0, 1}:
        return NoClass.UNREADABLE
    marked = [name for name, mark in value.items() if mark]
    if len(marked) == 1:
        return read_label(marked[0])
    return NoClass.SEVERAL if marked else NoClass.NONE


def _of_list(value: Sequence[Any], depth: int) -> Reading:
    if not value:
        return NoClass.NONE
    if any(isinstance(each, list | tuple | Mapping) and _is_place(each) for each in value):
        return NoClass.PLACES
    if any(isinstance(each, list | tuple) for each in value):
        return _of_paths(value)
    if (
        len(value) > 1
        and all(isinstance(each, str) and TAG.fullmatch(each) for each in value)
        and "O" in value
    ):
        return NoClass.TAGS
    if LEAST_MARKS <= len(value) > len(set(map(repr, value))) and all(each in (0, 1) for each in value):
        return NoClass.MARKS
    result = {read_label(each, depth + 1) for each in value}
    return result.pop() if len(result) == 1 else NoClass.SEVERAL


def _of_paths(value: Any) -> Reading:
    """One path of a taxonomy or of nested choices: its levels, joined."""
    if not isinstance(value, list | tuple) or not value:
        return NoClass.NONE
    paths = [each if isinstance(each, list | tuple) else [each] for each in value]
    if not all(path and all(isinstance(level, str) for level in path) for path in paths):
        return NoClass.UNREADABLE
    result = {PATH.join(map(visible, path)) for path in paths}
    return result.pop() if len(result) == 1 else NoClass.SEVERAL


def _is_place(value: Any) -> bool:
    if isinstance(value, Mapping):
        inner = value.get("value")
        return bool(PLACES & set(value)) or (isinstance(inner, Mapping) and bool(PLACES & set(inner)))
    numbers = [each for each in value if isinstance(each, int | float) and not isinstance(each, bool)]
    return len(numbers) >= 2  # doccano's [start, end, label]
