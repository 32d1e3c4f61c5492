"""The scan of labels that their type judges itself, by the platform's predictions."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import numpy as np

from connector import wording
from connector.config.project import Backend, PolicySettings
from connector.errors import Misconfigured
from connector.model import FlagEvidence, Issue, LabelledItem, LabelSchema, Prediction, ScanReport
from workers.context import Context, Summary
from workers.detect.conclude import ScanResult, conclude
from workers.detect.findings.detect import ScanFindings
from workers.detect.flags import Origin, Place
from workers.detect.queue import JudgedRows, Policy
from workers.detect.record import Run
from workers.detect.sources.platform import stored_predictions
from workers.issues.validation import InvalidInput
from workers.label_types.base import Detects, Suspicion, Suspicions


def scan_by_type(
    context: Context, run: Run, schema: LabelSchema, items: Sequence[LabelledItem], detect: Detects
) -> Summary:
    """Judge all items, and bring the review queue to what was suspected.

    Changes that come after it wait for the next scan, and items are not compared with each other.
    """
    version, predictions = _predictions(context, schema, items)
    try:
        suspected = detect(items, predictions, schema, context.settings.policy.method.value)
    except InvalidInput as error:
        raise Misconfigured(str(error), field=_field(context), remedy="Then scan again.") from error
    run.skipped.update(suspected.unusable)
    if not suspected.judged:
        reasons = ", ".join(f"{n} {reason}" for reason, n in suspected.unusable.items())
        raise Misconfigured(
            f"no labeled item has a usable prediction ({reasons})",
            field=_field(context),
            remedy="Import predictions as docs/label-types.md says.",
        )
    origin = Origin(
        context.project.id,
        run.scan_id,
        version,
        context.settings.policy.method.value,
        _labels(items, suspected),
    )
    result = ScanResult(
        judged=_judged(origin, items, suspected),
        findings=ScanFindings(),
        policy=Policy(_without_class_rules(context.settings.policy)),
        report=ScanReport(),
        warnings=(wording.judged_by_type(), *suspected.warnings),
    )
    return conclude(context, run, result)


def _predictions(
    context: Context, schema: LabelSchema, items: Sequence[LabelledItem]
) -> tuple[str, list[Prediction | None]]:
    """The model version, and what it says of each item. Misconfigured for another source."""
    chosen = context.settings.predictions
    if chosen.source is not Backend.PLATFORM:
        raise Misconfigured(
            f"labels of type {schema.kind} are judged by predictions of the platform only, "
            f"not by {chosen.source.value}",
            field=f"{_field(context)}.source",
            remedy="Import predictions and set source = 'platform'.",
        )
    with context.read() as unit:
        version = chosen.model_version or unit.items.newest_model_version(context.project.id)
        return version or "none", list(stored_predictions(unit, items, version))


def _labels(items: Sequence[LabelledItem], suspected: Suspicions) -> tuple[str, ...]:
    """Every label that is carried or suggested."""
    carried = {items[row].label for row in suspected.judged}
    return tuple(sorted(carried | {each.suggested for each in suspected.found}))


def _judged(origin: Origin, items: Sequence[LabelledItem], suspected: Suspicions) -> JudgedRows:
    """The judged items as the review queue sees them; without a suspicion a label suggests itself."""
    number = {label: k for k, label in enumerate(origin.classes)}
    at = {row: place for place, row in enumerate(suspected.judged)}
    suspicions = {at[each.row]: each for each in suspected.found}
    given = np.array([number[items[row].label] for row in suspected.judged], dtype=np.int64)
    suggested, quality = given.copy(), np.ones(len(given))
    for row, suspicion in suspicions.items():
        suggested[row], quality[row] = number[suspicion.suggested], suspicion.quality
    item_ids = np.array([items[row].item_id for row in suspected.judged], dtype=np.int64)
    row_of = {int(item_id): row for row, item_id in enumerate(item_ids)}

    def issue(row: int, item: LabelledItem, place: Place, is_open: bool) -> Issue:  # noqa: FBT001 - as the queue calls it
        return _issue(suspicions.get(row), item, place, origin, is_open=is_open)

    return JudgedRows(
        origin=origin,
        item_ids=item_ids,
        given=given,
        order=np.array([at[each.row] for each in suspected.found], dtype=np.intp),
        suggested=suggested,
        quality=quality,
        row_of=row_of.get,
        probs_of=lambda rows: np.zeros((len(rows), 1)),
        whole=True,
        issue=issue,
    )


def _issue(
    suspicion: Suspicion | None, item: LabelledItem, place: Place, origin: Origin, *, is_open: bool
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
        given=item.label,
        suggested=item.label if suspicion is None else suspicion.suggested,
        quality=1.0 if suspicion is None else suspicion.quality,
        probability=1.0 if suspicion is None else suspicion.probability,
        rank=place.rank,
        method=origin.method,
        model_version=origin.model_version,
        scan_id=origin.scan_id,
        evidence=FlagEvidence(
            blind=place.blind,
            others=item.others,
            about=None if suspicion is None else dict(suspicion.evidence),
        ),
        reason=reason,
    )


def _without_class_rules(policy: PolicySettings) -> PolicySettings:
    """A set of classes or a number is no class: what a class may lose, or must have, does not bind it."""
    return policy.model_copy(update={"class_cap": 1.0, "min_class_examples": 1})


def _field(context: Context) -> str:
    return f"projects.{context.project.name}.predictions"
