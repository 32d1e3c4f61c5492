"""What answers have shown of a project's crowd, as it is kept, and what that says of each pair of labels."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from connector.model import IssueKind, Outcome, Project
from connector.store.repositories.quality import StatedCount
from connector.store.unit_of_work import UnitOfWork
from workers.consensus.shares import SharePrior
from workers.consensus.shares.components import COMPONENTS
from workers.consensus.shares.prior import GroupCounts
from workers.review.quality.crowd_name import crowd_fact
from workers.review.quality.own_answers import OWN_WEIGHT

FORM = 6  # of what is stored: another form, or other components, is learned anew
PAIR_DEPTH = 4  # of a path: kind, band, class, pair


@dataclass(frozen=True, slots=True)
class KnownCrowd:
    """A prior, the how many-th it is, and from how many votes it was learned.

    `own_weight` is what an answer about one's own label is worth, as a share of another's; `checked` are the
    decisions that the first answers to calibration questions would have made. `people` have answered so far
    (0: unknown), and `repeated` questions were answered by several.
    """

    prior: SharePrior
    version: int
    votes: int
    own_weight: float = OWN_WEIGHT
    checked: tuple[StatedCount, ...] = ()
    people: int = 0
    repeated: int = 0


@dataclass(frozen=True, slots=True)
class PairBelief:
    """Flags of one pair of labels: of `asked` questions, about how many most people would change."""

    pair: str
    asked: int
    changing: float


def written(crowd: KnownCrowd) -> str:
    """As it is kept."""
    groups = [[list(path), one.n, one.kinds.tolist()] for path, one in crowd.prior.groups.items()]
    return json.dumps(
        {
            "form": FORM,
            "components": [one.name for one in COMPONENTS],
            "version": crowd.version,
            "votes": crowd.votes,
            "own_weight": crowd.own_weight,
            "people": crowd.people,
            "repeated": crowd.repeated,
            "checked": [
                [one.outcome.value, one.band, one.n, one.stated, one.overturned] for one in crowd.checked
            ],
            "start": crowd.prior.start.tolist(),
            "groups": groups,
        }
    )


def stored(unit: UnitOfWork, project: Project) -> KnownCrowd | None:
    """What was kept; None for nothing, or for what other components than today's have learned."""
    text = unit.facts.get(crowd_fact(project))
    kept = {} if text is None else json.loads(text)
    if kept.get("form") != FORM or kept.get("components") != [one.name for one in COMPONENTS]:
        return None
    groups = {tuple(path): GroupCounts(n, np.array(kinds)) for path, n, kinds in kept["groups"]}
    prior = SharePrior(groups, np.array(kept["start"]))
    return KnownCrowd(
        prior,
        int(kept["version"]),
        int(kept["votes"]),
        float(kept["own_weight"]),
        tuple(StatedCount(Outcome(outcome), *figures) for outcome, *figures in kept["checked"]),
        int(kept["people"]),
        int(kept["repeated"]),
    )


def last_version(unit: UnitOfWork, project: Project) -> int:
    """The how many-th prior was kept last, in whatever form; 0 for none."""
    text = unit.facts.get(crowd_fact(project))
    return 0 if text is None else int(json.loads(text).get("version", 0))


def pairs_of(unit: UnitOfWork, project: Project) -> tuple[PairBelief, ...]:
    """What answers say of each pair of labels; nothing before any were learned from."""
    crowd = stored(unit, project)
    return () if crowd is None else pairs_in(crowd.prior)


def pairs_in(prior: SharePrior) -> tuple[PairBelief, ...]:
    """What was learned of each pair among the flags, those that were asked most first."""
    asked: defaultdict[str, float] = defaultdict(float)
    changing: defaultdict[str, float] = defaultdict(float)
    for path, group in prior.groups.items():
        if len(path) == PAIR_DEPTH and path[0] == IssueKind.LABEL_ERROR.value:
            asked[path[-1]] += group.n
            changing[path[-1]] += prior.changed(path)
    result = [PairBelief(pair, round(n), changing[pair]) for pair, n in asked.items()]
    return tuple(sorted(result, key=lambda one: (-one.asked, one.pair)))
