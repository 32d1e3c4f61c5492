"""The golden set as people keep it: lines checked before anything is stored, and what the answers say."""

from __future__ import annotations

import csv
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from connector import wording
from connector.actions.golden import Line
from connector.config.project import ProjectSettings
from connector.errors import BadPayload, Rejected
from connector.model import GoldenItem, Project
from connector.store.unit_of_work import UnitOfWork
from workers.consensus.reliability import reliability
from workers.label_types.registry import kind_of
from workers.review.golden import answers_rightly, first_answers

COLUMNS = ("item", "label")
CHARS = 400  # longest problem told of a whole file


@dataclass(frozen=True, slots=True)
class ReviewerFigures:
    """How one person answered golden items, first answers only; `mean`, `low` and `high` in 0..1."""

    person: str
    name: str
    answers: int
    right: int
    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ItemFigures:
    item: str
    label: str
    on_platform: str | None  # the label that the item carries now
    asked: int
    people: int
    said: tuple[tuple[str, int], ...]  # answers, most frequent first
    disagree: float | None  # share of people who say otherwise; None where nobody was asked
    doubted: bool


@dataclass(frozen=True, slots=True)
class GoldenReport:
    items: tuple[ItemFigures, ...]  # most contradicted first
    reviewers: tuple[ReviewerFigures, ...]  # least reliable first
    advice: str | None


# --- reading files ---------------------------------------------------------------------------------


def read_lines(file: Path) -> list[Line]:
    """The lines of a CSV file with the columns item and label, or of a JSON list of such objects.

    Raises
    ------
    Rejected
        For a file that cannot be read as that, saying where and what to do.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise _refused(file, f"byte {error.start} is not UTF-8", "Save it as UTF-8.") from error
    except FileNotFoundError as error:
        raise BadPayload(f"{file}: there is no such file. Check the path.") from error
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise _refused(file, f"cannot be read ({reason})", "Give a CSV or JSON file.") from error
    if file.suffix.lower() == ".json":
        return _from_json(file, text)
    if file.suffix.lower() == ".csv":
        return _from_csv(file, text)
    raise _refused(file, "its name does not say what it is", "Name it .csv or .json.")


def _refused(file: Path, problem: str, remedy: str) -> Rejected:
    return Rejected(f"{file}: {wording.one_line(problem, CHARS)}. {remedy}")


def _from_csv(file: Path, text: str) -> list[Line]:
    reader = csv.DictReader(text.splitlines(), strict=True)
    try:
        missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        if missing:
            remedy = "The first line names the columns: item,label."
            raise _refused(file, f"line 1: no column {' and '.join(missing)}", remedy)
        return [Line(reader.line_num, _text(row["item"]), _text(row["label"])) for row in reader]
    except csv.Error as error:
        raise _refused(file, f"line {reader.line_num}: {error}", "Correct the line.") from error


def _from_json(file: Path, text: str) -> list[Line]:
    shape = 'Give a list of objects: [{"item": "17", "label": "cat"}].'
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _refused(file, f"is no JSON ({error})", shape) from error
    if not isinstance(rows, list):
        raise _refused(file, "is no list", shape)
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict) or any(name not in row for name in COLUMNS):
            raise _refused(file, f"entry {number}: no object with item and label", shape)
    return [Line(n, _text(row["item"]), _text(row["label"])) for n, row in enumerate(rows, start=1)]


def _text(value: object) -> str:
    """Ids are numbers on some platforms; anything but text and whole numbers is nothing."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value).strip()


# --- storing ---------------------------------------------------------------------------------------


# --- the report ------------------------------------------------------------------------------------


def report(unit: UnitOfWork, project: Project, settings: ProjectSettings) -> GoldenReport:
    """What reviewers answered to golden items. Items that are doubted measure nobody until confirmed."""
    kind = kind_of(project.schema)
    items = unit.golden.listed(project.id)
    answers = unit.golden.answers([one.id for one in items])
    times = unit.golden.times_asked(project.id)
    current = {
        one.item_id: one.label for one in unit.items.labelled(project.id, [item.item_id for item in items])
    }
    asked, right = Counter[str](), Counter[str]()
    rows: list[ItemFigures] = []
    for item in items:
        text = first_answers(answers[item.id], settings.reviewers)
        true = {one for one, answer in text.items() if answers_rightly(kind, item.label, answer)}
        rows.append(_item(item, text, len(true), times.get(item.id, 0), current.get(item.item_id)))
        if item.doubted_at is None:
            asked.update(text.keys())
            right.update(true)
    names = unit.projects.annotator_names(project.id)
    return GoldenReport(
        items=tuple(sorted(rows, key=lambda one: (-(one.disagree or 0), one.item))),
        reviewers=_reviewers(asked, right, names),
        advice=wording.golden_size(len(items)),
    )


def _item(
    item: GoldenItem, answers: dict[str, str], right: int, asked: int, current: str | None
) -> ItemFigures:
    return ItemFigures(
        item=item.remote_id,
        label=item.label,
        on_platform=current,
        asked=asked,
        people=len(answers),
        said=tuple(Counter(answers.values()).most_common()),
        disagree=1 - right / len(answers) if answers else None,
        doubted=item.doubted_at is not None,
    )


def _reviewers(
    asked: Counter[str], right: Counter[str], names: dict[str, str]
) -> tuple[ReviewerFigures, ...]:
    people = sorted(asked)
    result = reliability([right[one] for one in people], [asked[one] for one in people])
    rows = [
        ReviewerFigures(
            person=person,
            name=names.get(person, person),
            answers=asked[person],
            right=right[person],
            mean=float(result.mean[n]),
            low=float(result.low[n]),
            high=float(result.high[n]),
        )
        for n, person in enumerate(people)
    ]
    return tuple(sorted(rows, key=lambda one: (one.mean, one.person)))
