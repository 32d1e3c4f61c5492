"""From what a project holds of an item to the label to train on, or why there is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connector.model import CorrectionState, DispositionKind, IssueState, Outcome
from connector.store.views.training import ReviewedPart, TrainingItem
from workers.cli.training.decided import TAKEN_BACK, is_elsewhere
from workers.cli.training.shapes import ApartItem, ApartReason, LabelStanding, TrainingExample
from workers.label_types.base import LabelType

FIGURES = 4
TORN = "torn"  # the code of a decision that no label has a majority
DOUBTED = frozenset({IssueState.OPEN, IssueState.IN_REVIEW, IssueState.SUPPRESSED})

Read = Callable[[TrainingItem, str], Any]


def example_of(item: TrainingItem, read: Read, kind: LabelType | None = None) -> TrainingExample | ApartItem:
    """The label to train on.

    Parameters
    ----------
    item
        As the project holds it.
    read
        Makes the value of a label key; None where it cannot be read.
    kind
        The label type, where reviews are about parts of the label (regions): the label is then what the item
        holds, in which corrections are already made (`with_decisions`).
    """
    reason = _apart(item)
    if reason is not None:
        named = tuple(dict.fromkeys(label for labels in item.set_aside.values() for label in labels))
        return ApartItem(item.item, reason, item.label, named, item.data)
    carried = item.label or ""
    if kind is not None:
        key, standing, quality = carried, _standing_of_parts(item, kind), _quality_of_parts(item)
    else:
        key, standing, quality = _of_one(item)
    value = read(item, key)
    if value is None:
        return ApartItem(item.item, ApartReason.UNREADABLE, item.label, (), item.data)
    if quality is None and len(item.answers) > 1:
        quality = item.answers.count(key) / len(item.answers)
    rounded = None if quality is None else round(quality, FIGURES)
    given = item.parts[0].given if item.parts and kind is None else carried
    return TrainingExample(
        item.item, item.data, value, standing, rounded, 1.0 if rounded is None else rounded, given
    )


def _apart(item: TrainingItem) -> ApartReason | None:
    if DispositionKind.EXCLUDE.value in item.set_aside:
        return ApartReason.EXCLUDED
    if item.label is None:
        return ApartReason.UNLABELLED
    unresolved = [part for part in item.parts if part.outcome is Outcome.UNRESOLVED]
    if not unresolved:
        return None
    return (
        ApartReason.TORN
        if any(TORN in (part.reason or "") for part in unresolved)
        else ApartReason.UNRESOLVED
    )


def _of_one(item: TrainingItem) -> tuple[str, LabelStanding, float | None]:
    """The label, how it came to be, and its probability, of an item that is judged as a whole."""
    carried = item.label or ""
    part = next(iter(item.parts), None)
    if part is None:
        return carried, LabelStanding.UNREVIEWED, None
    if part.outcome is Outcome.REJECT:
        if carried != part.given:
            return carried, LabelStanding.RELABELLED, None
        return carried, LabelStanding.CONFIRMED, part.probability
    if part.outcome is Outcome.ACCEPT and part.label is not None:
        return _corrected(carried, part)
    return carried, *_undecided(part, carried)


def _corrected(carried: str, part: ReviewedPart) -> tuple[str, LabelStanding, float | None]:
    decided = part.label or ""
    if part.correction in TAKEN_BACK:
        return carried, LabelStanding.REVERTED, None
    if carried not in (part.given, decided):
        return carried, LabelStanding.RELABELLED, None
    if part.correction is CorrectionState.HELD:
        return carried, LabelStanding.HELD, part.quality
    return decided, LabelStanding.CORRECTED, part.probability


def _undecided(part: ReviewedPart, carried: str) -> tuple[LabelStanding, float | None]:
    if part.state in DOUBTED and carried == part.given:
        return LabelStanding.FLAGGED, part.quality
    return LabelStanding.UNREVIEWED, None


def _standing_of_parts(item: TrainingItem, kind: LabelType) -> LabelStanding:
    """Of an item that is judged region by region: what is least certain about any of them."""
    parts = item.parts
    if not parts:
        return LabelStanding.UNREVIEWED
    if any(part.outcome is None and part.state in DOUBTED for part in parts):
        return LabelStanding.FLAGGED
    if any(part.correction is CorrectionState.HELD for part in parts):
        return LabelStanding.HELD
    accepted = [part for part in parts if part.outcome is Outcome.ACCEPT]
    if any(part.correction in TAKEN_BACK for part in accepted):
        return LabelStanding.REVERTED
    elsewhere = ((part.given, part.label) for part in accepted if is_elsewhere(part))
    if any(not kind.follows(item.label or "", given, label or "") for given, label in elsewhere):
        return LabelStanding.RELABELLED
    if accepted:
        return LabelStanding.CORRECTED
    return (
        LabelStanding.CONFIRMED
        if any(part.outcome is Outcome.REJECT for part in parts)
        else LabelStanding.UNREVIEWED
    )


def _quality_of_parts(item: TrainingItem) -> float | None:
    """The least of the regions' probabilities: all of them must be right."""
    known = [
        part.probability if part.outcome is not None else part.quality
        for part in item.parts
        if part.outcome is not None or part.state in DOUBTED
    ]
    return min((one for one in known if one is not None), default=None)
