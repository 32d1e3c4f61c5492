"""Agreed labels of whole items: classes, sets of classes, numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from workers.cli.offline.agreed.answers import LongAnswers, figure, long_answers, replaced_notice, shared
from workers.cli.offline.agreed.shapes import AgreedItem, AgreementFigure, FileAgreement, OpenReason
from workers.cli.offline.dataset import Dataset
from workers.cli.offline.kinds import FileKind
from workers.cli.offline.record import Record
from workers.consensus import (
    Centre,
    Scale,
    Votes,
    alpha_sums,
    dawid_skene,
    difference_sums,
    jaccard_sums,
    majority,
    number_alpha_sums,
    number_consensus,
    pairwise_sums,
    set_consensus,
)
from workers.label_types.multi_label.value import classes as members

REVIEWERS = "Secondlook"  # who agreed on a correction
ENOUGH_ANSWERS = 20  # a person, from which what they confuse can be learnt
FEW_STEPS = 20  # different numbers: a scale, whose median is a step of it
TOLERANCE_STEPS = 1.0  # of a scale within which numbers agree
TOLERANCE_SHARE = 0.1  # the same as a share of the range of numbers that are no scale

Decided = tuple[list[AgreedItem], list[AgreementFigure], str]


def agree_on_labels(data: Dataset, quorum: int) -> FileAgreement:
    """One label for each item on which `quorum` people and more than half agree."""
    answers = long_answers(data.records)
    items, figures, method = _RULES[data.kind](data, answers, quorum)
    return FileAgreement(
        data.kind,
        data.label_name,
        tuple(
            _corrected(record, item, data.kind) if record.corrected else item
            for record, item in zip(data.records, items, strict=True)
        ),
        tuple(figures),
        method,
        data.left_out,
        (*data.notes, *replaced_notice(answers.replaced)),
    )


def _choices(data: Dataset, answers: LongAnswers, quorum: int) -> Decided:
    """By what people confuse, where they answered enough; else by the count."""
    names = sorted(set(answers.label))
    number = {name: k for k, name in enumerate(names)}
    votes = Votes(answers.task, answers.person, [number[label] for label in answers.label])
    weighed = len(votes) >= ENOUGH_ANSWERS * max(votes.n_annotators, 1) and shared(answers) > 0
    result = dawid_skene(votes, len(names)) if weighed else majority(votes, len(names))
    items = []
    for task, record in enumerate(data.records):
        label, quality = names[result.label[task]], float(result.quality[task])
        by = answers.by(task, label)
        n = len(_of(answers, task))
        reason = (
            OpenReason.FEW
            if n < quorum
            else OpenReason.TIED
            if result.tied[task]
            else OpenReason.DISAGREED
            if len(by) < quorum or (2 * len(by) <= n and not weighed) or quality <= 0.5
            else None
        )
        items.append(_item(record, label, quality, n, by, reason))
    figures = [
        figure("pairs of answers that agree", pairwise_sums(votes), shared(answers)),
        figure("Krippendorff's alpha", alpha_sums(votes), shared(answers)),
    ]
    return items, figures, "Dawid-Skene: weighed by what each person confuses" if weighed else "majority"


def _sets(data: Dataset, answers: LongAnswers, quorum: int) -> Decided:
    """Class by class; an item with a class that is open is open."""
    number = {name: k for k, name in enumerate(sorted({n for each in answers.label for n in members(each)}))}
    marks = np.zeros((len(answers.label), len(number)))
    for row, label in enumerate(answers.label):
        marks[row, [number[name] for name in members(label)]] = 1
    result = set_consensus(answers.task, marks, quorum=quorum)
    names = list(number)
    items = []
    for task, record in enumerate(data.records):
        n = len(_of(answers, task))
        chosen = [names[k] for k in np.flatnonzero(result.chosen[task])]
        agreeing = np.where(result.chosen[task], result.share[task], 1 - result.share[task])
        reason = OpenReason.FEW if n < quorum else OpenReason.CLASS_OPEN if result.open[task].any() else None
        by = tuple(
            answers.people[answers.person[row]] for row in _of(answers, task)
            if sorted(members(answers.label[row])) == chosen
        )  # fmt: skip
        items.append(_item(record, chosen, float(agreeing.min(initial=1.0)), n, by, reason))
    return (
        items,
        [figure("mean Jaccard of two answers", jaccard_sums(answers.task, marks), shared(answers))],
        ("majority for each class"),
    )


def _numbers(data: Dataset, answers: LongAnswers, quorum: int) -> Decided:
    """The median on a scale, else the mean, where enough lie near it."""
    given = np.array([float(label) for label in answers.label])
    steps = np.unique(given)
    scale = len(steps) <= FEW_STEPS
    tolerance = TOLERANCE_STEPS if scale else TOLERANCE_SHARE * float(steps[-1] - steps[0])
    result = number_consensus(
        answers.task,
        given,
        quorum=quorum,
        tolerance=tolerance,
        centre=Centre.MEDIAN if scale else Centre.MEAN,
        allowed=steps if scale else None,
    )
    items = []
    for task, record in enumerate(data.records):
        value, n = float(result.value[task]), int(result.answers[task])
        near = [row for row in _of(answers, task) if abs(given[row] - value) <= tolerance * (1 + 1e-9)]
        by = tuple(answers.people[answers.person[row]] for row in near)
        reason = OpenReason.FEW if n < quorum else None if result.decided[task] else OpenReason.APART
        items.append(_item(record, _number(value), len(near) / max(n, 1), n, by, reason))
    kind = Scale.ORDINAL if scale else Scale.INTERVAL
    sums = number_alpha_sums(answers.task, answers.person, given, scale=kind)
    rule = "median" if scale else "mean"
    return (
        items,
        [
            figure(f"Krippendorff's alpha ({kind})", sums, shared(answers)),
            figure("mean difference of two answers", difference_sums(answers.task, given), shared(answers)),
        ],
        f"{rule}, agreed within {tolerance:g}",
    )


_RULES: Mapping[FileKind, Callable[[Dataset, LongAnswers, int], Decided]] = {
    FileKind.CHOICE: _choices,
    FileKind.MULTI_LABEL: _sets,
    FileKind.RATING: _numbers,
}


def _corrected(record: Record, item: AgreedItem, kind: FileKind) -> AgreedItem:
    """What reviewers have decided, whatever the annotators said: how sure that is the file does not say."""
    label: object = record.label
    if kind is FileKind.MULTI_LABEL:
        label = list(members(record.label))
    elif kind is FileKind.RATING:
        label = _number(float(record.label))
    return replace(item, label=label, quality=None, agreed_by=(REVIEWERS,), open_=None)


def _number(value: float) -> float | int:
    return int(value) if value.is_integer() else value


def _of(answers: LongAnswers, task: int) -> Sequence[int]:
    """The rows of an item's answers, which lie together."""
    first, last = np.searchsorted(answers.task, [task, task + 1])
    return range(int(first), int(last))


def _item(
    record: Record, label: object, quality: float, n: int, by: tuple[str, ...], reason: OpenReason | None
) -> AgreedItem:
    if reason is not None:
        return AgreedItem(record.id, record.place, None, None, n, (), reason, record.data)
    return AgreedItem(record.id, record.place, label, quality, n, by, None, record.data)
