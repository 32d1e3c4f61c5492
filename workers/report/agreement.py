"""How far reviewers agree: by project, class, pair of reviewers and month."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from connector.model import LabelSchema
from connector.store.views.figures import CastVote
from workers.consensus import (
    Scale,
    Votes,
    agreement_by_class,
    agreement_by_pair,
    agreement_over_time,
    alpha_sums,
    bootstrap_interval,
    difference_sums,
    fleiss_sums,
    jaccard_sums,
    number_alpha_sums,
    pairwise_sums,
    set_alpha_sums,
)
from workers.consensus.measures import Measure
from workers.label_types.base import LabelNumbers
from workers.label_types.registry import kind_of
from workers.report.shapes import (
    Agreement,
    ClassAgreement,
    Estimate,
    MonthAgreement,
    ReportedAgreement,
    number,
)

Seconds = NDArray[np.float64]  # since 1970, in UTC

RESAMPLES = 200  # enough for an interval of 95 % that is only shown
MOST_PAIRS = 50  # of reviewers, those who share most tasks
SEED = 20_260_302  # any fixed number: equal votes give equal intervals


def agreement(cast: Iterable[CastVote], schema: LabelSchema | None) -> Agreement:
    """From the votes on single labels; of one who answered a task twice the last answer counts.

    Alpha and agreeing pairs weigh how far answers are apart where the label type says so: ratings by their
    order, sets by the classes in which they differ (pairs: by the share of classes in common, Jaccard).
    Answers about a region are told apart by class, and by place where two of one class mean others.
    """
    cast = in_classes(cast, schema)
    numbering = Numbering(() if schema is None else schema.classes)
    votes, when = numbering.encode(cast)
    weighed = _weighed(numbering.labels, schema)
    chance = np.random.default_rng(SEED)

    def estimate(measure: Measure) -> Estimate:
        result = bootstrap_interval(votes, measure, chance, n_resamples=RESAMPLES)
        return Estimate(number(result.value), number(result.low), number(result.high))

    return Agreement(
        votes=len(votes),
        tasks=len(np.unique(votes.task)),
        reviewers=len(np.unique(votes.annotator)),
        alpha=estimate(weighed.alpha),
        kappa=estimate(fleiss_sums),
        pairwise=estimate(weighed.pairwise),
        by_class=_by_class(votes, numbering, weighed.numbers),
        by_pair=_by_pair(votes, numbering, weighed.numbers),
        by_month=_by_month(votes, when, weighed.alpha),
        difference=None if weighed.difference is None else estimate(weighed.difference),
    )


def alpha(cast: Iterable[CastVote], schema: LabelSchema | None) -> float | None:
    """Krippendorff's alpha of the project, without an interval."""
    cast = in_classes(cast, schema)
    numbering = Numbering(() if schema is None else schema.classes)
    votes, _ = numbering.encode(cast)
    return number(_weighed(numbering.labels, schema).alpha(votes).value())


def in_classes(cast: Iterable[CastVote], schema: LabelSchema | None) -> Iterator[CastVote]:
    """The votes; those about parts of a label by the classes that they name, for no two parts are equal."""
    kind = kind_of(schema)
    known: dict[str, dict[str, str]] = {}  # task → what was said → its class
    for vote in cast:
        if not kind.in_parts:
            yield vote
            continue
        here = known.setdefault(vote.task, {})
        if vote.label not in here:
            same = next((one for one in here if kind.alike(one, vote.label)), None)
            name = kind.told_apart(vote.label, "")[0]
            other = next((one for one, text in here.items() if text == name), None)
            apart = name if other is None else kind.told_apart(other, vote.label)[1]
            here[vote.label] = apart if same is None else here[same]
        yield replace(vote, label=here[vote.label])


@dataclass(frozen=True, slots=True)
class WeighedMeasures:
    """How answers are compared; `numbers` are the labels' where they are more than alike or not."""

    alpha: Measure
    pairwise: Measure
    numbers: LabelNumbers | None = None
    difference: Measure | None = None  # the mean absolute one, of numbers


def _weighed(labels: Sequence[str], schema: LabelSchema | None) -> WeighedMeasures:
    numbers = None if schema is None else kind_of(schema).numbers(labels, schema)
    if numbers is None or not labels:
        return WeighedMeasures(alpha_sums, pairwise_sums)
    rows = np.asarray(numbers.rows, dtype=np.float64)
    if numbers.marked:
        return WeighedMeasures(
            lambda votes: set_alpha_sums(votes.task, votes.annotator, rows[votes.label]),
            lambda votes: jaccard_sums(votes.task, rows[votes.label]),
            numbers,
        )
    return WeighedMeasures(
        lambda votes: number_alpha_sums(
            votes.task, votes.annotator, rows[votes.label, 0], scale=Scale.ORDINAL
        ),
        pairwise_sums,
        numbers,
        lambda votes: difference_sums(votes.task, rows[votes.label, 0]),
    )


class Numbering:
    """Numbers for tasks, reviewers and labels; labels that the schema does not name come last."""

    def __init__(self, classes: Sequence[str]) -> None:
        self._tasks: dict[str, int] = {}
        self._reviewers: dict[str, int] = {}
        self._labels = {name: place for place, name in enumerate(classes)}

    @property
    def labels(self) -> list[str]:
        return list(self._labels)

    @property
    def reviewers(self) -> list[str]:
        return list(self._reviewers)

    def encode(self, cast: Iterable[CastVote]) -> tuple[Votes, Seconds]:
        """The votes in the order in which they were given, and when; each only as four numbers."""
        task, reviewer, label, when = array("q"), array("q"), array("q"), array("d")
        for vote in cast:
            task.append(self._tasks.setdefault(vote.task, len(self._tasks)))
            reviewer.append(self._reviewers.setdefault(vote.reviewer, len(self._reviewers)))
            label.append(self._labels.setdefault(vote.label, len(self._labels)))
            when.append(vote.at.timestamp())
        order = np.argsort(np.asarray(when), kind="stable")
        votes = Votes(np.asarray(task)[order], np.asarray(reviewer)[order], np.asarray(label)[order])
        kept = _last_answers(votes)
        return votes.where(kept), np.asarray(when)[order][kept]


def _last_answers(votes: Votes) -> NDArray[np.int64]:
    """Positions, ascending."""
    key = votes.task * max(votes.n_annotators, 1) + votes.annotator
    _, from_end = np.unique(key[::-1], return_index=True)
    return np.sort(len(key) - 1 - from_end)


def _by_class(votes: Votes, numbering: Numbering, numbers: LabelNumbers | None) -> list[ClassAgreement]:
    labels = numbering.labels
    if numbers is not None and numbers.marked:
        marks = np.asarray(numbers.rows, dtype=np.int64)[votes.label]
        return [
            ClassAgreement(name, number(alpha_sums(Votes(votes.task, votes.annotator, marks[:, k])).value()))
            for k, name in enumerate(numbers.names)
        ]
    result = agreement_by_class(votes, len(labels)) if len(votes) else np.full(len(labels), np.nan)
    return [ClassAgreement(name, number(value)) for name, value in zip(labels, result, strict=True)]


def _by_pair(votes: Votes, numbering: Numbering, numbers: LabelNumbers | None) -> list[ReportedAgreement]:
    if not len(votes):
        return []
    values = None if numbers is None else np.asarray(numbers.rows, dtype=np.float64)[votes.label]
    result, names = agreement_by_pair(votes, values), numbering.reviewers
    busiest = np.argsort(-result.n_shared, kind="stable")[:MOST_PAIRS]
    return [
        ReportedAgreement(
            names[int(result.first[place])],
            names[int(result.second[place])],
            int(result.n_shared[place]),
            int(result.n_agreed[place]),
            number(result.kappa[place]),
        )
        for place in busiest
    ]


def _by_month(votes: Votes, when: Seconds, measure: Measure) -> list[MonthAgreement]:
    """Months of the calendar in UTC, from the first vote to the last."""
    if not len(when):
        return []
    month = when.astype("datetime64[s]").astype("datetime64[M]").astype(np.int64)  # since 1970-01
    edges = np.arange(month.min(), month.max() + 2)
    result = agreement_over_time(votes, month, edges, measure)
    counts = np.bincount(month - edges[0], minlength=len(result))
    return [
        MonthAgreement(str(np.datetime64(int(start), "M")), int(n), number(value))
        for start, n, value in zip(edges[:-1], counts, result, strict=True)
        if n
    ]
