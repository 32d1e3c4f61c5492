"""A text as tokens with tags, as far as its spans can be said in tags."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from workers.cli.offline.record import LeftOut
from workers.cli.offline.regions.data import Region, RegionAnswer, RegionItem

TOKEN = re.compile(r"\w+|[^\w\s]")
OUTSIDE = 0
OVERLAPS = "span that overlaps another: a token has one tag"
EMPTY = "span without a token"


@dataclass(frozen=True, slots=True)
class Tagging:
    """`tokens` are ends in characters, `tags` 0 outside, 2k + 1 where label k begins, 2k + 2 within."""

    tokens: tuple[tuple[int, int], ...]
    words: tuple[str, ...]
    tags: tuple[int, ...]
    kept: tuple[Region, ...]
    begins: tuple[tuple[int, Region], ...]  # the first token of each span that is kept
    left_out: tuple[LeftOut, ...]

    def region_at(self, token: int) -> Region | None:
        """The span that begins with a token."""
        return next((region for first, region in self.begins if first == token), None)


def tagged(item: RegionItem, answer: RegionAnswer, names: Sequence[str]) -> Tagging:
    """Tags of one answer. Of overlapping spans the longest stays; a token half covered is in the span."""
    tokens = item.tokens or tuple(match.span() for match in TOKEN.finditer(item.text))
    number = {name: k for k, name in enumerate(names)}
    tags = [OUTSIDE] * len(tokens)
    begins: list[tuple[int, Region]] = []
    left_out: list[LeftOut] = []
    for region in sorted(answer.regions, key=lambda one: (one.spot[0] - one.spot[1], one.spot)):
        covered = _covered(tokens, region)
        if not covered or any(tags[at] != OUTSIDE for at in covered):
            where = f"{item.place}, region {region.id}" if region.id else item.place
            left_out.append(LeftOut(where, OVERLAPS if covered else EMPTY))
            continue
        for at in covered:
            tags[at] = 2 * number[region.label] + 2
        tags[covered[0]] -= 1
        begins.append((covered[0], region))
    words = tuple(item.text[start:end] for start, end in tokens)
    return Tagging(
        tokens, words, tuple(tags), tuple(region for _, region in begins), tuple(sorted(begins, key=_first)),
        tuple(left_out),
    )  # fmt: skip


def _first(pair: tuple[int, Region]) -> int:
    return pair[0]


def _covered(tokens: Sequence[tuple[int, int]], region: Region) -> range:
    """The tokens that a span touches."""
    first = bisect_right([end for _, end in tokens], region.spot[0])
    last = bisect_left([start for start, _ in tokens], region.spot[1])
    return range(first, max(first, last))
