"""Which spans of a file are probably missing, extra, of another label or with other ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil

from connector import wording
from connector.wording import number_of, one_line, percent, quoted
from workers.cli.offline.errors import ARGUMENT, BadFile
from workers.cli.offline.outcome import FileIssue, FileScan, label_counts
from workers.cli.offline.record import LeftOut
from workers.cli.offline.regions.builder import around
from workers.cli.offline.regions.data import Region, RegionAnswer, RegionData, mapped
from workers.cli.offline.regions.looks import (
    Look,
    Looks,
    are_predicted,
    are_shared,
    by_predictions,
    by_the_others,
    carried,
    fitting,
)
from workers.cli.offline.regions.previews import text_view
from workers.cli.offline.regions.tokens import Tagging, tagged
from workers.detect.predictions.crossval import Progress
from workers.detect.predictions.errors import NoPredictions
from workers.detect.predictions.limits import WEAK_GAIN, judgement_limit
from workers.detect.predictions.tagging import out_of_sample_tags
from workers.issues import (
    InvalidInput,
    SpanFindings,
    SpanKind,
    SpanTable,
    span_findings,
    span_fit,
    span_issues,
)
from workers.issues.spans.findings import NO_SPAN, SPAN_KINDS

SEED = 20_210_208
LISTED = {SpanKind.MISSING: 0.5, SpanKind.EXTRA: 0.05, SpanKind.TYPE: 0.5, SpanKind.BOUNDARY: 0.5}
LISTED_BY_TAGS = 0.5  # where all kinds have the model's probability
NOTHING = "(no span)"
QUOTED = 60


@dataclass(frozen=True, slots=True)
class _Judged:
    """What was held against what, with the findings on these spans in characters."""

    looks: Looks
    findings: SpanFindings
    given: Sequence[tuple[int, Region]]  # (look, span) by the places that findings name
    predicted: Sequence[tuple[int, Region]]
    listed: dict[SpanKind, float]
    gain: float | None = None


def judge_spans(data: RegionData, predictions: str | None, progress: Progress | None = None) -> FileScan:
    """Judge spans by predictions, by the other annotators, or by the built-in tagger."""
    try:
        judged = _judged(data, predictions, progress)
    except NoPredictions as error:
        raise BadFile(error.problem, argument=f"{ARGUMENT} ({error.field})", remedy=error.remedy) from error
    except InvalidInput as error:
        raise BadFile(error.problem, argument=ARGUMENT, remedy=error.remedy) from error
    result, looks = judged.findings, judged.looks
    rows = [
        row for row in range(len(result)) if result.score[row] >= judged.listed[SPAN_KINDS[result.kind[row]]]
    ]
    weaker = len(result) - len(rows)
    kept = rows if judged.gain is None else rows[: ceil(judgement_limit(judged.gain) * len(rows))]
    limited = (wording.flags_limited(len(kept), len(rows)),) if len(kept) < len(rows) else ()
    issues = [_issue(judged, row) for row in kept]
    given = Counter(region.label for look in looks.looks for region in look.answer.regions)
    doubted = [issue.given if issue.kind != SpanKind.MISSING else issue.suggested for issue in issues]
    texts = len({look.item.id for look in looks.looks})
    return FileScan(
        kind=data.kind,
        label_name=data.label_name,
        fields=data.fields,
        n_items=texts,
        n_labels=given.total(),
        judged=f"{number_of(given.total(), 'span')} in {number_of(texts, 'text')}",
        by=looks.by,
        issues=(*data.faults, *issues),
        classes=label_counts(given, doubted),
        left_out=(*data.left_out, *looks.left_out),
        notes=data.notes,
        warnings=(*looks.warnings, *limited, *_unread_notices(result.not_read, weaker)),
        figures={} if judged.gain is None else {"span_f1": judged.gain},
        weak=judged.gain is not None and judged.gain < WEAK_GAIN,
    )


def _judged(data: RegionData, predictions: str | None, progress: Progress | None) -> _Judged:
    if predictions is not None:
        return _compared(data, by_predictions(data, f"predictions of {predictions}"), predictions)
    if are_predicted(data):
        return _compared(data, by_predictions(data, "the predictions in the file"))
    if are_shared(data):
        return _compared(data, by_the_others(data))
    return _by_tagger(data, progress)


def _compared(data: RegionData, looks: Looks, named: str | None = None) -> _Judged:
    """Spans in characters beside spans in characters."""
    number = mapped(data.names())
    given = [(n, region) for n, look in enumerate(looks.looks) for region in look.answer.regions]
    predicted = [(n, region) for n, look in enumerate(looks.looks) for region in look.against]
    tables = _table(given, number), _table(predicted, number)
    looks = fitting(looks, span_fit(*tables), named)
    result = span_findings(*tables)
    return _Judged(looks, result, given, predicted, LISTED)


def _table(spans: Sequence[tuple[int, Region]], number: dict[str, int]) -> SpanTable:
    return SpanTable(
        [n for n, _ in spans],
        [int(region.spot[0]) for _, region in spans],
        [int(region.spot[1]) for _, region in spans],
        [number[region.label] for _, region in spans],
        [region.probability for _, region in spans],
    )


def _by_tagger(data: RegionData, progress: Progress | None) -> _Judged:
    """Tokens tagged by a model that has not seen the text; its tags are read back as spans."""
    names = data.names()
    taggings = [tagged(item, carried(item), names) for item in data.items]
    usable = [n for n, each in enumerate(taggings) if each.tokens]
    chosen = [taggings[n] for n in usable]
    left_out = [
        LeftOut(data.items[n].place, "text without a word")
        for n in range(len(taggings))
        if n not in set(usable)
    ]
    left_out += [one for each in taggings for one in each.left_out]
    classes = ("O", *(f"{mark}-{name}" for name in names for mark in "BI"))
    probs = out_of_sample_tags(
        [each.words for each in chosen],
        [each.tags for each in chosen],
        len(classes),
        seed=SEED,
        progress=progress,
    ).probs
    result = span_issues([each.tags for each in chosen], probs, classes)
    looks = tuple(Look(data.items[n], _kept(data, n, taggings[n]), ()) for n in usable)
    given = list(_in_characters(result.given, chosen, result.names, None))
    predicted = list(_in_characters(result.predicted, chosen, result.names, "model"))
    gain = _f1(given, predicted)
    others = sum(len(look.item.answers) - 1 for look in looks)
    texts = (
        [f"Not judged, for the carried one is: {number_of(others, 'further answer')} to the same texts."]
        if others
        else []
    )
    if gain < WEAK_GAIN:
        texts.insert(
            0,
            f"the model is too weak to judge spans: an F1 of {gain:.0%} with the given ones. Give "
            "predictions of your own with --predictions",
        )
    by = "the built-in tagger, cross-validated"
    judged = Looks(looks, by, tuple(left_out), tuple(texts))
    return _Judged(judged, result.findings, given, predicted, dict.fromkeys(SpanKind, LISTED_BY_TAGS), gain)


def _kept(data: RegionData, row: int, tagging: Tagging) -> RegionAnswer:
    return replace(carried(data.items[row]), regions=tagging.kept)


def _in_characters(
    table: SpanTable, taggings: Sequence[Tagging], names: Sequence[str], source: str | None
) -> Iterator[tuple[int, Region]]:
    """Each span of tokens as one of characters; a given one with its id."""
    for text, first, last, label, p in zip(
        table.text.tolist(), table.start.tolist(), table.end.tolist(), table.label.tolist(),
        table.probability.tolist(), strict=True,
    ):  # fmt: skip
        tokens = taggings[text].tokens
        spot = (tokens[first][0], tokens[last - 1][1])
        known = None if source else taggings[text].region_at(first)
        yield text, known or Region(names[label], spot, None, p if source else None)


def _f1(given: Sequence[tuple[int, Region]], predicted: Sequence[tuple[int, Region]]) -> float:
    first, second = ({(n, each.spot, each.label) for n, each in spans} for spans in (given, predicted))
    return 2 * len(first & second) / max(len(first) + len(second), 1)


def _issue(judged: _Judged, row: int) -> FileIssue:
    result = judged.findings
    kind, score = SPAN_KINDS[result.kind[row]], float(result.score[row])
    look = judged.looks.looks[int(result.text[row])]
    given = None if result.given[row] == NO_SPAN else judged.given[int(result.given[row])][1]
    model = None if result.predicted[row] == NO_SPAN else judged.predicted[int(result.predicted[row])][1]
    text = look.item.text
    spots = [(int(one.spot[0]), int(one.spot[1])) if one else None for one in (given, model)]
    shown = spots[0] or spots[1] or (0, 0)
    return FileIssue(
        id=look.item.id,
        place=look.item.place,
        kind=kind.value,
        given=NOTHING if given is None else given.label,
        suggested=NOTHING if model is None else model.label,
        score=score,
        probability=score if kind is not SpanKind.EXTRA else None,
        reason=_reason(kind, text, given, model),
        content=around(text, *shown),
        annotator=look.answer.annotator,
        region=None if given is None else given.id,
        spot={"start": (spots[1] or shown)[0], "end": (spots[1] or shown)[1]},
        preview=text_view(text, spots[0], spots[1]),
    )


def _reason(kind: SpanKind, text: str, given: Region | None, model: Region | None) -> str:
    words = [_words(text, one) for one in (given, model)]
    sure = "" if model is None else percent(model.probability)
    if given is None and model is not None:
        return f"{words[1]} is read as {quoted(model.label)} with {sure}; here nobody marked it."
    if model is None or given is None:
        return (
            f"{words[0]} is marked as {'' if given is None else quoted(given.label)}; nothing is read there."
        )
    marked = f"{words[0]} is marked as {quoted(given.label)}"
    if kind is SpanKind.TYPE:
        return f"{marked}; it is read as {quoted(model.label)} with {sure}."
    return f"{marked}; the span that is read is {words[1]}, with {sure}."


def _words(text: str, region: Region | None) -> str:
    return "" if region is None else quoted(one_line(text[int(region.spot[0]) : int(region.spot[1])], QUOTED))


def _unread_notices(not_read: int, weaker: int) -> tuple[str, ...]:
    texts = []
    if not_read:
        texts.append(
            f"{number_of(not_read, 'span is', 'spans are')} not judged: what is read there belongs to "
            "another, or the label is read nowhere."
        )
    if weaker:
        texts.append(f"{number_of(weaker, 'weaker finding is', 'weaker findings are')} not listed.")
    return tuple(texts)
