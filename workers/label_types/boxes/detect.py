"""Which boxes are probably wrong: overlooked, badly located, swapped, spurious."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from connector.model import LabelledItem, LabelSchema, Prediction
from workers.consensus.regions import BoxAnswers, box_consensus
from workers.issues import box_fit, box_issues
from workers.issues.boxes import KINDS, NO_BOX, BoxFindings, BoxKind
from workers.label_types.base import Suspicion, Suspicions
from workers.label_types.boxes.ask import facts
from workers.label_types.boxes.value import KEYS, Box, box_at
from workers.label_types.regions.keys import RegionPart
from workers.label_types.regions.looks import ComparedItem, looks_at, without_misfits

# From which score a finding of a kind is a question; kinds are not weighed against each other.
ASKED = {
    BoxKind.OVERLOOKED: 0.5,
    BoxKind.BADLY_LOCATED: 0.25,
    BoxKind.SWAPPED: 0.25,
    BoxKind.SPURIOUS: 0.05,
}


def detect(
    items: Sequence[LabelledItem],
    predictions: Sequence[Prediction | None],
    schema: LabelSchema,
    method: str,  # noqa: ARG001 - confident learning's, which knows no places
) -> Suspicions:
    """The boxes that a model, or the other annotators, contradict."""
    compared = looks_at(KEYS, items, predictions, schema, agreed)
    looks = [_in_one_size(look) for look in compared.looks]
    number = {name: k for k, name in enumerate(schema.classes)}
    labels = [
        {
            "bboxes": np.array([part.spot.corners for part in look.given]).reshape(-1, 5),
            "labels": np.array([number[part.label] for part in look.given], dtype=np.int64),
        }
        for look in looks
    ]
    tables = [_tables(look, number) for look in looks]
    findings = box_issues(labels, tables).findings
    result = Suspicions(
        [
            _suspicion(findings, at, looks[int(findings.image[at])], schema)
            for at in range(len(findings))
            if findings.score[at] >= ASKED[KINDS[findings.kind[at]]]
        ],
        compared.rows,
        compared.unusable,
        compared.warnings,
    )
    return without_misfits(result, box_fit(labels, tables))


def agreed(people: Sequence[Sequence[RegionPart[Box]]]) -> list[tuple[RegionPart[Box], float]]:
    """The boxes that several people agree on, with the share of them that drew each."""
    drawn = [(person, part) for person, parts in enumerate(people) for part in parts]
    if not drawn:
        return []
    picture = drawn[0][1].spot
    names = sorted({part.label for _, part in drawn})
    answers = BoxAnswers(
        [part.spot.scaled(picture.width, picture.height).corners for _, part in drawn],
        [names.index(part.label) for _, part in drawn],
        [person for person, _ in drawn],
        range(len(people)),
    )
    common = box_consensus(answers)
    return [
        (
            RegionPart(names[int(common.label[k])], box_at(common.boxes[k].tolist(), picture)),
            float(common.support[k]),
        )
        for k in np.flatnonzero(common.kept)
    ]


def _in_one_size(look: ComparedItem[Box]) -> ComparedItem[Box]:
    """The model's boxes in the size of the annotation's picture: they may be of another, or in percent."""
    if not look.given:
        return look
    frame = look.given[0].spot
    against = [
        (RegionPart(part.label, part.spot.scaled(frame.width, frame.height)), p) for part, p in look.against
    ]
    return ComparedItem(look.row, look.given, against)


def _tables(look: ComparedItem[Box], number: dict[str, int]) -> list[NDArray[np.float64]]:
    """A table (M, 6) for each class: the box, its rotation and its probability."""
    rows = np.array([(*part.spot.corners, p) for part, p in look.against]).reshape(-1, 6)
    label = np.array([number[part.label] for part, _ in look.against], dtype=np.int64)
    return [rows[label == k] for k in range(len(number))]


def _suspicion(findings: BoxFindings, at: int, look: ComparedItem[Box], schema: LabelSchema) -> Suspicion:
    kind, score = KINDS[findings.kind[at]], float(findings.score[at])
    given = None if findings.given[at] == NO_BOX else look.given[int(findings.given[at])]
    model = None
    if findings.label[at] >= 0:
        picture = (given or look.against[0][0]).spot
        model = RegionPart(
            schema.classes[int(findings.label[at])], box_at(findings.box[at].tolist(), picture)
        )
    if kind is BoxKind.SWAPPED and given is not None and model is not None:
        model = RegionPart(model.label, given.spot)  # the place is not in doubt
    about = given or model
    if about is None:
        raise ValueError("a finding is about a region that somebody or the model sees")
    here = given or about.nothing()
    there = model or about.nothing()
    return Suspicion(
        row=look.row,
        suggested=str(there),
        quality=1.0 - score,
        probability=score,
        evidence=facts(kind.value, given, model),
        given=str(here),
    )
