"""Words, pairs of words and pieces of words as weighted counts, counted by sparse products."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack
from sklearn.preprocessing import normalize

Ints = NDArray[np.int64]
Floats = NDArray[np.float32]

WORD = re.compile(r"\w+")
PIECES = (3, 4, 5)  # characters
ROWS = 20_000  # texts whose pieces are counted at a time
UNKNOWN = -1


@dataclass(frozen=True)
class WordTerms:
    """TF-IDF of words and of pairs of neighbouring words.

    `keys` are the terms in ascending order: a word's number, or (first + 1) x words + second of a pair.
    """

    number: dict[str, int]
    keys: Ints
    idf: Floats

    @classmethod
    def fit(cls, texts: Sequence[str], rarest: int, most: int) -> tuple[WordTerms, csr_matrix] | None:
        """The `most` frequent terms that `rarest` texts or more hold, and their matrix; None without any."""
        number: dict[str, int] = {}
        ids, bounds = _tokens(texts, number, learn=True)
        rows, keys = _keys(ids, bounds, len(number))
        distinct, column = np.unique(keys, return_inverse=True)
        counts = _counts(rows, column, (len(texts), len(distinct)))
        times = np.bincount(counts.indices, minlength=len(distinct))
        kept = _chosen(times, np.bincount(column, minlength=len(distinct)), rarest, most)
        if not len(kept):
            return None
        idf = _idf(times[kept], len(texts))
        terms = cls(*_renumbered(number, distinct[kept]), idf)
        return terms, _weighted(_columns(counts, kept), idf)

    def matrix(self, texts: Sequence[str]) -> csr_matrix:
        """(N, terms)."""
        ids, bounds = _tokens(texts, self.number, learn=False)
        rows, keys = _keys(ids, bounds, len(self.number))
        column = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        known = self.keys[column] == keys
        return _weighted(_counts(rows[known], column[known], (len(texts), len(self.keys))), self.idf)


@dataclass(frozen=True)
class PieceTerms:
    """TF-IDF of three to five neighbouring characters of a word with a space before and after it.

    A text's pieces are the sum of its words': each distinct word is taken apart once.
    """

    number: dict[str, int]
    idf: Floats

    @classmethod
    def fit(cls, texts: Sequence[str], rarest: int, most: int) -> tuple[PieceTerms, csr_matrix] | None:
        """The `most` frequent pieces that `rarest` texts or more hold, and their matrix; None without any."""
        words, pieces, number = _taken_apart(texts, {}, learn=True)
        times = np.zeros(len(number), dtype=np.int64)
        for part in _products(words, pieces):
            times += np.bincount(part.indices, minlength=len(number))
        totals = np.asarray(words.sum(axis=0) @ pieces).ravel()
        kept = _chosen(times, totals, rarest, most)
        if not len(kept):
            return None
        names = list(number)
        terms = cls({names[old]: new for new, old in enumerate(kept.tolist())}, _idf(times[kept], len(texts)))
        return terms, terms._of(words, _columns(pieces, kept))

    def matrix(self, texts: Sequence[str]) -> csr_matrix:
        """(N, pieces)."""
        words, pieces, _ = _taken_apart(texts, self.number, learn=False)
        return self._of(words, pieces)

    def _of(self, words: csr_matrix, pieces: csr_matrix) -> csr_matrix:
        parts = [_weighted(part, self.idf) for part in _products(words, pieces)]
        return vstack(parts, format="csr") if parts else csr_matrix((0, len(self.idf)), dtype=np.float32)


def _tokens(texts: Sequence[str], number: dict[str, int], *, learn: bool) -> tuple[Ints, Ints]:
    """Numbers of all words, one text after the other, and where each text begins and ends: (N + 1,)."""
    return _numbered((WORD.findall(text.lower()) for text in texts), number, learn=learn)


def _numbered(parts: Iterator[list[str]], number: dict[str, int], *, learn: bool) -> tuple[Ints, Ints]:
    sizes = [0]
    ids: list[int] = []
    for part in parts:
        sizes.append(len(part))
        ids += (
            [number.setdefault(each, len(number)) for each in part]
            if learn
            else [number.get(each, UNKNOWN) for each in part]
        )
    return np.array(ids, dtype=np.int64), np.cumsum(sizes)


def _keys(ids: Ints, bounds: Ints, n_words: int) -> tuple[Ints, Ints]:
    """The text and the key of each word and of each pair that is known."""
    rows = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
    pair = np.flatnonzero((rows[1:] == rows[:-1]) & (ids[1:] != UNKNOWN) & (ids[:-1] != UNKNOWN))
    known = ids != UNKNOWN
    keys = (ids[pair] + 1) * n_words + ids[pair + 1]
    return np.concatenate([rows[known], rows[pair]]), np.concatenate([ids[known], keys])


def _renumbered(number: dict[str, int], keys: Ints) -> tuple[dict[str, int], Ints]:
    """Only the words that a term needs; the order of the keys stays."""
    n_words = len(number)
    first, second = np.divmod(keys, n_words)
    used = np.unique(np.concatenate([second, first[first > 0] - 1]))
    names = list(number)
    fewer = {names[old]: new for new, old in enumerate(used.tolist())}
    head = np.where(first > 0, np.searchsorted(used, first - 1) + 1, 0)
    return fewer, head * len(used) + np.searchsorted(used, second)


def _taken_apart(
    texts: Sequence[str], number: dict[str, int], *, learn: bool
) -> tuple[csr_matrix, csr_matrix, dict[str, int]]:
    """Counts of words in texts (N, W) and of pieces in words (W, P), and the pieces' numbers."""
    words: dict[str, int] = {}
    ids, bounds = _numbered((text.lower().split() for text in texts), words, learn=True)
    rows = np.repeat(np.arange(len(texts)), np.diff(bounds))
    pieces, starts = _numbered((_pieces(word) for word in words), number, learn=learn)
    place = np.repeat(np.arange(len(words)), np.diff(starts))
    known = pieces != UNKNOWN
    return (
        _counts(rows, ids, (len(texts), len(words))),
        _counts(place[known], pieces[known], (len(words), len(number))),
        number,
    )


def _pieces(word: str) -> list[str]:
    """Each piece as often as it occurs; a word that is shorter than a piece is one, once."""
    padded = f" {word} "
    result = []
    for size in PIECES:
        result += [padded[start : start + size] for start in range(max(1, len(padded) - size + 1))]
        if len(padded) <= size:
            break
    return result


def _products(words: csr_matrix, pieces: csr_matrix) -> Iterator[csr_matrix]:
    return (words[start : start + ROWS] @ pieces for start in range(0, words.shape[0], ROWS))


def _counts(rows: Ints, columns: Ints, shape: tuple[int, int]) -> csr_matrix:
    ones = np.ones(len(rows), dtype=np.int32)
    return csr_matrix((ones, (rows, columns)), shape=shape)


def _columns(counts: csr_matrix, kept: Ints) -> csr_matrix:
    """Only these columns, in their order."""
    place = np.full(counts.shape[1], UNKNOWN, dtype=np.int32)
    place[kept] = np.arange(len(kept), dtype=np.int32)
    column = place[counts.indices]
    known = column != UNKNOWN
    bounds = np.r_[0, np.cumsum(known)][counts.indptr]
    return csr_matrix((counts.data[known], column[known], bounds), shape=(counts.shape[0], len(kept)))


def _chosen(times: Ints, totals: Ints, rarest: int, most: int) -> Ints:
    """The most frequent columns that enough texts hold, ascending; of equally frequent ones the first."""
    enough = np.flatnonzero(times >= rarest)
    return np.sort(enough[np.argsort(-totals[enough], kind="stable")[:most]])


def _idf(times: Ints, n_texts: int) -> Floats:
    return (np.log((1 + n_texts) / (1 + times)) + 1).astype(np.float32)


def _weighted(counts: csr_matrix, idf: Floats) -> csr_matrix:
    """(1 + log count) x idf, each row of length 1."""
    data: Any = (1 + np.log(counts.data.astype(np.float32))) * idf[counts.indices]
    weights = csr_matrix((data, counts.indices, counts.indptr), shape=counts.shape)
    return normalize(weights, copy=False)
