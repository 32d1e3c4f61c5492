"""Which items are copies of each other, or nearly: they must not judge one another.

A model that learnt a copy of an item, with the same wrong label, repeats that label. Items of one group are
therefore held out together.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from workers.detect.predictions.kinds import FeatureKind
from workers.detect.predictions.near import near_rows

Groups = NDArray[np.int64]

LIKE = 0.8  # of the words that two texts have between them are in both: near copies
LEAST_WORDS = 5  # shorter texts share words by chance
BANDS, ROWS = 12, 3  # of the MinHash table: pairs of this likeness meet in a band with probability .998
SEED = 20_210_208
MOST_SHARE = 50  # near copies are at most N / 50 items, or 4: larger groups are one template's texts
LEAST_LIMIT = 4
NUMERIC = frozenset({FeatureKind.VECTOR, FeatureKind.IMAGE})
FORWARDED = re.compile(
    r"(?:\s*(?:rt|re|aw|wg|fw|fwd|via)\b\s*:?|\s*@\w+:?|\s*https?://\S+|\s*\[[^\]]*\])+", re.IGNORECASE
)
WORD = re.compile(r"\w+")


def copies(values: Sequence[Any], kind: FeatureKind, matrix: Any = None) -> Groups:
    """Number the groups of equal or nearly equal items.

    Parameters
    ----------
    values
        N values as they were read: texts, vectors, images, rows of a table.
    kind
        What they are. Texts are compared without case, punctuation, spaces and the marks of forwarding, and
        near copies by their words; all others are copies where they are equal.
    matrix
        (N, D) what a model learns from vectors or images: rows that are nearly equal are copies too.

    Returns
    -------
    (N,) int
        0, 1, ... in the order of each group's first item.

    Notes
    -----
    Near copies are found by MinHash of the words in bands (Broder 1997; Leskovec, Rajaraman and Ullman,
    Mining of Massive Datasets, section 3.4), each candidate compared with its band's first text; also texts
    that begin or end with the whole of another, such as one with a salutation.
    """
    keys = _texts(values) if kind is FeatureKind.TEXT else [_KEYS[kind](value) for value in values]
    number: dict[Hashable, int] = {}
    exact = np.array([number.setdefault(key, len(number)) for key in keys], dtype=np.int64)
    if kind in NUMERIC and matrix is not None and len(number) > 1:
        _, first = np.unique(exact, return_index=True)
        return _first_seen(_small(near_rows(matrix[first]), len(values))[exact])
    if kind is not FeatureKind.TEXT or len(number) < 2:
        return exact
    return _first_seen(_near([str(key) for key in number], len(values))[exact])


def together(first: Groups | None, second: Groups) -> Groups:
    """The groups in which items are that share one in either; negative numbers are groups of one."""
    n = len(second)
    alone = second < 0
    named = np.where(alone, np.arange(n) + max(int(second.max(initial=-1)), 0) + 1, second)
    if first is None:
        return _first_seen(named)
    links = coo_matrix((np.ones(n, dtype=np.int8), (first, named + int(first.max(initial=-1)) + 1)))
    size = max(links.shape)
    links.resize((size, size))
    return _first_seen(connected_components(links, directed=False)[1][first].astype(np.int64))


def by_name(names: Sequence[Any]) -> Groups:
    """Groups by what they are called; -1 for an empty name, which is no group."""
    number: dict[str, int] = {}
    plain = ["" if name is None else str(name).strip() for name in names]
    return np.array([number.setdefault(name, len(number)) if name else -1 for name in plain], dtype=np.int64)


def repeated(groups: Groups) -> tuple[int, int]:
    """How many items are in groups of two or more, and how many such groups there are."""
    sizes = np.bincount(groups, minlength=1)
    return int(sizes[sizes > 1].sum()), int(np.count_nonzero(sizes > 1))


def plain_text(text: str) -> str:
    """Words only, in small letters, without the marks of forwarding; the text itself where it has no word."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    start = FORWARDED.match(folded)
    words = WORD.findall(folded[start.end() :] if start is not None else folded) or WORD.findall(folded)
    return " ".join(words) or " ".join(folded.split())


def _texts(values: Sequence[str]) -> list[str]:
    return [plain_text(value) for value in values]


def _near(texts: Sequence[str], n_items: int) -> Groups:
    """Groups (T,) of distinct texts that share most words; a group that is too large falls apart."""
    sets = [frozenset(text.split()) for text in texts]
    long = np.array([row for row, words in enumerate(sets) if len(words) >= LEAST_WORDS], dtype=np.int64)
    if len(long) < 2:
        return np.arange(len(texts), dtype=np.int64)
    first, second = _pairs(texts, sets, long)
    ones = np.ones(len(first), dtype=np.int8)
    graph = coo_matrix((ones, (first, second)), shape=(len(texts), len(texts)))
    return _small(connected_components(graph, directed=False)[1].astype(np.int64), n_items)


def _small(groups: Groups, n_items: int) -> Groups:
    """The groups (T,) of distinct values; one that is too large is no set of copies and falls apart."""
    sizes = np.bincount(groups)
    limit = max(LEAST_LIMIT, n_items // MOST_SHARE)
    return np.where(sizes[groups] > limit, np.arange(len(groups), dtype=np.int64) + len(sizes), groups)


def _pairs(
    texts: Sequence[str], sets: Sequence[frozenset[str]], long: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of rows that share most words, found among those that agree in one band of their signatures."""
    signatures = _signatures(texts, sets, long)
    firsts: list[int] = []
    seconds: list[int] = []
    for band in range(BANDS):
        part = np.ascontiguousarray(signatures[:, band * ROWS : (band + 1) * ROWS])
        keys = part.view(f"V{part.dtype.itemsize * ROWS}").ravel()
        _, group, times = np.unique(keys, return_inverse=True, return_counts=True)
        order = np.argsort(group, kind="stable")
        order = order[times[group[order]] > 1]
        starts = np.flatnonzero(np.r_[True, group[order][1:] != group[order][:-1]]) if len(order) else order
        leader = np.repeat(order[starts], np.diff(np.r_[starts, len(order)])) if len(order) else order
        for each, other in zip(long[leader].tolist(), long[order].tolist(), strict=True):
            if each != other and _alike(sets[each], sets[other]):
                firsts.append(each)
                seconds.append(other)
    for each, other in _extended(texts, long):
        firsts.append(each)
        seconds.append(other)
    return np.array(firsts, dtype=np.int64), np.array(seconds, dtype=np.int64)


def _extended(texts: Sequence[str], long: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Pairs of a text and one that has more words before it, or after it, than its own at most."""
    by_edge: dict[tuple[bool, str], list[int]] = defaultdict(list)
    words = {row: texts[row].split() for row in long.tolist()}
    for row, each in words.items():
        by_edge[True, " ".join(each[:LEAST_WORDS])].append(row)
        by_edge[False, " ".join(each[-LEAST_WORDS:])].append(row)
    result = []
    for (at_start, _), rows in by_edge.items():
        shortest = min(rows, key=lambda row: len(words[row]))
        text, most = texts[shortest], 2 * len(words[shortest])
        for row in rows:
            within = texts[row].startswith(f"{text} ") if at_start else texts[row].endswith(f" {text}")
            if row != shortest and len(words[row]) <= most and within:
                result.append((shortest, row))
    return result


def _alike(first: frozenset[str], second: frozenset[str]) -> bool:
    shared = len(first & second)
    return shared >= LIKE * (len(first) + len(second) - shared)


def _signatures(
    texts: Sequence[str], sets: Sequence[frozenset[str]], long: NDArray[np.int64]
) -> NDArray[np.int64]:
    """MinHash signatures (L, BANDS x ROWS) of the word sets."""
    number: dict[str, int] = {}
    sizes = np.array([len(sets[row]) for row in long.tolist()])
    # In the order of the texts: that of a set differs from one process to the next.
    distinct = [dict.fromkeys(texts[row].split()) for row in long.tolist()]
    words = np.array(
        [number.setdefault(word, len(number)) for each in distinct for word in each], dtype=np.int64
    )
    starts = np.r_[0, np.cumsum(sizes)[:-1]]
    rng = np.random.default_rng(SEED)
    result = np.empty((len(long), BANDS * ROWS), dtype=np.int64)
    for column in range(BANDS * ROWS):
        scattered = rng.permutation(len(number))  # a random order of the vocabulary is a perfect hash of it
        result[:, column] = np.minimum.reduceat(scattered[words], starts)
    return result


def _first_seen(groups: NDArray[Any]) -> Groups:
    """The same groups, numbered in the order of their first items."""
    _, first, place = np.unique(groups, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(len(first))
    return rank[place]


def _of_data(value: Any) -> Hashable:
    text = json.dumps(value, sort_keys=True, default=str)
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()


def _of_image(image: Any) -> Hashable:
    content = image.convert("RGBA").tobytes()
    return (image.size, hashlib.blake2b(content, digest_size=16).digest())


_KEYS: dict[FeatureKind, Callable[[Any], Hashable]] = {
    FeatureKind.VECTOR: lambda vector: hashlib.blake2b(vector.tobytes(), digest_size=16).digest(),
    FeatureKind.IMAGE: _of_image,
    FeatureKind.TABLE: lambda row: row,
    FeatureKind.DATA: _of_data,
}
