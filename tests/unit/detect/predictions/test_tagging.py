"""The tagger: each text is tagged by a model that has not seen it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from workers.detect.predictions.errors import NoPredictions
from workers.detect.predictions.tagging import _marginals, _steps, out_of_sample_tags

NAMES = ("Ann", "Bob", "Cy", "Dee")
PLACES = ("Rome", "Oslo", "Lima")


def texts(n: int = 60) -> tuple[list[list[str]], list[list[int]]]:
    """Texts of a name and a place: tags 0 outside, 1 name, 2 place."""
    words = [[NAMES[k % 4], "went", "to", PLACES[k % 3], f"on{k}", "."] for k in range(n)]
    return words, [[1, 0, 0, 2, 0, 0] for _ in range(n)]


def test_tags_are_learnt_and_a_wrong_one_is_improbable() -> None:
    words, tags = texts()
    tags[7] = [0, 0, 0, 2, 0, 0]
    found = out_of_sample_tags(words, tags, 3, seed=1)
    assert found.accuracy > 0.95
    assert found.probs[7][0].argmax() == 1
    assert all(np.allclose(each.sum(axis=1), 1) for each in found.probs)
    assert [len(each) for each in found.probs] == [6] * 60


def test_equal_seeds_give_equal_probabilities() -> None:
    first, second = (out_of_sample_tags(*texts(), 3, seed=2).probs for _ in range(2))
    assert all((a == b).all() for a, b in zip(first, second, strict=True))


def test_marginals_are_those_of_all_paths() -> None:
    """Against the sum over every path of a short text beside a longer one."""
    rng = np.random.default_rng(4)
    sizes = np.array([2, 4, 0, 3])
    local = rng.dirichlet(np.ones(3), sizes.sum())
    steps, usual = _steps([[0, 1, 2], [2, 2]], 3)
    found = _marginals(local, steps, usual, sizes)
    at = 0
    for size in sizes.tolist():
        expected = np.zeros((size, 3))
        for path in itertools.product(range(3), repeat=size):
            before = (3, *path[:-1])
            p = np.prod([local[at + n, y] * steps[before[n], y] / usual[y] for n, y in enumerate(path)])
            for n, y in enumerate(path):
                expected[n, y] += p
        if size:
            assert np.allclose(found[at : at + size], expected / expected.sum(axis=1, keepdims=True))
        at += size


@pytest.mark.parametrize(("n", "tag"), [(5, 1), (30, 0)])
def test_too_little_is_refused(n: int, tag: int) -> None:
    words, _ = texts(n)
    with pytest.raises(NoPredictions, match="too few to learn from"):
        out_of_sample_tags(words, [[tag, *[0] * 5] for _ in range(n)], 3, seed=1)
