"""Agreed boxes and spans: what enough people marked, where most of them marked it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from workers.cli.offline.agreed.answers import NAMELESS, figure, replaced_notice
from workers.cli.offline.agreed.shapes import AgreedItem, AgreementFigure, FileAgreement, OpenReason
from workers.cli.offline.kinds import FileKind
from workers.cli.offline.regions.data import RegionAnswer, RegionData, RegionItem, mapped
from workers.cli.offline.regions.looks import box_answers, span_answers
from workers.consensus import (
    AgreedBoxes,
    AgreedSpans,
    SpanAnswers,
    box_consensus,
    box_f1_sums,
    box_iou_sums,
    span_consensus,
    span_f1_sums,
    span_overlap_sums,
)

FIGURES = 4
MAJORITY = 0.5  # the share of which more is needed

Row = dict[str, object]


def agree_on_regions(data: RegionData, quorum: int) -> FileAgreement:
    """One set of regions for each item that `quorum` people saw."""
    agree = _boxes if data.kind is FileKind.BOXES else _spans
    once = [_once(item) for item in data.items]
    items, figures, method, dropped = agree(data, [answers for answers, _ in once], quorum)
    replaced = sum(n for _, n in once)
    return FileAgreement(
        data.kind,
        data.label_name,
        tuple(items),
        tuple(figures),
        method,
        data.left_out,
        (*data.notes, *replaced_notice(replaced)),
        dropped,
    )


def _once(item: RegionItem) -> tuple[list[RegionAnswer], int]:
    """Each person's last answer."""
    named: dict[str, RegionAnswer] = {}
    for n, answer in enumerate(item.people):
        named[answer.annotator or NAMELESS.format(n + 1)] = answer
    return list(named.values()), len(item.people) - len(named)


def _boxes(
    data: RegionData, answers: Sequence[list[RegionAnswer]], quorum: int
) -> tuple[list[AgreedItem], list[AgreementFigure], str, int]:
    names = data.names()
    number = mapped(names)
    drawn = [box_answers(given, number) for given in answers]
    items, dropped = [], 0
    for item, given, boxes in zip(data.items, answers, drawn, strict=True):
        if len(given) < quorum:
            items.append(_few(item, len(given)))
            continue
        result = box_consensus(boxes)
        kept = np.flatnonzero(result.kept & (result.support * len(given) >= min(quorum, 2) - 1e-9))
        dropped += len(result.kept) - len(kept)
        people = [_name(given, person) for person in boxes.person.tolist()]
        regions = [_box_row(result, k, names, people) for k in kept.tolist()]
        behind = [float(agreed) for agreed in (result.support * result.label_share)[kept]]
        items.append(_agreed(item, regions, behind, given))
    figures = [
        figure("F1 of two people's boxes (overlap .5)", box_f1_sums(drawn), _shared(answers)),
        figure("mean overlap of the matched", box_iou_sums(drawn), _shared(answers)),
    ]
    return items, figures, "clusters of boxes that a third of the people drew, and two at least", dropped


def _box_row(agreed: AgreedBoxes, k: int, names: Sequence[str], people: Sequence[str]) -> Row:
    """`people` are those who drew each box."""
    return {
        "label": names[agreed.label[k]],
        "box": [round(float(value), 3) for value in agreed.boxes[k]],
        "support": round(float(agreed.support[k]), FIGURES),
        "label_share": round(float(agreed.label_share[k]), FIGURES),
        "closeness": round(float(agreed.closeness[k]), FIGURES),
        "tied": bool(agreed.tied[k]),
        "agreed_by": sorted(people[row] for row in np.flatnonzero(agreed.cluster == k).tolist()),
    }


def _spans(
    data: RegionData, answers: Sequence[list[RegionAnswer]], quorum: int
) -> tuple[list[AgreedItem], list[AgreementFigure], str, int]:
    names = data.names()
    number = mapped(names)
    people: dict[str, int] = {}
    marked: list[SpanAnswers] = []
    for n, given in enumerate(answers):
        who = [people.setdefault(one.annotator or f"{n} {k}", len(people)) for k, one in enumerate(given)]
        marked.append(span_answers(given, number, who))
    usable = [n for n, given in enumerate(answers) if len(given) >= quorum]
    result = span_consensus([marked[n] for n in usable], len(names))
    texts = dict(zip(usable, result.texts, strict=True))
    items, dropped = [], 0
    for n, (item, given) in enumerate(zip(data.items, answers, strict=True)):
        if n not in texts:
            items.append(_few(item, len(given)))
            continue
        agreed = texts[n]
        dropped += agreed.left_out
        regions = [_span_row(agreed, k, names, item.text, given) for k in range(len(agreed.label))]
        items.append(_agreed(item, regions, agreed.support.tolist(), given, weighed=result.weighed))
    figures = [
        figure("F1 of two people's spans (same ends and label)", span_f1_sums(marked), _shared(answers)),
        figure("the same, sharing any place", span_overlap_sums(marked), _shared(answers)),
    ]
    method = (
        "Dawid-Skene on segments: weighed by what each person confuses and misses"
        if result.weighed
        else "places that half of the people marked"
    )
    return items, figures, method, dropped


def _span_row(
    agreed: AgreedSpans, k: int, names: Sequence[str], text: str, given: Sequence[RegionAnswer]
) -> Row:
    name, (start, end) = names[agreed.label[k]], agreed.spans[k].tolist()
    people = (
        _name(given, person)
        for person, answer in enumerate(given)
        if any(each.label == name and each.spot == (start, end) for each in answer.regions)
    )
    return {
        "label": name,
        "start": start,
        "end": end,
        "text": text[start:end],
        "support": round(float(agreed.support[k]), FIGURES),
        "tied": bool(agreed.tied[k]),
        "agreed_by": sorted(people),
    }


def _few(item: RegionItem, n: int) -> AgreedItem:
    return AgreedItem(item.id, item.place, None, None, n, (), OpenReason.FEW, _data(item))


def _agreed(
    item: RegionItem,
    regions: Sequence[Row],
    behind: Sequence[float],
    given: Sequence[RegionAnswer],
    *,
    weighed: bool = False,
) -> AgreedItem:
    """The item with its regions; open where a class is tied, or where half or less say that there are none.

    `behind` (0..1) is the share, or the probability, of each region. That of nothing is the share of those
    who marked nothing; where people are `weighed` it may be agreed against most of them.
    """
    nothing = sum(not answer.regions for answer in given) / len(given)
    quality = sum(behind) / len(behind) if behind else nothing
    reason = (
        OpenReason.TIED
        if any(region["tied"] for region in regions)
        else OpenReason.DISAGREED
        if not regions and nothing <= MAJORITY and not weighed
        else None
    )
    if reason is not None:
        return AgreedItem(item.id, item.place, None, None, len(given), (), reason, _data(item))
    return AgreedItem(
        item.id, item.place, regions, round(quality, FIGURES), len(given), (), None, _data(item)
    )


def _data(item: RegionItem) -> dict[str, object]:
    if item.text:
        return {"text": item.text}
    known = item.size is not None and item.size != (1.0, 1.0)
    return {"image": item.name, **({"size": list(item.size or ())} if known else {})}


def _name(answers: Sequence[RegionAnswer], person: int) -> str:
    return answers[person].annotator or NAMELESS.format(person + 1)


def _shared(answers: Sequence[Sequence[RegionAnswer]]) -> int:
    return sum(len(given) > 1 for given in answers)
