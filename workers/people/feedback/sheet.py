"""One annotator's sheet: what was confirmed, what was changed to what, and which guideline decides."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connector import wording
from connector.config.project import ProjectSettings
from connector.errors import NotFound
from connector.model import (
    DecidedLabel,
    GuidelineNote,
    IssueKind,
    Json,
    LabelSchema,
    NoteState,
    Outcome,
    Project,
)
from connector.model.item_data import value_at
from connector.store.unit_of_work import UnitOfWork
from workers.review.quality.intervals import difference_bounds, exact_bounds

MOST_PAIRS = 10
MOST_EXAMPLES = 5
LEAST_FOR_TREND = 10  # decided labels in each half
DECIDED = (Outcome.ACCEPT.value, Outcome.REJECT.value)


@dataclass(frozen=True, slots=True)
class SheetExample:
    """An item as the annotator finds it again; `picture` is the address of its picture, if it has one."""

    item: str
    shown: str
    picture: str | None


@dataclass(frozen=True, slots=True)
class Confusion:
    given: str
    decided: str
    n: int
    said: str
    examples: tuple[SheetExample, ...]
    guidelines: tuple[str, ...]  # published notes that decide between these two labels
    without_guideline: str | None  # what is said where there is none


@dataclass(frozen=True, slots=True)
class Sheet:
    """`rate`, `low` and `high` (0..1) are of flagged labels that were confirmed; None without any.

    Confusions also hold labels that were looked at again by chance.
    """

    project: str
    person: str
    name: str
    title: str
    decided: int
    confirmed: int
    rate: float | None
    low: float | None
    high: float | None
    opening: str
    trend: str | None
    confusions: tuple[Confusion, ...]  # most frequent first


def sheets(
    unit: UnitOfWork, project: Project, settings: ProjectSettings, annotator: str | None = None
) -> list[Sheet]:
    """The sheet of one annotator, or of everyone whose labels were decided about.

    Raises
    ------
    NotFound
        If nobody of that id is known.
    """
    by_person: dict[str, list[DecidedLabel]] = defaultdict(list)
    person_of = settings.reviewers.person_of
    for one in unit.people.decided_labels(project.id):
        if one.outcome in DECIDED:
            by_person[person_of(one.annotator)].append(one)
    names = unit.projects.annotator_names(project.id)
    everyone = sorted(by_person)
    wanted = everyone if annotator is None else [person_of(_account(annotator, names, by_person))]
    notes = _published(unit, project)
    return [
        _sheet(unit, project, person, names.get(person, person), by_person.get(person, []), notes)
        for person in wanted
    ]


def _account(annotator: str, names: Mapping[str, str], known: Mapping[str, object]) -> str:
    """The account that was meant, by its id or its name."""
    if annotator in names or annotator in known:
        return annotator
    result = [account for account, name in names.items() if name == annotator]
    if len(result) != 1:
        people = wording.listing(sorted({*names, *known})[:20]) or "nobody yet"
        msg = f"there is no annotator {wording.quoted(annotator)}. Give a user id; known: {people}"
        raise NotFound(msg)
    return result[0]


def _published(unit: UnitOfWork, project: Project) -> dict[frozenset[str], list[GuidelineNote]]:
    """Two labels → the notes in the instructions that are about them."""
    result: dict[frozenset[str], list[GuidelineNote]] = defaultdict(list)
    for note in unit.notes.in_states(project.id, [NoteState.PUBLISHED.value]):
        result[frozenset((note.given, note.label))].append(note)
    return result


def _sheet(
    unit: UnitOfWork,
    project: Project,
    person: str,
    name: str,
    labels: Sequence[DecidedLabel],
    notes: Mapping[frozenset[str], Sequence[GuidelineNote]],
) -> Sheet:
    flagged = [one for one in labels if one.kind == IssueKind.LABEL_ERROR.value]
    confirmed = sum(1 for one in flagged if _stood(one))
    result = exact_bounds(confirmed, len(flagged))
    rate, low, high = result.value, result.low, result.high
    return Sheet(
        project=project.name,
        person=person,
        name=name,
        title=wording.feedback_title(name),
        decided=len(flagged),
        confirmed=confirmed,
        rate=rate,
        low=None if rate is None else low,
        high=None if rate is None else high,
        opening=wording.feedback_opening(name, len(flagged), confirmed, rate or 0.0, low, high),
        trend=_trend(flagged),
        confusions=_confusions(unit, project, labels, notes),
    )


def _stood(one: DecidedLabel) -> bool:
    return one.outcome == Outcome.REJECT.value


def _trend(labels: Sequence[DecidedLabel]) -> str | None:
    """The newer half of the labels against the older one; they come newest first."""
    half = len(labels) // 2
    if half < LEAST_FOR_TREND:
        return None
    newer, older = labels[:half], labels[half:]
    then, now = ((sum(map(_stood, part)), len(part)) for part in (older, newer))
    result = difference_bounds(then, now)
    return None if result.value is None else wording.feedback_trend(result.value, result.low, result.high)


def _confusions(
    unit: UnitOfWork,
    project: Project,
    labels: Sequence[DecidedLabel],
    notes: Mapping[frozenset[str], Sequence[GuidelineNote]],
) -> tuple[Confusion, ...]:
    pairs: dict[tuple[str, str], list[DecidedLabel]] = defaultdict(list)
    for one in labels:
        if not _stood(one) and one.decided is not None:
            pairs[one.given, one.decided].append(one)
    most = sorted(pairs.items(), key=lambda pair: (-len(pair[1]), pair[0]))[:MOST_PAIRS]
    items = [one.item_id for _, result in most for one in result[:MOST_EXAMPLES]]
    data = unit.items.data(items)
    return tuple(
        _confusion(
            given,
            decided,
            len(result),
            [_example(one, data.get(one.item_id, {}), project.schema) for one in result[:MOST_EXAMPLES]],
            notes.get(frozenset((given, decided)), ()),
        )
        for (given, decided), result in most
    )


def _confusion(
    given: str, decided: str, n: int, examples: Sequence[SheetExample], notes: Sequence[GuidelineNote]
) -> Confusion:
    return Confusion(
        given=given,
        decided=decided,
        n=n,
        said=wording.feedback_pair(given, decided, n),
        examples=tuple(examples),
        guidelines=tuple(dict.fromkeys(wording.note_text(note.text) for note in notes)),
        without_guideline=None if notes else wording.feedback_no_note(given, decided),
    )


def _example(one: DecidedLabel, data: Json, schema: LabelSchema | None) -> SheetExample:
    picture = (
        next((value_at(data, tag.field) for tag in schema.objects if tag.kind == "Image"), None)
        if schema
        else None
    )
    address = picture if isinstance(picture, str) and picture.startswith(("http://", "https://")) else None
    return SheetExample(one.remote_id, wording.example_item(one.remote_id, data, schema), address)
