"""Golden items among the review tasks: put beside ordinary ones, told from them by nothing, only measured.

What a reviewer sees of a golden task is what a real flag says of an item with the same label. Where the
model flagged this very item, it is that flag; else one that was asked lately, drawn at random: a label that
the model doubts is the only kind that is shown, so the model's agreement would give a golden item away.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import structlog

from connector.config.project import ProjectSettings, ReviewerSettings, ReviewSettings
from connector.model import (
    GoldenItem,
    Issue,
    IssueKind,
    IssueState,
    LabelledItem,
    Project,
    ReviewState,
    ReviewTask,
    Vote,
)
from connector.model.jobs import JobKind
from connector.model.lanes import job
from connector.store.repositories.golden import WaitingTask
from connector.store.unit_of_work import UnitOfWork
from workers.label_types.base import LabelType
from workers.label_types.registry import kind_of
from workers.review.question import review_task
from workers.review.votes import submitted_without_counting

log = structlog.get_logger(__name__)

LATELY = 200  # flags asked last, whose facts a golden task may show
LEAST_TO_DOUBT = 2  # people: one alone is measured by a golden item, not the other way round


def put_beside(unit: UnitOfWork, project: Project, settings: ProjectSettings, seed: int) -> int:
    """Plan golden tasks beside ordinary ones that nobody has answered, at the set rate; how many.

    Whether a task gets a golden one beside it is drawn by its own key, once: doing this again, or after a
    kill, asks nothing twice. Where labels have parts, a golden label is of the whole item, and the question
    is about one of its regions.
    """
    share = settings.reviewers.golden_share
    chosen = [twin for twin in unit.golden.twins(project.id) if _drawn(twin.key, share)]
    if not chosen or not unit.golden.counts(project.id)[0]:
        return 0
    chance = np.random.default_rng(seed)
    ready = _least_asked(unit, project, chance)
    labelled = {one.item_id: one for one in unit.items.labelled(project.id, [item.item_id for item in ready])}
    flags = unit.golden.flags(project.id, LATELY)
    beside = unit.issues.many([twin.issue_id for twin in chosen])
    asked = 0
    askable = [item for item in ready if item.item_id in labelled]
    own = unit.golden.own_flags([item.item_id for item in askable[: len(chosen)]])
    for twin, item in zip(chosen, askable, strict=False):
        label = labelled[item.item_id]
        make = _part_issue if kind_of(project.schema).in_parts else _whole_issue
        around = _Around(project, own.get(item.item_id, []), flags, beside[twin.issue_id], twin, chance)
        issue = make(item, label, around)
        if issue is not None:
            _ask(unit, project, item, twin, issue, label)
            asked += 1
    return asked


@dataclass(frozen=True, slots=True)
class _Around:
    """What a golden question is made from, besides its item: flags of its own and of others, and the
    ordinary question that it stands beside."""

    project: Project
    own: Sequence[Issue]
    flags: Sequence[Issue]
    beside: Issue
    twin: WaitingTask
    chance: np.random.Generator


def _whole_issue(item: GoldenItem, label: LabelledItem, around: _Around) -> Issue:
    shown = _shown(label, around.own, around.flags, around.beside, around.chance)
    return _issue(item, label, shown, around.beside, around.twin)


def _part_issue(item: GoldenItem, label: LabelledItem, around: _Around) -> Issue | None:
    """A question about one region: a real flag of it where there is one, else one made after others."""
    kind = kind_of(around.project.schema)
    mine = [one for one in around.own if one.place and kind.carries(label.label, one.given)]
    if mine:
        shown = mine[-1]
        given, suggested, about = shown.given, shown.suggested, shown.evidence.about
    elif around.project.schema is not None:
        probes = kind.probes(label.label, item.label, around.project.schema)
        if not probes:
            return None
        given, suggested = probes[int(around.chance.integers(len(probes)))]
        about = kind.doubts(given, suggested)
        alike = [one for one in around.flags if (one.evidence.about or {}).get("kind") == about.get("kind")]
        shown = _drawn_from(alike or around.flags, around)
    else:
        return None
    issue = _issue(item, label, shown, around.beside, around.twin)
    return replace(
        issue,
        given=given,
        suggested=suggested,
        place=given,
        evidence=replace(issue.evidence, near=(), options=(), others=(), about=about),
    )


def _drawn_from(flags: Sequence[Issue], around: _Around) -> Issue:
    return flags[int(around.chance.integers(len(flags)))] if flags else around.beside


def _drawn(key: str, share: float) -> bool:
    """The lot of an ordinary task: share / (1 - share) of them have a golden one beside them."""
    return uuid.UUID(key).int % 10**9 < share / (1 - share) * 10**9


def _least_asked(unit: UnitOfWork, project: Project, chance: np.random.Generator) -> list[GoldenItem]:
    """Golden items that can be asked, those asked least first, in random order among equals."""
    times = unit.golden.times_asked(project.id)
    ready = unit.golden.askable(project.id)
    order = chance.permutation(len(ready))
    return sorted((ready[int(n)] for n in order), key=lambda one: times.get(one.id, 0))


def _shown(
    label: LabelledItem,
    own: Sequence[Issue],
    flags: Sequence[Issue],
    twin: Issue,
    chance: np.random.Generator,
) -> Issue:
    """The issue whose facts are shown."""
    mine = [one for one in own if one.given == label.label]
    if mine:
        return mine[-1]
    alike = [one for one in flags if one.given == label.label] or list(flags)
    return alike[int(chance.integers(len(alike)))] if alike else twin


def _issue(item: GoldenItem, label: LabelledItem, shown: Issue, beside: Issue, twin: WaitingTask) -> Issue:
    """The golden item as an issue: all that is told of it comes from `shown`, its place from `beside`."""
    evidence = shown.evidence
    # A flag of another label may suggest this one: then it is told the other way round.
    suggested = shown.given if shown.suggested == label.label else shown.suggested
    return replace(
        shown,
        id=str(uuid.uuid4()),
        project_id=item.project_id,
        item_id=item.item_id,
        annotation_id=label.annotation_id,
        label_version=label.label_version,
        label_updated_at=label.updated_at,
        kind=IssueKind.GOLDEN,
        state=IssueState.OPEN,
        given=label.label,
        suggested=suggested,
        rank=beside.rank,
        scan_id=beside.scan_id,
        model_version=beside.model_version,
        reason=None,
        evidence=replace(
            evidence,
            blind=twin.blind,
            near=tuple(pair for pair in evidence.near if pair[0] not in (label.label, suggested)),
            options=_with(evidence.options, item.label),
            others=label.others,
        ),
    )


def _with(options: tuple[str, ...], label: str) -> tuple[str, ...]:
    """Options among which the right label is, and no more of them than before."""
    return options if label in options or not options else (*options[:-1], label)


def _ask(
    unit: UnitOfWork, project: Project, item: GoldenItem, twin: WaitingTask, issue: Issue, label: LabelledItem
) -> None:
    task = review_task(issue, twin.overlap)
    unit.issues.add([issue])
    unit.reviews.plan([task])
    unit.golden.ask(task, item.id, twin.key)
    detail = {"golden": item.remote_id, "label": item.label, "labeled": label.label, "beside": twin.key}
    unit.audit.append("secondlook", "golden.asked", issue.id, detail, project.name)


def close_if_answered(
    unit: UnitOfWork,
    project: Project,
    settings: ProjectSettings,
    task: ReviewTask,
    issue: Issue,
) -> str:
    """Close a golden task that has its answers. They decide nothing about the label."""
    votes = unit.votes.of([task.key])[task.key]
    counted = [vote for vote in votes if vote.counted]
    if len(counted) + submitted_without_counting(votes) < task.overlap:
        return "measuring"
    unit.issues.set_state([issue.id], IssueState.MEASURED)
    unit.label_events.note([issue.id])
    unit.reviews.set_state([task.key], ReviewState.DECIDED)
    detail = {"votes": [vote.remote_id for vote in counted]}
    unit.audit.append("secondlook", "golden.answered", issue.id, detail, project.name)
    item = unit.golden.asked_by(task.key)
    if item is not None and item.doubted_at is None and item.retired_at is None:
        _doubt(unit, project, settings, item)
    unit.enqueue(job(JobKind.PUSH, project.id))  # a place in the queue is free
    return "measured"


def _doubt(unit: UnitOfWork, project: Project, settings: ProjectSettings, item: GoldenItem) -> None:
    """Tell operations of a golden label that most reviewers contradict. It stays as it is."""
    answers = unit.golden.answers([item.id], since_verified=True)[item.id]
    text = first_answers(answers, settings.reviewers)
    kind = kind_of(project.schema)
    if not contradicted([answers_rightly(kind, item.label, one) for one in text.values()], settings.review):
        return
    unit.golden.doubt([item.id])
    detail = {"label": item.label, "answers": sorted(text.values())}
    unit.audit.append("secondlook", "golden.doubted", f"item:{item.remote_id}", detail, project.name)
    log.warning("most reviewers contradict a golden label", project=project.name, item=item.remote_id)


def first_answers(answers: Sequence[Vote], settings: ReviewerSettings) -> dict[str, str]:
    """Person → what they said when they first saw the item (a label or a problem); oldest answer first."""
    detail: dict[str, str] = {}
    for vote in answers:
        problem = vote.problems[0].value if vote.problems else ""
        detail.setdefault(settings.person_of(vote.reviewer), problem or vote.label or "")
    return detail


def answers_rightly(kind: LabelType, truth: str, text: str) -> bool:
    """Whether an answer is what is known of its item; one about a part names the place itself."""
    return kind.alike(text, kind.expected(truth, text))


def contradicted(right: Sequence[bool], review: ReviewSettings) -> bool:
    """Whether more than half of at least a quorum of people, two or more, say something else."""
    return len(right) >= max(review.quorum, LEAST_TO_DOUBT) and 2 * sum(right) < len(right)
