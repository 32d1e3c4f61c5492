"""Which installation asks about a project's labels: two on one project would undo each other's work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from connector.errors import Misconfigured
from connector.model import OwnerMark

FIELD = "take_over"
NAMES = (_ABOUT, _INSTALLATION, _TAKES_OVER) = ("about", "installation", "takes_over")


def to_text(mark: OwnerMark) -> dict[str, str]:
    """What a review project says of its owner, by names that stay."""
    detail = {_ABOUT: mark.about, _INSTALLATION: mark.installation}
    return detail if mark.takes_over is None else detail | {_TAKES_OVER: mark.takes_over}


def from_text(words: Mapping[str, str]) -> OwnerMark | None:
    """The owner that a review project names; None where it names none, as those of older versions."""
    if not words.get(_ABOUT) or not words.get(_INSTALLATION):
        return None
    return OwnerMark(words[_ABOUT], words[_INSTALLATION], words.get(_TAKES_OVER) or None)


def require_alone(ours: OwnerMark, others: Iterable[OwnerMark | None]) -> None:
    """Misconfigured where another installation asks about the same labels, and is not to be replaced."""
    for other in others:
        if other is None or other.about != ours.about or other.installation == ours.installation:
            continue
        if other.takes_over == ours.installation:
            raise Misconfigured(
                f"installation {other.installation} has taken over from this one",
                field=FIELD,
                remedy="Remove the project from this configuration, or stop the other and delete its "
                "review project.",
            )
        if other.installation != ours.takes_over:
            raise _occupied(other.installation, "asks about the same labels")


def require_block(ours: OwnerMark, owner: str | None) -> None:
    """Misconfigured where the guideline block is another installation's."""
    if owner not in (None, ours.installation, ours.takes_over):
        raise _occupied(owner or "", "keeps the guideline block of this project")


def _occupied(other: str, doing: str) -> Misconfigured:
    return Misconfigured(
        f"another installation ({other}) {doing}",
        field=FIELD,
        remedy=f'Stop that one and delete its review project; or set take_over = "{other}" to replace it.',
    )
