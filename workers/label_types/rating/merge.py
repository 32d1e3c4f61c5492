"""What several people's ratings come to: those that lie near each other agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

TOLERANCE = 1.0  # steps


def positions(answers: Mapping[str, str], given: str, quorum: int) -> dict[str, str]:
    """Person → the rating that their answer counts for.

    Where a quorum names one and the same rating, each answer counts for itself. Else those within a step
    of the given rating count for it, if the median lies there, and those within a step of the median for
    the median: of an even number of answers the one nearer to the given rating, so that in doubt less is
    changed.
    """
    if not answers or max(Counter(answers.values()).values()) >= quorum:
        return dict(answers)
    ordered = sorted(answers.values(), key=float)
    middle = min(
        (ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]),
        key=lambda label: (_apart(label, given), float(label)),
    )
    centre = given if _apart(middle, given) <= TOLERANCE else middle
    return {
        person: centre if _apart(label, centre) <= TOLERANCE else label for person, label in answers.items()
    }


def _apart(label: str, other: str) -> float:
    return abs(float(label) - float(other))
