"""A project's rows as the detectors want them, in streams: memory grows with the arrays alone."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from connector.model import LabelledItem, LabelSchema, LabelStatus
from connector.model.findings import FindingKind
from connector.store.repositories.content import GivenAnswer
from connector.store.unit_of_work import UnitOfWork
from workers.context import Context
from workers.detect.encode import encode
from workers.detect.findings.detect import ScanFindings, detect_findings, detect_from_labels
from workers.detect.findings.draft import MOST, Draft, KindFindings, kind_findings
from workers.detect.findings.rows import NOBODY, Answered, FactorBuilder, Ints, LabelledRows, digest_of
from workers.detect.sources.base import Probabilities
from workers.issues import LabelIssues

# How much is wrong: a class that nobody knows hides a label, a cancelled annotation may be meant so.
UNUSABLE = {
    LabelStatus.UNKNOWN_CLASS: 1.0,
    LabelStatus.UNREADABLE: 0.9,
    LabelStatus.MISPLACED: 0.9,
    LabelStatus.SEVERAL: 0.7,
    LabelStatus.EMPTY: 0.5,
    LabelStatus.CANCELLED: 0.2,
}


def findings_of_items(
    context: Context,
    schema: LabelSchema,
    items: Sequence[LabelledItem],
    judged: tuple[Probabilities, LabelIssues] | None = None,
) -> ScanFindings:
    """Look at a project for every kind. `items` are those of `judged`, or all that carry a label."""
    project_id, least = context.project.id, context.settings.policy.min_class_examples
    with context.read() as unit:
        people = unit.projects.annotator_names(project_id)
        rows = _seen(unit, project_id, schema, least, items, judged, people)
        unusable = _unusable(unit, project_id, people)
    return detect_findings(rows, [unusable])


def findings_of_parts(
    context: Context,
    classes: Sequence[str],
    labels: Ints,
    item_ids: Ints,
    row_of: Callable[[int], int | None],
) -> ScanFindings:
    """Look at a project that is scanned in parts: at what its labels and the database alone can show."""
    project_id, least = context.project.id, context.settings.policy.min_class_examples
    with context.read() as unit:
        people = unit.projects.annotator_names(project_id)
        others = [_unusable(unit, project_id, people), kind_findings(FindingKind.DISAGREEMENT, [])]
        divided = _answered(unit.content.answers(project_id, divided=True), classes, row_of, people)
        rows = LabelledRows(tuple(classes), (), labels, least, answered=divided)
        return _named(unit, project_id, detect_from_labels(rows, others), item_ids)


def _named(unit: UnitOfWork, project_id: int, findings: ScanFindings, item_ids: Ints) -> ScanFindings:
    """The findings with the names of their items."""
    rows = [draft.row for draft in findings.drafts if draft.row is not None]
    items = unit.items.labelled(project_id, item_ids[rows].tolist()) if rows else ()
    names = {item.item_id: item.remote_id for item in items}
    drafts = [
        draft if draft.row is None else replace(draft, subject=names.get(int(item_ids[draft.row]), ""))
        for draft in findings.drafts
    ]
    return replace(findings, drafts=tuple(drafts))


def _seen(
    unit: UnitOfWork,
    project_id: int,
    schema: LabelSchema,
    least: int,
    items: Sequence[LabelledItem],
    judged: tuple[Probabilities, LabelIssues] | None,
    people: Mapping[str, str],
) -> LabelledRows:
    ids = np.array([item.item_id for item in items], dtype=np.int64)
    row_of = {int(each): row for row, each in enumerate(ids)}
    content = [tag.field for tag in schema.objects]
    builder = FactorBuilder(len(items), content)
    digests = np.zeros(len(items), dtype=np.uint64)
    for item_id, data in unit.content.data(project_id):
        row = row_of.get(item_id)
        if row is not None:
            digests[row] = digest_of(data, content)
            builder.add(row, data)
    return LabelledRows(
        classes=schema.classes,
        names=[item.remote_id for item in items],
        labels=encode([item.label for item in items], schema.classes),
        least=least,
        probs=None if judged is None else judged[0].matrix,
        issues=None if judged is None else judged[1],
        features=None if judged is None else judged[0].features,
        graph=None if judged is None else judged[0].neighbours,
        digests=digests,
        answered=_answered(unit.content.answers(project_id), schema.classes, row_of.get, people),
        times=np.array([item.updated_at.timestamp() for item in items]),
        factors=builder.factors(),
    )


def _answered(
    answers: Iterable[GivenAnswer],
    classes: Sequence[str],
    row_of: Callable[[int], int | None],
    people: Mapping[str, str],
) -> Answered:
    number = {label: k for k, label in enumerate(classes)}
    known: dict[str, int] = {}
    rows, who, labels, times = array("q"), array("q"), array("q"), array("d")
    for answer in answers:
        row, label = row_of(answer.item_id), number.get(answer.label)
        if row is None or label is None:
            continue
        rows.append(row)
        labels.append(label)
        times.append(answer.updated_at.timestamp())
        person = answer.annotator
        who.append(NOBODY if person is None else known.setdefault(person, len(known)))
    names = tuple(people.get(person) or person for person in known)
    return Answered(_ints(rows), _ints(who), _ints(labels), np.frombuffer(times, dtype=np.float64), names)


def _ints(values: array[int]) -> Ints:
    return np.frombuffer(values, dtype=np.int64)


def _unusable(unit: UnitOfWork, project_id: int, people: Mapping[str, str]) -> KindFindings:
    counts = unit.items.label_statuses(project_id).counts
    drafts: list[Draft] = []
    for status, score in UNUSABLE.items():
        room = MOST - len(drafts)
        if not counts.get(status.value) or not room:
            continue
        for each in unit.content.unusable(project_id, status, room):
            who = each.annotator and (people.get(each.annotator) or each.annotator)
            facts = {"status": status.value, "label": each.label, "annotator": who}
            drafts.append(Draft(FindingKind.INVALID_LABEL, None, each.item, score, facts, each.item_id))
    total = sum(counts.get(status.value, 0) for status in UNUSABLE)
    return kind_findings(FindingKind.INVALID_LABEL, drafts, total)
