"""People's answers about flagged items, in the published form of cleanlab/label-errors."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from connector.wording import number_of
from workers.cli.offline.errors import BadFile
from workers.cli.offline.evaluate import PANEL, Review
from workers.cli.offline.formats.json_values import parse_json
from workers.cli.offline.formats.source import load, text_of

ARGUMENT = "--votes"
SHAPE = (
    "Each entry has id, given_original_label, our_guessed_label and mturk with given, guessed, neither, both"
)


def read_votes(path: Path, labels: NDArray[Any]) -> list[Review]:
    """One review for each entry; `labels` are those that the entries must be about.

    Where the guess is the given label, the published MNIST file writes each vote for it twice: its sums
    are 9 or 10 for five people. `given` alone is counted then.
    """
    entries = parse_json(text_of(load(path, argument=ARGUMENT), ARGUMENT)[0], ARGUMENT)
    if not isinstance(entries, list) or not entries:
        raise BadFile("it is not a list of entries", argument=ARGUMENT, remedy=SHAPE)
    reviews = [_review(entry, n) for n, entry in enumerate(entries)]
    seen: dict[int, int] = {}
    for n, review in enumerate(reviews):
        _refuse(review, n, labels)
        if review.row in seen:
            raise _bad(f"id {review.row} stands in entry {seen[review.row]} too", n, "Keep one entry per row")
        seen[review.row] = n
    return reviews


def _review(entry: Any, n: int) -> Review:
    if not isinstance(entry, dict) or not isinstance(entry.get("mturk"), dict):
        raise _bad("it is not an entry with votes", n, SHAPE)
    votes = entry["mturk"]
    counts = {key: _number(votes, key, n) for key in ("given", "guessed")}
    counts |= {key: _number(votes, key, n) if key in votes else 0 for key in ("neither", "both")}
    given = _number(entry, "given_original_label", n)
    guessed = _number(entry, "our_guessed_label", n)
    if given == guessed:
        if counts["guessed"] not in (0, counts["given"]):
            raise _bad("the guess is the given label, and its votes differ", n, "Count each answer once")
        counts["guessed"] = 0
    if not 0 < sum(counts.values()) <= PANEL:
        problem = f"it has {number_of(sum(counts.values()), 'vote')} instead of 1 to {PANEL}"
        raise _bad(problem, n, f"Majorities are counted of {PANEL}")
    return Review(_number(entry, "id", n), given, guessed, **counts)


def _number(entry: Mapping[str, Any], key: str, n: int) -> int:
    value = entry.get(key)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise _bad(f"{key} is no whole number of 0 or more", n, SHAPE)
    return value


def _refuse(review: Review, n: int, labels: NDArray[Any]) -> None:
    if review.row >= len(labels):
        raise _bad(
            f"id {review.row} is beyond the {number_of(len(labels), 'label')}",
            n,
            "Ids are row numbers from 0",
        )
    if int(labels[review.row]) != review.given_label:
        problem = f"given_original_label is {review.given_label}, and the label of row {review.row} is "
        raise _bad(problem + str(labels[review.row]), n, "Give labels and votes of the same data")


def _bad(problem: str, n: int, remedy: str) -> BadFile:
    return BadFile(problem, argument=ARGUMENT, where=f"entry {n}", remedy=remedy)
