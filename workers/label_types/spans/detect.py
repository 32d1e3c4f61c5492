"""Which spans are probably wrong: missing, extra, of another type, with other ends."""

from __future__ import annotations

from collections.abc import Sequence

from connector.model import LabelledItem, LabelSchema, Prediction
from workers.consensus.regions import SpanAnswers, span_consensus
from workers.issues import span_fit
from workers.issues.spans import SPAN_KINDS, SpanFindings, SpanKind, SpanTable, span_findings
from workers.label_types.base import Suspicion, Suspicions
from workers.label_types.regions.keys import RegionPart
from workers.label_types.regions.looks import ComparedItem, Marked, looks_at, without_misfits
from workers.label_types.spans.ask import facts
from workers.label_types.spans.value import KEYS, Span

# From which score a finding of a kind is a question; kinds are not weighed against each other.
ASKED = {SpanKind.MISSING: 0.5, SpanKind.EXTRA: 0.05, SpanKind.TYPE: 0.5, SpanKind.BOUNDARY: 0.5}


def detect(
    items: Sequence[LabelledItem],
    predictions: Sequence[Prediction | None],
    schema: LabelSchema,
    method: str,  # noqa: ARG001 - confident learning's, which knows no places
) -> Suspicions:
    """The spans that a model, or the other annotators, contradict."""
    looks = looks_at(KEYS, items, predictions, schema, agreed)
    given = [(n, part) for n, look in enumerate(looks.looks) for part in look.given]
    model = [(n, part, p) for n, look in enumerate(looks.looks) for part, p in look.against]
    tables = _table([(n, part, 1.0) for n, part in given], schema), _table(model, schema)
    findings = span_findings(*tables)
    result = Suspicions(
        [
            _suspicion(findings, at, looks.looks, [part for _, part in given], [part for _, part, _ in model])
            for at in range(len(findings))
            if findings.score[at] >= ASKED[SPAN_KINDS[findings.kind[at]]]
        ],
        looks.rows,
        looks.unusable,
        looks.warnings,
    )
    return without_misfits(result, span_fit(*tables))


def agreed(people: Sequence[Sequence[RegionPart[Span]]]) -> Marked[Span]:
    """The spans that several people agree on, with the share of them that marked each."""
    marked = [(person, part) for person, parts in enumerate(people) for part in parts]
    if not marked:
        return []
    names = sorted({part.label for _, part in marked})
    answers = SpanAnswers(
        [[part.spot.start, part.spot.end] for _, part in marked],
        [names.index(part.label) for _, part in marked],
        [person for person, _ in marked],
        range(len(people)),
    )
    words = {(part.spot.start, part.spot.end): part.spot.words for _, part in marked}
    common = span_consensus([answers], len(names)).texts[0]
    ends = [(int(start), int(end)) for start, end in common.spans]
    return [
        (RegionPart(names[int(k)], Span(*place, words.get(place, ""))), float(support))
        for place, k, support in zip(ends, common.label, common.support, strict=True)
    ]


def _table(marked: Sequence[tuple[int, RegionPart[Span], float]], schema: LabelSchema) -> SpanTable:
    return SpanTable(
        [n for n, _, _ in marked],
        [part.spot.start for _, part, _ in marked],
        [part.spot.end for _, part, _ in marked],
        [schema.classes.index(part.label) for _, part, _ in marked],
        [p for _, _, p in marked],
    )


def _suspicion(
    findings: SpanFindings,
    at: int,
    looks: Sequence[ComparedItem[Span]],
    givens: Sequence[RegionPart[Span]],
    models: Sequence[RegionPart[Span]],
) -> Suspicion:
    kind, score = SPAN_KINDS[findings.kind[at]], float(findings.score[at])
    given = None if findings.given[at] < 0 else givens[int(findings.given[at])]
    model = None if findings.predicted[at] < 0 else models[int(findings.predicted[at])]
    about = given or model
    if about is None:
        raise ValueError("a finding is about a region that somebody or the model sees")
    return Suspicion(
        row=looks[int(findings.text[at])].row,
        suggested=str(model or about.nothing()),
        quality=1.0 - score,
        probability=score,
        evidence=facts(kind.value, given, model),
        given=str(given or about.nothing()),
    )
