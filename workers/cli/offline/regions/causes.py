"""Why the offsets of spans do not fit: what they seem to count instead of characters, the end exclusive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from connector.wording import number_of

Spot = tuple[int, int]


def _of_bytes(text: str, start: int, end: int) -> Spot | None:
    content = text.encode("utf-8", "surrogatepass")
    try:
        return len(content[:start].decode()), len(content[:end].decode())
    except UnicodeDecodeError:
        return None


# What offsets may count → where the span then is.
COUNTS: Mapping[str, Callable[[str, int, int], Spot | None]] = {
    "bytes (of UTF-8)": _of_bytes,
    "characters up to the last one, not to the one behind it": lambda _, start, end: (start, end + 1),
    "characters from 1": lambda _, start, end: (start - 1, end - 1),
    "characters from 1 up to the last one": lambda _, start, end: (start - 1, end),
}
LEAST = 10  # spans that tell
MOSTLY = 0.8  # of them would be whole words
HARDLY = 0.5  # of them are, at most


def cause(text: str, start: int, end: int, marked: str) -> str | None:
    """What the offsets of a span seem to count, by the words that it says it marks."""
    for name, place in COUNTS.items():
        spot = place(text, start, end)
        if spot is not None and spot[0] >= 0 and text[slice(*spot)] == marked:
            return name
    return None


@dataclass(slots=True)
class WholeWords:
    """How many spans, of those that do not say their words, begin and end where words do."""

    n: int = 0
    whole: int = 0
    otherwise: Counter[str] = field(default_factory=Counter)  # by what offsets may count

    def add(self, text: str, start: int, end: int) -> None:
        """One more."""
        self.n += 1
        self.whole += _is_whole(text, (start, end))
        self.otherwise.update(
            name for name, place in COUNTS.items() if _is_whole(text, place(text, start, end))
        )

    def sentences(self) -> tuple[str, ...]:
        """One where most spans cut words, and would not if offsets counted something else."""
        name, n = max(self.otherwise.items(), key=lambda item: item[1], default=("", 0))
        if self.n < LEAST or self.whole > HARDLY * self.n or n < MOSTLY * self.n:
            return ()
        cut = self.n - self.whole
        return (f"{cut:,} of {number_of(self.n, 'span')} cut words, as if offsets counted {name}.",)


def _is_whole(text: str, spot: Spot | None) -> bool:
    if spot is None or not 0 <= spot[0] < spot[1] <= len(text):
        return False
    return not any(0 < at < len(text) and text[at - 1 : at + 1].isalnum() for at in spot)
