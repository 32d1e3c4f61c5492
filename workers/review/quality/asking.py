"""Whom the queue asks about next, learned from the verdicts so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from connector.config.project import PolicySettings, ProjectSettings, ReviewSettings
from connector.model import Issue, IssueKind, IssueState, Project
from connector.store.repositories.quality import VerdictCount
from connector.store.unit_of_work import UnitOfWork
from workers.consensus.arrays import Floats
from workers.issues.learning import Verdicts, cap_scale, expected_precision
from workers.label_types.base import LabelType
from workers.label_types.registry import kind_of
from workers.review.quality.controls import controls_to_ask
from workers.review.quality.crowd import stored
from workers.review.quality.figures import blind_share, control_outlook
from workers.review.quality.harm import harm_of
from workers.review.quality.repairs import group_path, order_of_worth, repairs_per_vote, share_policy

LEAST_ASKED = 10  # verdicts before the queue learns from them
MOST_RANKED = 1_000  # waiting issues that are ranked anew at a time


@dataclass(frozen=True, slots=True)
class Learned:
    """What reviews so far change in the policy: the policy itself, how much of its cap a class keeps, and how
    many controls are to be drawn at least."""

    policy: PolicySettings
    cap_scale: NDArray[np.float64] | None = None
    least_controls: int = 0


def learned(unit: UnitOfWork, project: Project, settings: ProjectSettings, classes: Sequence[str]) -> Learned:
    """The policy as a scan is to apply it now."""
    share, least = controls_to_ask(control_outlook(unit, project, settings.quality), settings)
    now = learned_from_verdicts(unit, project, settings, classes)
    return replace(now, policy=now.policy.model_copy(update={"control_share": share}), least_controls=least)


def control_share(unit: UnitOfWork, project: Project, settings: ProjectSettings) -> float:
    """The share of controls among new questions."""
    return controls_to_ask(control_outlook(unit, project, settings.quality), settings)[0]


def learned_from_verdicts(
    unit: UnitOfWork, project: Project, settings: ProjectSettings, classes: Sequence[str]
) -> Learned:
    """The same without the share of controls, which takes all issues to tell."""
    blind = blind_share(unit, project, settings.policy, settings.quality)
    policy = settings.policy.model_copy(update={"blind_share": blind})
    counts = unit.quality.verdicts(project.id) if settings.quality.learn_from_verdicts else []
    number = {name: k for k, name in enumerate(classes)}
    known = [one for one in counts if one.given in number and one.suggested in number]
    if sum(one.n for one in known) < LEAST_ASKED:
        return Learned(policy)
    return Learned(policy, cap_scale(_verdicts(known, number), len(classes)))


def next_to_ask(
    unit: UnitOfWork, project: Project, review: ReviewSettings, waiting: Sequence[Issue], free: int
) -> list[Issue]:
    """Of issues that wait, most suspicious first, the `free` to open: those that repair most for each vote.

    By shares that is what the crowd's answers so far let expect; where these know nothing, or tie, and where
    votes are counted, those most likely to be confirmed. What is no flag (a control, say) keeps its place.
    Below `LEAST_ASKED` verdicts and without answers to learn from the order stays.
    """
    flags = [issue for issue in waiting if issue.kind is IssueKind.LABEL_ERROR]
    order = order_of_worth(_repairs(unit, project, review, flags), _precision(unit, project, flags))
    ordered = iter([flags[row] for row in order])
    return [next(ordered) if issue.kind is IssueKind.LABEL_ERROR else issue for issue in waiting][:free]


def _repairs(unit: UnitOfWork, project: Project, review: ReviewSettings, flags: Sequence[Issue]) -> Floats:
    """(N,): the repairs for each vote on the flags; the same for all where nothing is known."""
    crowd = stored(unit, project) if review.by_shares else None
    if crowd is None:
        return np.zeros(len(flags))
    policy = share_policy(review, crowd.prior, harm_of(unit, project))
    kind = kind_of(project.schema)
    return repairs_per_vote([group_path(issue, kind) for issue in flags], crowd.prior, policy)


def _precision(unit: UnitOfWork, project: Project, flags: Sequence[Issue]) -> Floats:
    """(N,): the share of flags like each that is confirmed; the same for all where little was asked."""
    counts = unit.quality.verdicts(project.id)
    if sum(one.n for one in counts) < LEAST_ASKED:
        return np.zeros(len(flags))
    kind = kind_of(project.schema)
    asked = [_pooled(one, kind) for one in counts]
    pairs = [kind.pooled(issue.given, issue.suggested) for issue in flags]
    names = {name for one in asked for name in (one.given, one.suggested)}
    number = {name: k for k, name in enumerate(sorted(names.union(*pairs)))}
    given, suggested = ([number[pair[side]] for pair in pairs] for side in (0, 1))
    return expected_precision(given, suggested, _verdicts(asked, number), len(number))


def _pooled(verdicts: VerdictCount, kind: LabelType) -> VerdictCount:
    given, suggested = kind.pooled(verdicts.given, verdicts.suggested)
    return replace(verdicts, given=given, suggested=suggested)


def _verdicts(counts: Sequence[VerdictCount], number: Mapping[str, int]) -> Verdicts:
    accepted = [one.n if one.state is IssueState.ACCEPTED else 0 for one in counts]
    return Verdicts(
        given=np.array([number[one.given] for one in counts], dtype=np.int64),
        suggested=np.array([number[one.suggested] for one in counts], dtype=np.int64),
        asked=np.array([one.n for one in counts], dtype=np.int64),
        confirmed=np.array(accepted, dtype=np.int64),
    )
