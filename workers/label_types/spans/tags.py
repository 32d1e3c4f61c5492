"""Texts as tokens with tags, for a model that reads them, and its probabilities of tags as spans."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from workers.label_types.base import LabelTags
from workers.label_types.regions.keys import RegionPart
from workers.label_types.spans.value import KEYS, Span

TOKEN = re.compile(r"\w+|[^\w\s]")
OUTSIDE = 0  # label k begins with tag 2k + 1 and goes on with 2k + 2

Places = Sequence[tuple[int, int]]


def label_tags(texts: Sequence[str], labels: Sequence[str], classes: Sequence[str]) -> LabelTags:
    """The tokens and tags of N texts; of overlapping spans the longest stays, for a token has one tag."""
    places = [[match.span() for match in TOKEN.finditer(text)] for text in texts]

    def scores(row: int, probs: Any) -> Mapping[str, float]:
        return _spans(texts[row], places[row], probs, classes)

    return LabelTags(
        [[text[start:end] for start, end in each] for text, each in zip(texts, places, strict=True)],
        [_tags(each, KEYS.parts(label), classes) for each, label in zip(places, labels, strict=True)],
        2 * len(classes) + 1,
        scores,
    )


def _tags(tokens: Places, parts: Sequence[RegionPart[Span]], classes: Sequence[str]) -> list[int]:
    tags = [OUTSIDE] * len(tokens)
    for part in sorted(parts, key=lambda one: (one.spot.start - one.spot.end, one.spot.start)):
        first = bisect_right([end for _, end in tokens], part.spot.start)
        covered = range(first, bisect_left([start for start, _ in tokens], part.spot.end))
        if not covered or any(tags[at] for at in covered) or part.label not in classes:
            continue
        for at in covered:
            tags[at] = 2 * classes.index(part.label) + 2
        tags[covered[0]] -= 1
    return tags


def _spans(text: str, tokens: Places, probs: Any, classes: Sequence[str]) -> dict[str, float]:
    """The spans along the likeliest tags, each as probable as the least probable of its tokens."""
    likeliest = [int(row.argmax()) for row in probs]
    # Tag 2k + 1 or 2k + 2 → k, outside → -1. A span begins where a tag says so, or the label changes.
    label = [(tag - 1) // 2 for tag in likeliest]
    begins = [
        at
        for at, tag in enumerate(likeliest)
        if tag != OUTSIDE and (tag % 2 or at == 0 or label[at - 1] != label[at])
    ]
    result: dict[str, float] = {}
    for first, following in pairwise([*begins, len(tokens)]):
        last = next((at for at in range(first, following) if label[at] != label[first]), following)
        k, start, end = label[first], tokens[first][0], tokens[last - 1][1]
        sure = min(float(probs[at][2 * k + 1] + probs[at][2 * k + 2]) for at in range(first, last))
        result[str(RegionPart(classes[k], Span(start, end, text[start:end])))] = min(1.0, sure)
    return result
