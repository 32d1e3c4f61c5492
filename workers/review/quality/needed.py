"""How many more controls are to be answered until the target is shown."""

from __future__ import annotations

from collections.abc import Callable


def controls_needed(answered: tuple[int, int], shows: Callable[[int, int], bool], *, most: int) -> int | None:
    """How many more, if they are answered as those so far.

    Parameters
    ----------
    answered
        The controls that were wrong, and all that were decided.
    shows
        Whether so many wrong ones of so many show the target; if some number does, any greater does.
    most
        So many more there are at most, from 0.

    Returns
    -------
    int or None
        0 where the target is shown; None where all that there are do not show it.
    """
    wrong, n = answered
    share = wrong / n if n else 0.0

    def enough(more: int) -> bool:
        return shows(round(wrong + share * more), n + more)

    if not enough(max(0, most)):
        return None
    low, high = -1, max(0, most)  # enough at high, not at low
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
