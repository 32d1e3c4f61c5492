"""The scan of labels that their type judges itself."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from connector.config.project import PolicySettings
from connector.errors import Misconfigured
from connector.model import FlagEvidence, Issue, LabelledItem, LabelSchema
from connector.model.reasons import ScanDoubt, coded
from workers.context import Context, Summary
from workers.detect.conclude import ScanResult, conclude
from workers.detect.findings.detect import ScanFindings
from workers.detect.flags import Origin, Place
from workers.detect.queue import JudgedRows, Policy
from workers.detect.record import Run
from workers.detect.sources.by_type import predictions_for
from workers.detect.sources.choose import reasons_of
from workers.issues.validation import InvalidInput
from workers.label_types.base import Detects, LabelType, Suspicion, Suspicions
from workers.label_types.registry import kind_of


def scan_by_type(
    context: Context, run: Run, schema: LabelSchema, items: Sequence[LabelledItem], detect: Detects
) -> Summary:
    """Judge all items, and bring the review queue to what was suspected.

    Changes that come after it wait for the next scan, and items are not compared with each other.
    """
    kind, known = kind_of(schema), predictions_for(context, schema, items)
    items = known.items
    try:
        suspected = detect(items, known.predictions, schema, context.settings.policy.method.value)
    except InvalidInput as error:
        raise Misconfigured(str(error), field=_field(context), remedy="Then scan again.") from error
    run.skipped.update({**known.skipped, **suspected.unusable})
    suspected = _at_known_places(context, kind, items, suspected)
    if not suspected.judged:
        raise Misconfigured(
            f"no labeled item has a usable prediction ({reasons_of(suspected.unusable)})",
            field=_field(context),
            remedy="Import predictions as docs/label-types.md says.",
        )
    origin = Origin(
        context.project.id,
        run.scan_id,
        known.model_version,
        context.settings.policy.method.value,
        _labels(kind, items, suspected),
        kind.in_parts,
    )
    result = ScanResult(
        judged=_judged(origin, kind, items, suspected),
        findings=ScanFindings(),
        policy=Policy(_without_class_rules(context.settings.policy), limit=known.limit),
        report=known.report,
        warnings=(coded(ScanDoubt.JUDGED_BY_TYPE), *known.warnings, *suspected.warnings),
    )
    return conclude(context, run, result)


def _labels(kind: LabelType, items: Sequence[LabelledItem], suspected: Suspicions) -> tuple[str, ...]:
    """Every label, or part of one, that is carried, doubted or suggested."""
    carried = {part for row in suspected.judged for part in kind.parts(items[row].label)}
    doubted = {_about(items, one) for one in suspected.suspicions}
    return tuple(sorted(carried | doubted | {one.suggested for one in suspected.suspicions}))


def _about(items: Sequence[LabelledItem], one: Suspicion) -> str:
    return items[one.row].label if one.given is None else one.given


def _at_known_places(
    context: Context, kind: LabelType, items: Sequence[LabelledItem], suspected: Suspicions
) -> Suspicions:
    """What was asked, or answered, at a spot where nothing is, is not asked again a pixel beside it."""
    with context.read() as unit:
        standing = unit.issues.standing(context.project.id)
        known: dict[int, list[str]] = defaultdict(list)
        for item_id, label in unit.issues.settled(context.project.id):
            known[item_id].append(label)
    for each in standing:
        known[each.item_id].append(each.given)

    def moved(one: Suspicion) -> Suspicion:
        item = items[one.row]
        if one.given is None or one.given in kind.parts(item.label):
            return one
        there = (part for part in known[item.item_id] if kind.same_place(part, one.given or ""))
        return replace(one, given=next((part for part in there if kind.carries(item.label, part)), one.given))

    once: dict[tuple[int, str], Suspicion] = {}
    for one in map(moved, suspected.suspicions):
        once.setdefault((one.row, _about(items, one)), one)
    return replace(suspected, suspicions=tuple(once.values()))


def _judged(
    origin: Origin, kind: LabelType, items: Sequence[LabelledItem], suspected: Suspicions
) -> JudgedRows:
    """The judged parts as the review queue sees them; without a suspicion a label suggests itself."""
    number = {label: k for k, label in enumerate(origin.classes)}
    suspicions = {(one.row, _about(items, one)): one for one in suspected.suspicions}
    carried = [(row, part) for row in suspected.judged for part in kind.parts(items[row].label)]
    units = list(dict.fromkeys([*carried, *suspicions]))
    at = {unit: place for place, unit in enumerate(units)}
    given = np.array([number[part] for _, part in units], dtype=np.int64)
    suggested, quality = given.copy(), np.ones(len(given))
    for unit, one in suspicions.items():
        suggested[at[unit]], quality[at[unit]] = number[one.suggested], one.quality
    item_ids = np.array([items[row].item_id for row, _ in units], dtype=np.int64)
    row_of = {int(item_id): row for row, item_id in enumerate(item_ids)}
    row_at = {(int(item_ids[place]), part): place for (_, part), place in at.items()}

    def issue(row: int, item: LabelledItem, place: Place, is_open: bool) -> Issue:  # noqa: FBT001 - as the queue calls it
        part = units[row][1]
        return _issue(suspicions.get(units[row]), item, part, place, origin, is_open=is_open)

    return JudgedRows(
        origin=origin,
        item_ids=item_ids,
        given=given,
        order=np.array([at[unit] for unit in suspicions], dtype=np.intp),
        suggested=suggested,
        quality=quality,
        row_of=row_of.get,
        probs_of=lambda rows: np.zeros((len(rows), 1)),
        whole=True,
        issue=issue,
        row_at=(lambda item_id, place: row_at.get((item_id, place))) if kind.in_parts else None,
        carries=kind.carries,
    )


def _issue(
    suspicion: Suspicion | None,
    item: LabelledItem,
    part: str,
    place: Place,
    origin: Origin,
    *,
    is_open: bool,
) -> Issue:
    state, reason = place.opened(is_open=is_open)
    return Issue(
        id=str(uuid.uuid4()),
        project_id=origin.project_id,
        item_id=item.item_id,
        annotation_id=item.annotation_id,
        label_version=item.label_version,
        label_updated_at=item.updated_at,
        kind=place.kind,
        state=state,
        given=part,
        suggested=part if suspicion is None else suspicion.suggested,
        quality=1.0 if suspicion is None else suspicion.quality,
        probability=1.0 if suspicion is None else suspicion.probability,
        rank=place.rank,
        method=origin.method,
        model_version=origin.model_version,
        scan_id=origin.scan_id,
        evidence=FlagEvidence(
            blind=place.blind,
            others=() if origin.in_parts else item.others,
            about=None if suspicion is None else dict(suspicion.evidence),
        ),
        reason=reason,
        place=part if origin.in_parts else "",
    )


def _without_class_rules(policy: PolicySettings) -> PolicySettings:
    """A set of classes or a number is no class: what a class may lose, or must have, does not bind it."""
    return policy.model_copy(update={"class_cap": 1.0, "min_class_examples": 1})


def _field(context: Context) -> str:
    return f"projects.{context.project.name}.predictions"
