"""Token labels of many sentences: ours against cleanlab, from the same lists, with the pairs compared."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from label_issues import made_up
from lines import Line, figures, interleaved, times
from numpy.typing import NDArray
from scene import Scene

from workers.issues import sentence_scores, token_issues

TOKENS, QUICK_TOKENS = 1_000_000, 50_000
TOKENS_A_SENTENCE = 25
CLASSES = 9
ROUNDS = 5

Lists = tuple[list[list[int]], list[NDArray[np.float64]]]
Call = Callable[..., Any]


def measure(scene: Scene) -> Iterator[Line]:
    """Finding, by cleanlab as it is called and in one process as ours; and the scores of sentences."""
    lists = sentences(QUICK_TOKENS if scene.quick else TOKENS)
    size = {"tokens": sum(map(len, lists[0])), "sentences": len(lists[0]), "classes": CLASSES}
    for name, peer in (("find", _peer), ("find_one_process", _peer_alone)):
        line, ours, theirs = _compared(f"tokens/{name}", lists, _ours, peer, size)
        yield line | {"equal": ours.pairs.tolist() == [list(pair) for pair in theirs], "found": len(theirs)}
        scene.say(f"   {name}: {line['ratio']}x")
    line, ours, theirs = _compared("tokens/scores", lists, _our_scores, _peer_scores, size)
    yield line | {"scores_off_by": figures(float(abs(ours.sentence - theirs[0]).max()))}


def sentences(tokens: int) -> Lists:
    """Tokens cut into sentences of about 25."""
    rng = np.random.default_rng(1)
    lengths = 1 + rng.poisson(TOKENS_A_SENTENCE - 1, tokens // TOKENS_A_SENTENCE)
    labels, probs = made_up(int(lengths.sum()), CLASSES)
    ends = np.cumsum(lengths)[:-1]
    return [item.tolist() for item in np.split(labels, ends)], [item.copy() for item in np.split(probs, ends)]


def _compared(
    bench: str, lists: Lists, ours: Call, peer: Call, size: dict[str, int]
) -> tuple[Line, Any, Any]:
    answers: dict[str, Any] = {}

    def timed(side: str, call: Call) -> Callable[[], float]:
        def seconds() -> float:
            started = time.perf_counter()
            answers[side] = call(*lists)
            return time.perf_counter() - started

        return seconds

    ours(*lists)  # imports, and memory that the process keeps
    measured = interleaved(ROUNDS, timed("ours", ours), timed("peer", peer))
    return times(bench, *measured, "s", **size), answers["ours"], answers["peer"]


def _ours(labels: Any, probs: Any) -> Any:
    return token_issues(labels, probs, threads=1)


def _our_scores(labels: Any, probs: Any) -> Any:
    return sentence_scores(labels, probs)


def _peer(labels: Any, probs: Any, **more: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from cleanlab.token_classification.filter import find_label_issues

        return find_label_issues(labels, probs, **more)


def _peer_alone(labels: Any, probs: Any) -> Any:
    return _peer(labels, probs, n_jobs=1)


def _peer_scores(labels: Any, probs: Any) -> Any:
    from cleanlab.token_classification.rank import get_label_quality_scores

    return get_label_quality_scores(labels, probs)
