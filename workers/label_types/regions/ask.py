"""What is asked about one region, and the answers that stand under human wording."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from connector.model import Problem
from workers.label_types.regions.keys import Keys, RegionPart

S = TypeVar("S")


class AnswerCode(StrEnum):
    """What an answer is stored as."""

    GIVEN = "given"
    MODEL = "model"
    MENDED = "as_mended"
    REMOVE = "remove"
    CLASS = "label:"  # of a blind question, with the class behind it


class AskedKind(StrEnum):
    """Which question it is."""

    MISSING = "missing"
    SPURIOUS = "spurious"
    LABEL = "label"
    POSITION = "position"
    CHECK = "check"  # nothing speaks against the region: it was drawn at random


@dataclass(frozen=True, slots=True)
class AnswerChoice:
    """One button: its wording, the code that is stored, and its key."""

    words: str
    code: str
    hotkey: str


CANNOT = AnswerChoice("CANNOT DECIDE", Problem.CANNOT_TELL.value, "y")
# Keys that neither the editor nor its tools have taken; digits name the classes of a region.
_BLIND_KEYS = "qasfcgijlntxz"


def asked_kind(keys: Keys[S], given: RegionPart[S], suggested: RegionPart[S]) -> AskedKind:
    """Which question leads from the one region to the other."""
    if str(given) == str(suggested):
        return AskedKind.CHECK
    if given.is_nothing:
        return AskedKind.MISSING
    if suggested.is_nothing:
        return AskedKind.SPURIOUS
    if given.label != suggested.label and keys.overlap(given, suggested) >= keys.shape.same:
        return AskedKind.LABEL
    return AskedKind.POSITION


def answers(kind: AskedKind, given: str, suggested: str, noun: str) -> tuple[AnswerChoice, ...]:
    """The answers to a question; `given` and `suggested` are classes, `noun` what a region is called."""
    mended = f"NEITHER (mend the orange {noun})"
    remove = AnswerChoice("SHOULD NOT BE THERE", AnswerCode.REMOVE, "d")
    if kind is AskedKind.MISSING:
        return (
            AnswerChoice(f"YES, ADD THE ORANGE {noun.upper()} ({suggested})", AnswerCode.MODEL, "q"),
            AnswerChoice(f"YES, BUT OTHERWISE (mend the orange {noun})", AnswerCode.MENDED, "s"),
            AnswerChoice("NOTHING IS MISSING HERE", AnswerCode.REMOVE, "d"),
            CANNOT,
        )
    if kind is AskedKind.LABEL:
        return (
            AnswerChoice(f"{given} IS RIGHT", AnswerCode.GIVEN, "q"),
            AnswerChoice(f"{suggested} IS RIGHT", AnswerCode.MODEL, "a"),
            AnswerChoice(mended, AnswerCode.MENDED, "s"),
            remove,
            CANNOT,
        )
    if kind is AskedKind.POSITION:
        return (
            AnswerChoice(f"ORANGE (given, {given}) IS RIGHT", AnswerCode.GIVEN, "q"),
            AnswerChoice(f"BLUE (model, {suggested}) IS RIGHT", AnswerCode.MODEL, "a"),
            AnswerChoice(mended, AnswerCode.MENDED, "s"),
            remove,
            CANNOT,
        )
    return (
        AnswerChoice(f"ORANGE ({given}) IS RIGHT", AnswerCode.GIVEN, "q"),
        AnswerChoice(f"IT IS SOMETHING ELSE (mend the orange {noun})", AnswerCode.MENDED, "s"),
        remove,
        CANNOT,
    )


def blind_answers(classes: tuple[str, ...]) -> tuple[AnswerChoice, ...]:
    """What stands at a place: a class, or nothing."""
    keyed = zip(classes, [*_BLIND_KEYS, *([""] * len(classes))], strict=False)
    named = [AnswerChoice(name, f"{AnswerCode.CLASS}{name}", key) for name, key in keyed]
    return (*named, AnswerChoice("NOTHING TO LABEL", AnswerCode.REMOVE, "d"), CANNOT)


def drawn_answers(noun: str) -> tuple[AnswerChoice, ...]:
    """For a blind question about where a region is: the reviewer draws it."""
    return (
        AnswerChoice(f"I HAVE DRAWN (orange) WHAT IS IN THE PINK {noun.upper()}", AnswerCode.MENDED, "s"),
        AnswerChoice("NOTHING TO LABEL", AnswerCode.REMOVE, "d"),
        CANNOT,
    )


def answered(
    keys: Keys[S], code: str, given: RegionPart[S], suggested: RegionPart[S], orange: list[RegionPart[S]]
) -> str | None:
    """The part that a verdict stands for, with the orange regions that stand at the end.

    None where the verdict and the regions contradict each other, or where "mend" comes without a change:
    such an answer decides nothing.
    """
    shown = suggested if given.is_nothing else given
    untouched = len(orange) == 1 and _unmoved(keys, orange[0], shown)
    if code == AnswerCode.MENDED:
        return _drawn(keys, orange, given) if not untouched else None
    if code == AnswerCode.REMOVE:
        return str(given.nothing()) if untouched or not orange else None
    if not untouched:
        return None
    return {AnswerCode.GIVEN.value: str(given), AnswerCode.MODEL.value: str(suggested)}.get(code)


def answered_blind(keys: Keys[S], code: str, spot: RegionPart[S], orange: list[RegionPart[S]]) -> str | None:
    """The part that a blind verdict stands for; `orange` is what was drawn."""
    if code == AnswerCode.MENDED:
        return _drawn(keys, orange, spot)
    if orange:
        return None
    if code == AnswerCode.REMOVE:
        return str(spot.nothing())
    if code.startswith(AnswerCode.CLASS):
        return str(RegionPart(code.removeprefix(AnswerCode.CLASS), spot.spot))
    return None


def _drawn(keys: Keys[S], orange: list[RegionPart[S]], asked: RegionPart[S]) -> str | None:
    """The one region that was drawn, counted as the one that was asked about: so it is read again."""
    if len(orange) != 1:
        return None
    return str(RegionPart(orange[0].label, keys.shape.counted_as(orange[0].spot, asked.spot)))


def _unmoved(keys: Keys[S], orange: RegionPart[S], shown: RegionPart[S]) -> bool:
    """Whether it is the region that was shown, but for what a click or a rounding moves."""
    return orange.label == shown.label and keys.overlap(orange, shown) >= min(0.98, keys.shape.same + 0.28)
