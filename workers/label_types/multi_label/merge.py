"""What several people's sets come to: a majority for each class."""

from __future__ import annotations

from collections.abc import Mapping

from workers.label_types.multi_label import value


def positions(answers: Mapping[str, str], quorum: int) -> dict[str, str]:
    """Person → the set that their answer counts for.

    A class is in the common set where more than half chose it. Behind the set stand as many people as agree
    on its most disputed class: those nearest to it count for it, the others for what they said. Where a
    class is tied, or too few agree on one, nothing is common and each answer counts for itself.
    """
    chosen = {person: frozenset(value.classes(label)) for person, label in answers.items()}
    named = frozenset[str]().union(*chosen.values())
    times = {name: sum(name in one for one in chosen.values()) for name in named}
    if not chosen or any(2 * n == len(chosen) for n in times.values()):
        return dict(answers)
    common = frozenset(name for name, n in times.items() if 2 * n > len(chosen))
    agreeing = min((max(n, len(chosen) - n) for n in times.values()), default=len(chosen))
    if agreeing < quorum:
        return dict(answers)
    nearest = sorted(chosen, key=lambda person: (len(chosen[person] ^ common), person))[:agreeing]
    return {**answers, **dict.fromkeys(nearest, value.key(common))}
