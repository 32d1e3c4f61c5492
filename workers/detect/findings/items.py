"""Kinds that are about single items."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from connector.model import Json
from connector.model.findings import FindingKind
from connector.model.reasons import NotSearched
from workers.detect.findings.draft import MOST, Draft, KindFindings, Missing, kind_findings, missing
from workers.detect.findings.rows import Answered, Floats, Ints, LabelledRows
from workers.detect.findings.strength import is_weak
from workers.issues.kinds import ambiguous, disagreements, outlying
from workers.issues.neighbours import Neighbours, ood_scores


def ambiguous_items(rows: LabelledRows) -> Sequence[KindFindings] | Missing:
    if rows.probs is None:
        return missing(NotSearched.NO_PROBABILITIES)
    if is_weak(rows):
        return missing(NotSearched.WEAK_MODEL)
    doubtful = ambiguous(rows.probs)
    drafts = []
    for n, row in enumerate(doubtful.rows[:MOST].tolist()):
        first, second = int(doubtful.first[n]), int(doubtful.second[n])
        given = int(rows.labels[row])
        facts: Json = {
            "first": rows.classes[first],
            "second": rows.classes[second],
            "first_probability": float(doubtful.first_probability[n]),
            "second_probability": float(doubtful.second_probability[n]),
            "given": rows.classes[given],
            "suggested": rows.classes[second if given == first else first],
        }
        drafts.append(about(rows, FindingKind.AMBIGUOUS, row, float(doubtful.score[n]), facts))
    return [kind_findings(FindingKind.AMBIGUOUS, drafts, len(doubtful.rows))]


def disagreeing(rows: LabelledRows) -> Sequence[KindFindings] | Missing:
    answered = rows.answered
    if answered is None or len(answered.row) == 0 or np.bincount(answered.row).max() < 2:
        return missing(NotSearched.ONE_ANSWER)
    divided = disagreements(answered.row, answered.label, len(rows))
    shown = divided.rows[:MOST]
    votes = _votes(answered, shown)
    drafts = []
    for n, row in enumerate(shown.tolist()):
        given = rows.classes[int(rows.labels[row])]
        counts = votes[row].most_common()
        facts: Json = {
            "answers": [[rows.classes[k], times] for k, times in counts],
            "given": given,
            "suggested": next(rows.classes[k] for k, _ in counts if rows.classes[k] != given),
        }
        drafts.append(about(rows, FindingKind.DISAGREEMENT, row, float(divided.score[n]), facts))
    return [kind_findings(FindingKind.DISAGREEMENT, drafts, len(divided.rows))]


def _votes(answered: Answered, rows: Ints) -> dict[int, Counter[int]]:
    wanted = np.flatnonzero(np.isin(answered.row, rows))
    votes: dict[int, Counter[int]] = defaultdict(Counter)
    pairs = zip(answered.row[wanted].tolist(), answered.label[wanted].tolist(), strict=True)
    for row, label in pairs:
        votes[row][label] += 1
    return votes


def outliers(rows: LabelledRows) -> Sequence[KindFindings] | Missing:
    graph = rows.neighbours
    if isinstance(graph, Neighbours):
        return [_outliers(rows, graph.distances.mean(axis=1), by="distance")]
    if rows.probs is None:
        return graph
    if is_weak(rows):
        return missing(NotSearched.WEAK_MODEL)
    if len(np.unique(rows.labels)) < rows.probs.shape[1]:  # an adjustment needs items of every class
        return [
            _outliers(rows, 1 - ood_scores(rows.probs, adjust=False).astype(np.float64), by="probabilities")
        ]
    return [_outliers(rows, 1 - ood_scores(rows.probs, rows.labels).astype(np.float64), by="probabilities")]


def _outliers(rows: LabelledRows, distance: Floats, *, by: str) -> KindFindings:
    far = outlying(distance)
    drafts = [
        about(rows, FindingKind.OUTLIER, row, float(far.score[n]), {"times": float(far.times[n]), "by": by})
        for n, row in enumerate(far.rows[:MOST].tolist())
    ]
    return kind_findings(FindingKind.OUTLIER, drafts, len(far.rows))


def about(rows: LabelledRows, kind: FindingKind, row: int, score: float, facts: Json) -> Draft:
    """A finding about one of the items; without a name, where the names are not at hand."""
    name = rows.names[row] if rows.names else ""
    return Draft(kind, row, name, min(max(score, 0.0), 1.0), facts)
