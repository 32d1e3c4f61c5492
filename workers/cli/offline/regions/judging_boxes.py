"""Which boxes of a file are probably overlooked, badly located, swapped or spurious."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from connector.wording import number_of, percent, quoted
from workers.cli.offline.errors import ARGUMENT, BadFile
from workers.cli.offline.outcome import FileIssue, FileScan, label_counts
from workers.cli.offline.regions.data import Region, RegionData, mapped
from workers.cli.offline.regions.looks import (
    Look,
    Looks,
    are_predicted,
    are_shared,
    by_predictions,
    by_the_others,
    fitting,
)
from workers.cli.offline.regions.previews import picture_view
from workers.issues import BoxFindings, BoxKind, InvalidInput, box_fit, box_issues
from workers.issues.boxes import KINDS, NO_BOX
from workers.issues.geometry import as_boxes, iou

LISTED = {  # the least score of a finding that is listed; kinds are not weighed against each other
    BoxKind.OVERLOOKED: 0.5,
    BoxKind.BADLY_LOCATED: 0.25,
    BoxKind.SWAPPED: 0.25,
    BoxKind.SPURIOUS: 0.05,
}
NOTHING = "(no box)"


def judge_boxes(data: RegionData, predictions: str | None) -> FileScan:
    """Judge boxes by predictions, or by the other annotators; BadFile where there is neither."""
    looks = _looks(data, predictions)
    names = data.names()
    number = mapped(names)
    labels = [_given(look.answer.regions, number) for look in looks.looks]
    tables = [_tables(look.against, number) for look in looks.looks]
    try:
        looks = fitting(looks, box_fit(labels, tables), predictions)
        result = box_issues(labels, tables)
    except InvalidInput as error:
        raise BadFile(error.problem, argument=ARGUMENT, remedy=error.remedy) from error
    findings = result.findings
    rows = [row for row in range(len(findings)) if findings.score[row] >= LISTED[KINDS[findings.kind[row]]]]
    issues = [_issue(findings, row, looks.looks, names, number) for row in rows]
    given = Counter(region.label for look in looks.looks for region in look.answer.regions)
    doubted = [issue.given if issue.kind != BoxKind.OVERLOOKED else issue.suggested for issue in issues]
    pictures = len({look.item.id for look in looks.looks})
    return FileScan(
        kind=data.kind,
        label_name=data.label_name,
        fields=data.fields,
        n_items=pictures,
        n_labels=given.total(),
        judged=f"{number_of(given.total(), 'box', 'boxes')} in {number_of(pictures, 'picture')}",
        by=looks.by,
        issues=(*data.faults, *issues),
        classes=label_counts(given, doubted),
        left_out=(*data.left_out, *looks.left_out),
        notes=data.notes,
        warnings=(*looks.warnings, *_not_judged(result.not_judged), *_weaker(len(findings) - len(rows))),
    )


def _looks(data: RegionData, predictions: str | None) -> Looks:
    if predictions is not None:
        return by_predictions(data, f"predictions of {predictions}")
    if are_predicted(data):
        return by_predictions(data, "the predictions in the file")
    if are_shared(data):
        return by_the_others(data)
    known = sum(item.predictions is not None for item in data.items)
    problem = (
        f"{known:,} of {number_of(len(data.items), 'picture')} with predictions, and few "
        "with answers of two people"
    )
    raise BadFile(
        f"nothing can judge its boxes: {problem}",
        argument=ARGUMENT,
        remedy="Give a detector's boxes with --predictions (COCO results, JSONL, Parquet)",
    )


def _given(regions: Sequence[Region], number: dict[str, int]) -> dict[str, NDArray[np.generic]]:
    spots = np.array([region.spot for region in regions], dtype=np.float64).reshape(-1, 5)
    return {"bboxes": spots, "labels": np.array([number[region.label] for region in regions], dtype=np.int64)}


def _tables(regions: Sequence[Region], number: dict[str, int]) -> list[NDArray[np.float64]]:
    """A table (M, 6) for each class: the box, its rotation and its probability."""
    rows = np.array([(*region.spot, region.score) for region in regions], dtype=np.float64).reshape(-1, 6)
    label = np.array([number[region.label] for region in regions], dtype=np.int64)
    return [rows[label == k] for k in range(len(number))]


def _issue(
    findings: BoxFindings, row: int, looks: Sequence[Look], names: Sequence[str], number: dict[str, int]
) -> FileIssue:
    look = looks[int(findings.image[row])]
    kind, score = KINDS[findings.kind[row]], float(findings.score[row])
    given = None if findings.given[row] == NO_BOX else look.answer.regions[int(findings.given[row])]
    partner = _partner(look.against, int(findings.predicted[row]), number)
    suggested = None
    if findings.label[row] >= 0:
        suggested = Region(
            names[findings.label[row]], tuple(findings.box[row].tolist()), None, _score(partner)
        )
    shown = given or suggested
    return FileIssue(
        id=look.item.id,
        place=look.item.place,
        kind=kind.value,
        given=NOTHING if given is None else given.label,
        suggested=NOTHING if suggested is None else suggested.label,
        score=score,
        probability=score if kind is not BoxKind.SPURIOUS else None,
        reason=_reason(kind, given, partner),
        content=look.item.name,
        annotator=look.answer.annotator,
        region=None if given is None else given.id,
        spot=None if shown is None else _spot(suggested if kind is BoxKind.BADLY_LOCATED else shown),
        preview=picture_view(look.item, look.answer.regions, given, suggested),
    )


def _partner(against: Sequence[Region], place: int, number: dict[str, int]) -> Region | None:
    """The prediction that a finding names: they are counted class after class."""
    if place == NO_BOX:
        return None
    return sorted(against, key=lambda region: number[region.label])[place]


def _score(region: Region | None) -> float | None:
    return None if region is None else region.score


def _reason(kind: BoxKind, given: Region | None, partner: Region | None) -> str:
    sure = "" if partner is None else percent(partner.probability)
    if given is None and partner is not None:
        return f"A {quoted(partner.label)} is seen here with {sure} that nobody boxed."
    if given is None or partner is None:
        label = "" if given is None else f"{quoted(given.label)} "
        return f"Nothing is seen at this {label}box, though others of its class are."
    if kind is BoxKind.SWAPPED:
        return f"Boxed as {quoted(given.label)}; {quoted(partner.label)} is seen here with {sure}."
    overlap = float(iou(as_boxes([given.spot]), as_boxes([partner.spot]))[0])
    seen = f"the {quoted(given.label)} that is seen ({sure})"
    return f"This box and {seen} share {overlap:.0%} of their area."


def _spot(region: Region | None) -> dict[str, float] | None:
    if region is None:
        return None
    keys = ("x1", "y1", "x2", "y2", "rotation")
    return {key: round(value, 2) for key, value in zip(keys, region.spot, strict=True)}


def _not_judged(n: int) -> tuple[str, ...]:
    return (
        (f"{number_of(n, 'box is', 'boxes are')} not judged: of their class nothing is seen anywhere.",)
        if n
        else ()
    )


def _weaker(n: int) -> tuple[str, ...]:
    return (f"{n:,} weaker findings are not listed.",) if n else ()
