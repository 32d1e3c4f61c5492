"""Which flagged rows people are asked about, and which unflagged ones are mixed in to check on flagging."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from workers.issues.arrays import Classes, Counts, Mask, Rows


class Suppressed(StrEnum):
    """Why a flagged row is not asked about now."""

    RARE_CLASS = "rare_class"  # too few examples to tell an error from a rarity
    NO_ALTERNATIVE = "no_alternative"  # the model's own guess is the given label
    CLASS_CAP = "class_cap"  # as many of its class as may be questioned are more suspicious
    BUDGET = "budget"  # no room in the review queue


@dataclass(frozen=True, slots=True)
class TriagePolicy:
    """How many questions, and of which rows.

    `budget` is the most review tasks open at a time, controls included; `per_class_cap` the share (0..1) of
    a class's rows that may be in question, at least one; `min_class_examples` protects smaller classes;
    `control_share` (0..1) of new tasks are random unflagged rows, and `least_controls` of them at least,
    however few flags there are; `blind_share` (0..1) show no suggestion.
    """

    budget: int = 100
    per_class_cap: float = 0.2
    min_class_examples: int = 10
    control_share: float = 0.05
    blind_share: float = 0.1
    least_controls: int = 0

    def __post_init__(self) -> None:
        for name in ("budget", "min_class_examples", "least_controls"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} is {getattr(self, name)}: give 0 or more")
        for name in ("per_class_cap", "control_share", "blind_share"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is {getattr(self, name)}: give a share between 0 and 1")


@dataclass(frozen=True, slots=True)
class Flagged:
    """What detection found and what is already being asked.

    `given` and `suggested` are classes of all N rows, `order` the flagged rows, most suspicious first.
    `in_review` rows (N bool) have an open task, `settled` rows (N bool) have been decided: neither is asked
    about again. `n_open` counts all open tasks of the project, of rows no longer here as well.
    `cap_scale` (K, 0..1) is how much of the cap each class keeps; all of it where it is None.
    """

    given: Classes
    suggested: Classes
    order: Rows
    class_counts: Counts
    in_review: Mask
    settled: Mask
    n_open: int
    cap_scale: NDArray[np.float64] | None = None


@dataclass(frozen=True, slots=True)
class TriagePlan:
    """`rows` in the order to push, with `control` and `blind` for each; and what is held back, and why."""

    rows: Rows
    control: Mask
    blind: Mask
    suppressed: Rows
    reasons: NDArray[np.str_]

    @property
    def selected(self) -> Rows:
        """The flagged rows of the plan, most suspicious first."""
        return self.rows[~self.control]

    @property
    def controls(self) -> Rows:
        """The unflagged rows of the plan."""
        return self.rows[self.control]


def triage(flagged: Flagged, policy: TriagePolicy, rng: np.random.Generator) -> TriagePlan:
    """Apply the policy. The same generator state gives the same plan."""
    candidates = flagged.order[~(flagged.in_review | flagged.settled)[flagged.order]]
    reasons = _reasons(candidates, flagged, policy)
    fit = candidates[reasons == ""]
    pool = _unflagged(flagged)
    n_flags, n_controls = _slots(max(0, policy.budget - flagged.n_open), len(fit), len(pool), policy, rng)
    reasons[np.flatnonzero(reasons == "")[n_flags:]] = Suppressed.BUDGET
    controls = rng.choice(pool, size=n_controls, replace=False)
    rows, control = _interleave(fit[:n_flags], controls, rng)
    blind = rng.random(len(rows)) < policy.blind_share
    held = reasons != ""
    return TriagePlan(rows, control, blind, candidates[held], reasons[held])


def _reasons(candidates: Rows, flagged: Flagged, policy: TriagePolicy) -> NDArray[np.str_]:
    """The reason to hold each candidate back for its own sake or its class's; empty where there is none."""
    given = flagged.given[candidates]
    reasons = np.full(len(candidates), "", dtype="<U16")
    reasons[flagged.suggested[candidates] == given] = Suppressed.NO_ALTERNATIVE
    reasons[flagged.class_counts[given] < policy.min_class_examples] = Suppressed.RARE_CLASS
    scale = 1.0 if flagged.cap_scale is None else flagged.cap_scale
    cap = np.maximum(1, np.floor(policy.per_class_cap * scale * flagged.class_counts))
    taken = np.bincount(flagged.given[flagged.in_review], minlength=len(cap))
    fit = np.flatnonzero(reasons == "")
    over = _rank_in_class(given[fit]) + taken[given[fit]] >= cap[given[fit]]
    reasons[fit[over]] = Suppressed.CLASS_CAP
    return reasons


def _rank_in_class(classes: Classes) -> NDArray[np.intp]:
    """How many entries before each one have its class."""
    order = np.argsort(classes, kind="stable")
    grouped = classes[order]
    first = np.searchsorted(grouped, grouped, side="left")
    rank = np.empty(len(classes), dtype=np.intp)
    rank[order] = np.arange(len(classes)) - first
    return rank


def _unflagged(flagged: Flagged) -> Rows:
    free = ~(flagged.in_review | flagged.settled)
    free[flagged.order] = False
    return np.flatnonzero(free)


def _slots(
    room: int, n_fit: int, n_pool: int, policy: TriagePolicy, rng: np.random.Generator
) -> tuple[int, int]:
    """How many flagged rows and controls: the wanted share on average, never more than there is room for.

    A broken number of controls is rounded up with the probability of its fraction, so that the share is
    right over many small batches too.
    """
    share = policy.control_share
    total = float(room) if share == 1 else min(room, n_fit / (1 - share))
    n_controls = min(max(int(total * share + rng.random()), policy.least_controls), n_pool, room)
    return min(n_fit, room - n_controls), n_controls


def _interleave(flags: Rows, controls: Rows, rng: np.random.Generator) -> tuple[Rows, Mask]:
    """One queue with the flagged rows in their order and the controls at random places."""
    total = len(flags) + len(controls)
    control = np.zeros(total, dtype=bool)
    control[rng.choice(total, size=len(controls), replace=False)] = True
    rows = np.empty(total, dtype=np.intp)
    rows[control] = controls
    rows[~control] = flags
    return rows, control
