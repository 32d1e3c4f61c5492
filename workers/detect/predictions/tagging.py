"""Out-of-sample probabilities of tokens' tags: a linear model of words in a window, and a chain of tags."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction import FeatureHasher
from sklearn.linear_model import SGDClassifier

from workers.detect.predictions.copies import copies
from workers.detect.predictions.crossval import Progress
from workers.detect.predictions.errors import NoPredictions
from workers.detect.predictions.folds import stratified_folds
from workers.detect.predictions.kinds import FeatureKind

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAST = 10  # texts to learn from
COLUMNS = 1 << 18  # that features are hashed into
WINDOW = 2  # tokens to each side
AFFIX = 4  # characters at the beginning and the end of a token
STRENGTH = 1.0  # 1 / (regularisation x tokens); real errors rank .23 with it, .21 with four times as much
SMOOTHING = 0.1  # occurrences that each step from tag to tag counts before any is seen
FLOOR = 1e-6  # no tag is impossible


@dataclass(frozen=True, slots=True)
class PredictedTags:
    """`probs` are N arrays (tokens, K) whose rows sum to 1; `accuracy` is that of tokens tagged as given."""

    probs: tuple[Floats, ...]
    accuracy: float


def out_of_sample_tags(
    texts: Sequence[Sequence[str]],
    tags: Sequence[Sequence[int]],
    n_tags: int,
    *,
    folds: int = 5,
    seed: int,
    progress: Progress | None = None,
) -> PredictedTags:
    """Cross-validate a tagger: each text is tagged by a model that has not seen it, nor a copy of it.

    Parameters
    ----------
    texts, tags
        N texts as tokens, and the tag 0..K-1 of each token.
    n_tags
        K.
    folds
        How many parts are held out in turn.
    seed
        Equal seeds and data give equal probabilities.
    progress
        Called with (folds done, folds in all).

    Raises
    ------
    NoPredictions
        For fewer than ten texts, or one tag.

    Notes
    -----
    Logistic regression on hashed features of the token, its beginning, end and shape, and its neighbours.
    A first-order chain joins the tokens of a text: with p(y | x) of the regression and the steps between
    tags as they are given, the probability of a path is proportional to the product of p(y | x) P(y | y') /
    P(y), as in hybrids of classifiers and hidden Markov models (Bourlard and Morgan 1994); the marginals are
    by the forward-backward algorithm.
    """
    given = np.concatenate([np.zeros(0, np.int64), *(np.asarray(each, dtype=np.int64) for each in tags)])
    if len(texts) < LEAST or len(np.unique(given)) < 2:
        raise NoPredictions(
            f"{len(texts)} texts with {len(np.unique(given))} kinds of tokens are too few to learn from",
            field="labels",
            remedy=f"Mark spans in {LEAST} texts or more, or give predictions of your own",
        )
    sizes = np.array([len(each) for each in texts], dtype=np.int64)
    text = np.repeat(np.arange(len(texts)), sizes)
    parts = _folds(texts, tags, folds, seed)
    matrix = FeatureHasher(COLUMNS, input_type="string").transform(
        features for each in texts for features in _features(each)
    )
    probs = np.zeros((len(given), n_tags))
    n_folds = int(parts.max()) + 1
    for part in range(n_folds):
        held, learnt = parts[text] == part, parts[text] != part
        probs[held] = _tagged(
            matrix, given, held, learnt, sizes[parts == part], tags, parts != part, n_tags, seed
        )
        if progress is not None:
            progress(part + 1, n_folds)
    accuracy = float(np.mean(probs.argmax(axis=1) == given))
    return PredictedTags(tuple(np.split(probs, np.cumsum(sizes)[:-1])), accuracy)


def _folds(texts: Sequence[Sequence[str]], tags: Sequence[Sequence[int]], folds: int, seed: int) -> Ints:
    """By text, copies together, stratified by the highest tag in each: most rare ones are high."""
    groups = copies([" ".join(each) for each in texts], FeatureKind.TEXT)
    highest = np.array([max(each, default=0) for each in tags], dtype=np.int64)
    parts = stratified_folds(highest, min(folds, len(texts)), np.random.default_rng(seed), groups)
    return np.unique(parts, return_inverse=True)[1].astype(np.int64)


def _tagged(
    matrix: Any,
    given: Ints,
    held: NDArray[np.bool_],
    learnt: NDArray[np.bool_],
    sizes: Ints,
    tags: Sequence[Sequence[int]],
    known: NDArray[np.bool_],
    n_tags: int,
    seed: int,
) -> Floats:
    """(held tokens, K) by a model of the others."""
    model = SGDClassifier(
        loss="log_loss", alpha=1 / (STRENGTH * int(learnt.sum())), average=True, random_state=seed
    )
    model.fit(matrix[learnt], given[learnt])
    local = np.full((int(held.sum()), n_tags), FLOOR)
    local[:, model.classes_] += model.predict_proba(matrix[held])
    local /= local.sum(axis=1, keepdims=True)
    steps, usual = _steps([tags[row] for row in np.flatnonzero(known)], n_tags)
    return _marginals(local, steps, usual, sizes)


def _steps(tags: Sequence[Sequence[int]], n_tags: int) -> tuple[Floats, Floats]:
    """(K + 1, K) P(tag | the one before), the last row for the first of a text; and (K,) P(tag)."""
    counts = np.full((n_tags + 1, n_tags), SMOOTHING)
    for each in tags:
        path = np.array([n_tags, *each], dtype=np.int64)
        np.add.at(counts, (path[:-1], path[1:]), 1)
    usual = counts.sum(axis=0) / counts.sum()
    return counts / counts.sum(axis=1, keepdims=True), usual


def _marginals(local: Floats, steps: Floats, usual: Floats, sizes: Ints) -> Floats:
    """Forward and backward over all texts at once, the longest first."""
    order = np.argsort(-sizes, kind="stable")
    starts = (np.cumsum(sizes) - sizes)[order]
    lengths = sizes[order]
    ratio = steps / usual
    forward, backward = np.ones_like(local), np.ones_like(local)
    longest = int(lengths.max(initial=0))
    for at in range(longest):
        rows = starts[: np.searchsorted(-lengths, -at, side="left")] + at
        before = ratio[-1] if at == 0 else forward[rows - 1] @ ratio[:-1]
        step = before * local[rows]
        forward[rows] = step / step.sum(axis=1, keepdims=True)
    for at in range(longest - 2, -1, -1):
        rows = starts[: np.searchsorted(-lengths, -(at + 1), side="left")] + at
        step = (backward[rows + 1] * local[rows + 1]) @ ratio[:-1].T
        backward[rows] = step / step.sum(axis=1, keepdims=True)
    joint = forward * backward
    result: Floats = joint / joint.sum(axis=1, keepdims=True)
    return result


def _features(tokens: Sequence[str]) -> Iterator[list[str]]:
    """What is known of each token, as words."""
    words = ["<", *(token.lower() for token in tokens), ">"]
    shapes = [_shape(token) for token in tokens]
    for at, token in enumerate(tokens):
        near = range(max(-WINDOW, -at - 1), min(WINDOW, len(tokens) - at) + 1)
        result = [f"w{step}={words[at + 1 + step]}" for step in near]
        result += [f"s{step}={shapes[at + step]}" for step in near if 0 <= at + step < len(tokens)]
        result += [f"p{n}={token[:n]}" for n in range(1, AFFIX + 1)]
        result += [f"e{n}={token[-n:]}" for n in range(1, AFFIX + 1)]
        result += [f"t={token}", f"b={words[at]}|{words[at + 1]}", f"a={words[at + 1]}|{words[at + 2]}"]
        yield [*result, f"ss={shapes[at - 1] if at else '<'}|{shapes[at]}", "1"]


def _shape(token: str) -> str:
    """Capitals, small letters, digits and others, repetitions once."""
    result = ""
    for sign in token:
        kind = "X" if sign.isupper() else "x" if sign.islower() else "9" if sign.isdigit() else sign
        if result[-1:] != kind:
            result += kind
    return result
