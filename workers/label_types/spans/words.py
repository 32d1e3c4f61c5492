"""What a reviewer is told of a span where nothing can be coloured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from connector.model import Problem
from connector.wording.text import listing, quoted
from workers.label_types.regions.ask import AnswerCode
from workers.label_types.regions.keys import RegionPart
from workers.label_types.spans.units import utf16_units
from workers.label_types.spans.value import Span

# The options of a review dataset are the same for each of its records.
VERDICTS: Mapping[str, str] = MappingProxyType(
    {
        AnswerCode.GIVEN.value: "As it was given",
        AnswerCode.MODEL.value: "As the model says",
        AnswerCode.MENDED.value: "Neither: as I have marked it below",
        AnswerCode.REMOVE.value: "Nothing should be marked there",
        Problem.CANNOT_TELL.value: "Cannot decide",
    }
)
_COLOURS = (" (orange)", " (blue)")


def question(
    reason: str,
    given: RegionPart[Span],
    suggested: RegionPart[Span],
    others: Sequence[RegionPart[Span]],
    text: str,
) -> str:
    """Why the span is shown, what is given and what the model says, and what else is marked."""
    for colour in _COLOURS:
        reason = reason.replace(colour, "")
    lines = [reason, f"Given: {_part_text(given)}.", f"The model: {_part_text(suggested)}."]
    if others:
        also = listing([f"{quoted(part.spot.words)} ({part.label})" for part in others])
        lines.append(f"Also marked in this text, and not in question: {also}.")
    return "\n".join([*lines, *_end_of_text(text)])


def blind(reason: str, spot: Span, text: str) -> str:
    """Where to look, and nothing of what was said."""
    marked, nothing = quoted(VERDICTS[AnswerCode.MENDED]), quoted(VERDICTS[AnswerCode.REMOVE])
    asked = f"Look at {_place(spot)}. Mark below what stands there and answer {marked}, or answer {nothing}."
    return "\n".join([reason, asked, *_end_of_text(text)])


def _part_text(part: RegionPart[Span]) -> str:
    if part.is_nothing:
        return f"nothing at {_place(part.spot)}"
    return f"{part.label} from {_place(part.spot)}"


def _place(spot: Span) -> str:
    return f"{quoted(spot.words)} (characters {spot.start + 1} to {spot.end})"


def _end_of_text(text: str) -> list[str]:
    lost = utf16_units(text, 0, len(text))[1] - len(text)
    if not lost:
        return []
    cannot = quoted(VERDICTS[Problem.CANNOT_TELL])
    sentence = (
        f"Argilla loses a mark that ends in the last characters of this text ({lost}) without a message: "
        f"answer {cannot} then, and write what is right into the note."
    )
    return [sentence]
