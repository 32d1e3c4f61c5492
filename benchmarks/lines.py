"""From measurements to the line that is printed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import geometric_mean, median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workers.cli.offline.decisions import RuleFigures

Line = dict[str, Any]


def interleaved(
    rounds: int, ours: Callable[[], float], peer: Callable[[], float]
) -> tuple[list[float], list[float]]:
    """Both, `rounds` times, taking turns at going first: a machine that changes pace bends both alike."""
    measured: tuple[list[float], list[float]] = [], []
    turns = [(ours, measured[0]), (peer, measured[1])]
    for _ in range(rounds):
        for measure, seen in turns:
            seen.append(measure())
        turns.reverse()
    return measured


def rates(bench: str, ours: Sequence[float], peer: Sequence[float], unit: str, **more: Any) -> Line:
    """A line of things done in a second: more is better."""
    return _line(bench, ours, peer, unit, lambda a, b: a / b, **more)


def times(bench: str, ours: Sequence[float], peer: Sequence[float], unit: str, **more: Any) -> Line:
    """A line of times: less is better."""
    return _line(bench, ours, peer, unit, lambda a, b: b / a, **more)


def _line(
    bench: str,
    ours: Sequence[float],
    peer: Sequence[float],
    unit: str,
    speedup: Callable[[float, float], float],
    **more: Any,
) -> Line:
    """`ratio` is our speed over the peer's, from the medians; the extremes are those of single rounds."""
    a, b = median(ours), median(peer)
    paired = [speedup(*pair) for pair in zip(ours, peer, strict=True)]
    return {
        "bench": bench,
        "ratio": figures(speedup(a, b)),
        "ours": figures(a),
        "peer": figures(b),
        "unit": unit,
        "runs": len(ours),
        "ratio_range": [figures(min(paired)), figures(max(paired))],
        **more,
    }


def summary(bench: str, lines: Sequence[Line], **more: Any) -> Line:
    """Geometric means over comparisons that belong together."""
    means = {
        name: figures(geometric_mean([line[name] for line in lines])) for name in ("ratio", "ours", "peer")
    }
    return {
        "bench": bench,
        **means,
        "unit": lines[0]["unit"],
        "runs": lines[0]["runs"],
        "mean_of": len(lines),
        **more,
    }


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of them does not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def figures(value: float) -> float:
    """Four significant figures: more would be noise."""
    return float(f"{value:.4g}")


def replayed(name: str, rule: str, reached: RuleFigures) -> Line:
    """What a rule reached on a set of answers."""
    return {
        "bench": f"policy/flags/{name}/{rule}",
        "set": name,
        "rule": rule,
        "default": reached.default,
        "items": reached.items,
        "votes_an_item": figures(reached.votes_per_item),
        "repaired": figures(reached.repaired),
        "harmed": figures(reached.harmed),
        "clear_repaired": figures(reached.clear_repaired),
        "clear_harmed": figures(reached.clear_harmed),
        "undecided": figures(reached.undecided),
    }
