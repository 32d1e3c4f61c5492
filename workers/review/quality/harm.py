"""What changes have spoiled: by what they stated themselves, and by what was overturned afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from connector.model import Outcome, Project
from connector.store.repositories.quality import STATED, StatedCount
from connector.store.unit_of_work import UnitOfWork
from workers.review.quality.crowd_name import crowd_fact
from workers.review.quality.intervals import anytime_bounds, exact_bounds

LEVEL = 0.99  # changes are held beyond it: one that a person took back is no reason yet


@dataclass(frozen=True, slots=True)
class ProbabilityBand:
    """Decisions that stated a probability of `low` to `high`: its mean, and how many were overturned.

    `stood` is the share of the others, with the exact 95 % interval.
    """

    low: float
    high: float
    n: int
    stated: float
    overturned: int
    stood: float
    stood_low: float
    stood_high: float


@dataclass(frozen=True, slots=True)
class Harm:
    """Of `changes`, `expected` are wrong by their own probabilities, and `overturned` were found to be.

    A change is overturned by later votes, an adjudicator, a later question about the item (a control, say),
    the golden set, or a person who takes its correction back, or discards it while it is held: few of them
    are looked at again, so that is the least harm. `low` and `high` (99 %, at any look) bound the share
    of changes that are overturned. `bands` are all decisions on a label, by how sure they were. `checked` is
    the same of the changes that the first answers to calibration questions would have made: those were asked
    further, by lot, so all of that harm is seen.
    """

    changes: int
    expected: float
    overturned: int
    low: float
    high: float
    bands: tuple[ProbabilityBand, ...] = ()
    checked: Harm | None = None

    @property
    def exceeds(self) -> bool:
        """More was overturned than chance allows, if probabilities are right."""
        return self.exceeds_of_made or (self.checked is not None and self.checked.exceeds)

    @property
    def exceeds_of_made(self) -> bool:
        """The same of the changes that were made, whatever first answers would have done."""
        return self.changes > 0 and self.low > self.expected / self.changes


NO_HARM = Harm(changes=0, expected=0.0, overturned=0, low=0.0, high=1.0)


def harm_of(unit: UnitOfWork, project: Project) -> Harm:
    """The harm of all changes that were ever decided, and of those that first answers would have made."""
    checked = _checked(unit, project)
    return replace(harm_in(unit.quality.stated(project.id)), checked=checked)


def _checked(unit: UnitOfWork, project: Project) -> Harm | None:
    if unit.facts.get(crowd_fact(project)) is None:  # nothing was learned yet: `status` needs no numpy for it
        return None
    from workers.review.quality.crowd import stored

    crowd = stored(unit, project)
    return harm_in(crowd.checked) if crowd is not None and crowd.checked else None


def harm_in(counts: Sequence[StatedCount]) -> Harm:
    """The harm that counts of decisions show."""
    changes = [one for one in counts if one.outcome is Outcome.ACCEPT]
    n, overturned = sum(one.n for one in changes), sum(one.overturned for one in changes)
    bounds = anytime_bounds(overturned, n, level=LEVEL)
    return Harm(
        changes=n,
        expected=n - sum(one.stated for one in changes),
        overturned=overturned,
        low=bounds.low,
        high=bounds.high,
        bands=tuple(band for k in range(len(STATED)) for band in _band(k, counts)),
    )


def _band(k: int, counts: Sequence[StatedCount]) -> list[ProbabilityBand]:
    inside = [one for one in counts if one.band == k]
    n = sum(one.n for one in inside)
    if not n:
        return []
    low = STATED[k - 1] if k else 0.0
    mean = sum(one.stated for one in inside) / n
    overturned = sum(one.overturned for one in inside)
    stood = exact_bounds(n - overturned, n)
    share = (n - overturned) / n
    return [ProbabilityBand(low, STATED[k], n, mean, overturned, share, stood.low, stood.high)]
