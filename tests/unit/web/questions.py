"""A question of every kind in every state, each with words that stand nowhere else."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import numpy as np

from connector.model import (
    Correction,
    CorrectionEvidence,
    CorrectionState,
    Decision,
    Disposition,
    DispositionKind,
    DispositionState,
    FlagEvidence,
    Issue,
    IssueKind,
    IssueState,
    Outcome,
    ReviewState,
    ReviewTask,
    Vote,
    WriteMode,
)
from connector.model.findings import Finding, FindingKind
from connector.model.similarity_map import ABOUT, MapMethod
from connector.store.views.asked import asked_items
from connector.wiring import Services
from tests.unit.web.seeding import NOW, _item, _scan
from workers.detect.map import PlacedItems, drawn_map

SETTLED = (IssueState.ACCEPTED, IssueState.REJECTED, IssueState.UNRESOLVED)


@dataclass(frozen=True)
class Question:
    """`secrets` are the texts that must not be shown below operator, unless the question is settled."""

    number: int
    kind: IssueKind
    state: IssueState

    @property
    def id(self) -> str:
        return f"question-{self.number:03}"

    @property
    def open_to_all(self) -> bool:
        return self.state in SETTLED and self.kind is not IssueKind.GOLDEN

    @property
    def secrets(self) -> tuple[str, ...]:
        words = ("given", "suggested", "near", "similar", "model", "voted", "decided", "finding", "fixed")
        return tuple(f"{word}-{self.number:03}x" for word in words)


QUESTIONS = [
    Question(number, kind, state)
    for number, (kind, state) in enumerate(
        ((kind, state) for kind in IssueKind for state in IssueState), start=1
    )
]


def draw_map(services: Services) -> None:
    """The map of the items, each at a place of its own."""
    project = services.project("cats")
    with services.store.begin() as unit:
        items = {
            each.item_id: replace(each, label=f"given-{int(each.remote_id):03}x")
            for each in unit.items.labelled(project.id)
        }
        ids = np.array(list(items), dtype=np.int64)
        places = np.column_stack([np.arange(len(ids)), np.arange(len(ids)) % 5]).astype(float)
        found = PlacedItems(ids, places, MapMethod.PCA)
        about, contents = drawn_map(found, items, {}, asked_items(unit, project.id))
        about = replace(about, scan="scan", at=NOW.isoformat())
        for name, content in (contents | {ABOUT: json.dumps(about.to_json()).encode()}).items():
            unit.blobs.put(project.id, name, content)


def seed_questions(services: Services) -> None:
    """All of them, with tasks, votes, decisions that do not hold any more, corrections and findings."""
    project = services.project("cats")
    with services.store.begin() as unit:
        unit.items.apply(project.id, [_item(each.number) for each in QUESTIONS])
        rows = {row.remote_id: row for row in unit.items.labelled(project.id)}
        found = []
        for each in QUESTIONS:
            row = rows[str(each.number)]
            given, suggested, near, similar, model, *_ = each.secrets
            found.append(
                Issue(
                    id=each.id,
                    project_id=project.id,
                    item_id=row.item_id,
                    annotation_id=row.annotation_id,
                    label_version=row.label_version,
                    label_updated_at=NOW,
                    kind=each.kind,
                    state=each.state,
                    given=given,
                    suggested=suggested,
                    quality=0.0625,
                    probability=0.9375,
                    rank=4000 + each.number,
                    method="method",
                    model_version=model,
                    scan_id="scan",
                    evidence=FlagEvidence(blind=True, near=((near, 0.5),), similar=(similar,)),
                )
            )
        unit.issues.add(found)
        unit.issues.add_scan(_scan(project.id))
        unit.findings.replace(project.id, [_finding(*pair) for pair in zip(QUESTIONS, found, strict=True)])
    for each, issue in zip(QUESTIONS, found, strict=True):
        _went_on(services, each, issue)
    draw_map(services)


def _went_on(services: Services, each: Question, issue: Issue) -> None:
    *_, voted, decided, _, fixed = each.secrets
    state = ReviewState.DECIDED if each.state in (*SETTLED, IssueState.MEASURED) else ReviewState.PUSHED
    task = ReviewTask(f"key-{each.number}", issue.id, issue.project_id, state, "31", "b", True, 3, 3, {})
    vote = Vote(task.key, f"v{each.number}", "3", voted, (), None, NOW, NOW, True, "manual", True)
    key = f"decision-{each.number}"
    with services.store.begin() as unit:
        unit.reviews.plan([task])
        unit.votes.save(vote)
        unit.issues.decide(Decision(key, issue.id, Outcome.ACCEPT, decided, "said", (vote.remote_id,), NOW))
        unit.dispositions.add(
            [
                Disposition(
                    f"set-aside-{each.number}",
                    issue.project_id,
                    issue.id,
                    key,
                    issue.item_id,
                    DispositionKind.EXCLUDE,
                    "ambiguous",
                    (decided,),
                    DispositionState.OPEN,
                    NOW,
                )
            ]
        )
        unit.corrections.add(
            Correction(
                id=f"correction-{each.number}",
                project_id=issue.project_id,
                issue_id=issue.id,
                decision_id=key,
                run_id="run",
                item_id=issue.item_id,
                annotation_id=issue.annotation_id,
                mode=WriteMode.GROUND_TRUTH,
                state=CorrectionState.CANCELLED,
                given=issue.given,
                label=fixed,
                actor="secondlook",
                evidence=CorrectionEvidence(suggested=issue.suggested),
            )
        )


def _finding(each: Question, issue: Issue) -> Finding:
    word = each.secrets[-2]
    facts = {"times": 2.0, "by": word}
    key = f"finding-{each.number}"
    return Finding(key, issue.project_id, "scan", FindingKind.OUTLIER, issue.item_id, word, 0.5, facts)
