"""What is held against what: an answer beside a model's regions, or beside what the other people marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from connector.wording import number_of, scans
from workers.cli.offline.errors import ARGUMENT, BadFile
from workers.cli.offline.kinds import FileKind
from workers.cli.offline.record import LeftOut
from workers.cli.offline.regions.data import Region, RegionAnswer, RegionData, RegionItem, mapped
from workers.consensus import BoxAnswers, SpanAnswers, box_consensus, span_consensus
from workers.issues import RegionFit

LEAST_SHARED = 0.5  # of the items, that have several answers, from which people judge each other
LEAST_PREDICTED = 0.5  # of the items, that have a prediction, from which the predictions judge
ANYBODY = 1e-9  # of the people: a span stays that one of them marked
ALONE = "one annotator, and no prediction: nothing to compare with"


@dataclass(frozen=True, slots=True)
class Look:
    """One answer to one item, and the regions that it is held against."""

    item: RegionItem
    answer: RegionAnswer
    against: tuple[Region, ...]


@dataclass(frozen=True, slots=True)
class Looks:
    """All that is judged, by whom in words, and what is left out."""

    looks: tuple[Look, ...]
    by: str
    left_out: tuple[LeftOut, ...]
    warnings: tuple[str, ...] = ()
    by_model: bool = False


def carried(item: RegionItem) -> RegionAnswer:
    """The answer that an item carries: ground truth, else the first."""
    return next((answer for answer in item.answers if answer.ground_truth), item.answers[0])


def are_predicted(data: RegionData) -> bool:
    """Whether predictions are there for enough of the items to judge by."""
    known = sum(item.predictions is not None for item in data.items)
    return known > 0 and known >= LEAST_PREDICTED * len(data.items)


def are_shared(data: RegionData) -> bool:
    """Whether enough of the items have answers of several people."""
    shared = sum(_people(item) > 1 for item in data.items)
    return shared > 0 and shared >= LEAST_SHARED * len(data.items)


def by_predictions(data: RegionData, by: str) -> Looks:
    """Each item's carried answer beside what is predicted."""
    looks = tuple(
        Look(item, carried(item), item.predictions) for item in data.items if item.predictions is not None
    )
    missing = tuple(LeftOut(item.place, "no prediction") for item in data.items if item.predictions is None)
    others = sum(len([one for one in look.item.people if one is not look.answer]) for look in looks)
    texts = (
        [f"Not judged, for the carried one is: {number_of(others, 'further answer')} to the same items."]
        if others
        else []
    )
    if not looks:
        reasons = ", ".join(dict.fromkeys(one.reason for one in (*data.left_out, *missing)))
        problem = f"of its {number_of(len(data.items), 'item')} none can be judged: {reasons}"
        raise BadFile(problem, argument=ARGUMENT, remedy="Give what is missing, and scan again")
    if not any(look.against for look in looks):
        texts.append("The predictions hold no region at all: nothing can be found missing, or elsewhere.")
    return Looks(looks, by, missing, tuple(texts), by_model=True)


def fitting(looks: Looks, fit: RegionFit, predictions: str | None) -> Looks:
    """The same, with a warning where the predictions fit little.

    BadFile where they cannot be about the labels: each would seem an error, or none.
    """
    if not looks.by_model:
        return looks
    if fit.misfit is not None:
        why, n, total = fit.misfit
        problem, cause = scans.misfit(why, n, total)
        raise BadFile(problem, argument=ARGUMENT if predictions is None else "--predictions", remedy=cause)
    if fit.doubt is None:
        return looks
    return replace(looks, warnings=(*looks.warnings, scans.predictions_fit_little(*fit.doubt)))


def by_the_others(data: RegionData) -> Looks:
    """Each person's answer beside what the others agree on (leave one out)."""
    names = data.names()
    number = mapped(names)
    agree = _agreed_boxes if data.kind is FileKind.BOXES else _agreed_spans
    looks: list[Look] = []
    left_out: list[LeftOut] = []
    for item in data.items:
        if len(item.people) < 2:
            left_out.append(LeftOut(item.place, ALONE))
            continue
        for row, answer in enumerate(item.people):
            others = [one for at, one in enumerate(item.people) if at != row]
            looks.append(Look(item, answer, agree(others, names, number)))
    n_others = [len(look.item.people) - 1 for look in looks]
    weak = sum(n == 1 for n in n_others)
    text = (
        f"{number_of(weak, 'answer is', 'answers are')} held against one other person's only: "
        "either may be wrong."
    )
    return Looks(
        tuple(looks), "the other annotators, each left out in turn", tuple(left_out), (text,) if weak else ()
    )


def box_answers(answers: Sequence[RegionAnswer], number: dict[str, int]) -> BoxAnswers:
    """The answers to one picture, each a person of its own."""
    drawn = [(region, person) for person, answer in enumerate(answers) for region in answer.regions]
    return BoxAnswers(
        np.array([region.spot for region, _ in drawn], dtype=np.float64).reshape(-1, 5),
        [number[region.label] for region, _ in drawn],
        [person for _, person in drawn],
        list(range(len(answers))),
    )


def span_answers(
    answers: Sequence[RegionAnswer], number: dict[str, int], people: Sequence[int] = ()
) -> SpanAnswers:
    """The answers to one text; `people` are their numbers over all texts, where they are known."""
    who = list(people) or list(range(len(answers)))
    marked = [(region, who[at]) for at, answer in enumerate(answers) for region in answer.regions]
    return SpanAnswers(
        np.array([region.spot for region, _ in marked], dtype=np.int64).reshape(-1, 2),
        [number[region.label] for region, _ in marked],
        [person for _, person in marked],
        who,
    )


def _agreed_boxes(
    answers: Sequence[RegionAnswer], names: Sequence[str], number: dict[str, int]
) -> tuple[Region, ...]:
    """All that anybody of them drew, each with the share of them that did."""
    result = box_consensus(box_answers(answers, number))
    return tuple(
        Region(names[label], tuple(box), None, float(min(support, 1.0)))
        for box, label, support in zip(
            result.boxes.tolist(), result.label.tolist(), result.support.tolist(), strict=True
        )
    )


def _agreed_spans(
    answers: Sequence[RegionAnswer], names: Sequence[str], number: dict[str, int]
) -> tuple[Region, ...]:
    (result,) = span_consensus([span_answers(answers, number)], len(names), share=ANYBODY).texts
    return tuple(
        Region(names[label], (start, end), None, float(min(support, 1.0)))
        for (start, end), label, support in zip(
            result.spans.tolist(), result.label.tolist(), result.support.tolist(), strict=True
        )
    )


def _people(item: RegionItem) -> int:
    """How many people answered; answers without a name are one person's each."""
    named = {answer.annotator for answer in item.people if answer.annotator is not None}
    return len(named) + sum(answer.annotator is None for answer in item.people)
