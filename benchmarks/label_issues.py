"""Which labels are wrong: ours against cleanlab in one process, with the masks compared."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from statistics import median

import numpy as np
from lines import Line, figures, interleaved, summary, times
from memory import WARM_ROWS, extra_mb
from numpy.typing import NDArray
from scene import Scene

from workers.issues import Method, label_issues
from workers.issues.arrays import COLUMNWISE_CLASSES
from workers.issues.confident import confident_classes
from workers.issues.groups import Groups
from workers.issues.joint import calibrated, confident_counts, prune_counts
from workers.issues.pruning import prune_by_class, prune_by_noise_rate
from workers.issues.reading import read_rows
from workers.issues.row_source import MatrixRows
from workers.issues.thresholds import cutoffs, thresholds_from, thresholds_of
from workers.issues.validation import checked_labels

SHAPES = {"label_issues": (1_000_000, 10), "label_issues_wide": (100_000, 1000)}
QUICK_PART = 10  # of the rows
ROUNDS, QUICK_ROUNDS = 5, 3
WRONG_SHARE = 0.12
METHODS = [method.value for method in Method]
EXTRA = ("ours_extra_x_input", "peer_extra_x_input")

Labels = NDArray[np.int64]
Probs = NDArray[np.float64]
Mask = NDArray[np.bool_]
Find = Callable[[Labels, Probs, str], Mask]


def measure(scene: Scene) -> Iterator[Line]:
    """For each shape a line for each method, the geometric mean of all, and how the time is spent."""
    for bench, (rows, classes) in SHAPES.items():
        labels, probs = made_up(rows // QUICK_PART if scene.quick else rows, classes)
        for find in SIDES.values():
            find(labels[:WARM_ROWS], probs[:WARM_ROWS], Method.BOTH.value)
        extra = _memory(scene, labels, probs)
        lines: list[Line] = []
        for method in METHODS:
            lines.append(_compared(scene, bench, labels, probs, method) | extra[method])
            scene.say(f"   {method}: {lines[-1]['ratio']}x")
            yield lines[-1]
        yield summary(
            bench,
            lines,
            rows=len(labels),
            classes=classes,
            equal=all(line["equal"] for line in lines),
            **{name: max(line[name] for line in lines) for name in EXTRA if name in lines[0]},
        )
        if classes <= COLUMNWISE_CLASSES:
            yield from _compiled(scene, f"{bench}/compiled", labels, probs)
        yield stages(f"{bench}/stages", labels, probs, QUICK_ROUNDS if scene.quick else ROUNDS)


def _compiled(scene: Scene, bench: str, labels: Labels, probs: Probs) -> Iterator[Line]:
    """The same with the extra `compiled`, once its loops are compiled."""
    lines: list[Line] = []
    for method in METHODS:
        with_compiled(labels[:WARM_ROWS], probs[:WARM_ROWS], method)
        lines.append(_compared(scene, bench, labels, probs, method, with_compiled))
        scene.say(f"   compiled, {method}: {lines[-1]['ratio']}x")
        yield lines[-1]
    yield summary(
        bench,
        lines,
        rows=len(labels),
        classes=probs.shape[1],
        equal=all(line["equal"] for line in lines),
    )


def _memory(scene: Scene, labels: Labels, probs: Probs) -> dict[str, Line]:
    """By method, the most memory beyond the input that each side needs."""
    arrays = scene.new_folder()
    np.save(arrays / "labels.npy", labels)
    np.save(arrays / "probs.npy", probs)
    scene.say("   measuring memory")
    input_mb = (labels.nbytes + probs.nbytes) / 1e6
    found: dict[str, Line] = {method: {} for method in METHODS}
    for side, find in SIDES.items():
        for method, mb in extra_mb(find, METHODS, arrays).items():
            found[method][f"{side}_extra_mb"] = figures(mb)
            found[method][f"{side}_extra_x_input"] = figures(mb / input_mb)
    return found


def stages(bench: str, labels: Labels, probs: Probs, rounds: int) -> Line:
    """How long each step takes, in reads of the whole matrix by one thread: the least is 1 for each pass.

    Selection is that of the default method; order and quality come on top.
    """
    n_classes = probs.shape[1]
    given = checked_labels(labels, *probs.shape)
    groups = Groups(given, n_classes)
    cuts = cutoffs(thresholds_from(probs, groups), probs.dtype)
    source = MatrixRows(probs)
    facts = read_rows(source, None, given)
    confident = confident_classes(source, facts.predicted, facts.top, cuts)
    counts = confident_counts(given, confident, n_classes)
    prune = prune_counts(calibrated(counts, groups.counts))
    steps: dict[str, Callable[[], object]] = {
        "plain_read": probs.max,
        "argmax_given_and_checks": lambda: read_rows(source, None, given),
        "thresholds": lambda: thresholds_of(facts.trust, groups),
        "confident_class": lambda: confident_classes(source, facts.predicted, facts.top, cuts),
        "joint": lambda: prune_counts(
            calibrated(confident_counts(given, confident, n_classes), groups.counts)
        ),
        "selection": lambda: prune_by_noise_rate(source, facts.trust, facts.disagreeing, groups, prune),
        "selection_by_class": lambda: prune_by_class(facts.trust, facts.disagreeing, groups, prune),
        "whole_call": lambda: label_issues(labels, probs),
    }
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            started = time.perf_counter()
            step()
            seconds[name].append(time.perf_counter() - started)
    typical = {name: median(found) for name, found in seconds.items()}
    plain = typical["plain_read"]
    return {
        "bench": bench,
        "ours": figures(typical["whole_call"]),
        "unit": "s",
        "runs": rounds,
        "rows": len(labels),
        "classes": n_classes,
        "plain_read_gb_per_s": figures(probs.nbytes / plain / 1e9),
        "plain_reads": {name: figures(value / plain) for name, value in typical.items()},
    }


def made_up(rows: int, classes: int, seed: int = 1) -> tuple[Labels, Probs]:
    """Labels of which some are wrong, and the probabilities of a model that is mostly right."""
    rng = np.random.default_rng(seed)
    probs = rng.standard_exponential((rows, classes)) ** 3
    probs[np.arange(rows), rng.integers(0, classes, rows)] += classes * rng.gamma(2, 1, rows)
    probs /= probs.sum(axis=1, keepdims=True)
    wrong = rng.random(rows) < WRONG_SHARE
    return np.where(wrong, rng.integers(0, classes, rows), probs.argmax(axis=1)), probs


def _compared(
    scene: Scene, bench: str, labels: Labels, probs: Probs, method: str, ours: Find | None = None
) -> Line:
    masks: dict[str, Mask] = {}

    def seconds(side: str, find: Find) -> Callable[[], float]:
        def timed() -> float:
            started = time.perf_counter()
            masks[side] = find(labels, probs, method)
            return time.perf_counter() - started

        return timed

    rounds = QUICK_ROUNDS if scene.quick else ROUNDS
    sides = {**SIDES, "ours": ours or SIDES["ours"]}
    found = interleaved(rounds, *(seconds(side, find) for side, find in sides.items()))
    return times(
        f"{bench}/{method}",
        *found,
        "s",
        rows=len(labels),
        classes=probs.shape[1],
        equal=bool(np.array_equal(masks["ours"], masks["peer"])),
        found=int(masks["ours"].sum()),
    )


def with_ours(labels: Labels, probs: Probs, method: str) -> Mask:
    return label_issues(labels, probs, method=method).mask


def with_compiled(labels: Labels, probs: Probs, method: str) -> Mask:
    return label_issues(labels, probs, method=method, compiled=True).mask


def with_cleanlab(labels: Labels, probs: Probs, method: str) -> Mask:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from cleanlab.filter import find_label_issues

        mask: Mask = find_label_issues(labels, probs, filter_by=method, n_jobs=1)
    return mask


SIDES: dict[str, Find] = {"ours": with_ours, "peer": with_cleanlab}
