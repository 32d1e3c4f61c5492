"""Kinds that are about single items."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from connector.model import Json
from connector.model.findings import FindingKind
from connector.model.reasons import NotSearched
from workers.detect.findings.draft import MOST, Draft, KindFindings, Missing, found, missing
from workers.detect.findings.seen import Answered, Floats, Ints, LabelledRows
from workers.detect.findings.strength import is_weak
from workers.issues.kinds import ambiguous, disagreements, outlying
from workers.issues.neighbours import Neighbours, ood_scores


def ambiguous_items(seen: LabelledRows) -> Sequence[KindFindings] | Missing:
    if seen.probs is None:
        return missing(NotSearched.NO_PROBABILITIES)
    if is_weak(seen):
        return missing(NotSearched.WEAK_MODEL)
    all_found = ambiguous(seen.probs)
    drafts = []
    for n, row in enumerate(all_found.rows[:MOST].tolist()):
        first, second = int(all_found.first[n]), int(all_found.second[n])
        given = int(seen.labels[row])
        facts: Json = {
            "first": seen.classes[first],
            "second": seen.classes[second],
            "first_probability": float(all_found.first_probability[n]),
            "second_probability": float(all_found.second_probability[n]),
            "given": seen.classes[given],
            "suggested": seen.classes[second if given == first else first],
        }
        drafts.append(about(seen, FindingKind.AMBIGUOUS, row, float(all_found.score[n]), facts))
    return [found(FindingKind.AMBIGUOUS, drafts, len(all_found.rows))]


def disagreeing(seen: LabelledRows) -> Sequence[KindFindings] | Missing:
    said = seen.answered
    if said is None or len(said.row) == 0 or np.bincount(said.row).max() < 2:
        return missing(NotSearched.ONE_ANSWER)
    divided = disagreements(said.row, said.label, len(seen))
    shown = divided.rows[:MOST]
    votes = _votes(said, shown)
    drafts = []
    for n, row in enumerate(shown.tolist()):
        given = seen.classes[int(seen.labels[row])]
        counts = votes[row].most_common()
        facts: Json = {
            "answers": [[seen.classes[k], times] for k, times in counts],
            "given": given,
            "suggested": next(seen.classes[k] for k, _ in counts if seen.classes[k] != given),
        }
        drafts.append(about(seen, FindingKind.DISAGREEMENT, row, float(divided.score[n]), facts))
    return [found(FindingKind.DISAGREEMENT, drafts, len(divided.rows))]


def _votes(said: Answered, rows: Ints) -> dict[int, Counter[int]]:
    wanted = np.flatnonzero(np.isin(said.row, rows))
    votes: dict[int, Counter[int]] = defaultdict(Counter)
    pairs = zip(said.row[wanted].tolist(), said.label[wanted].tolist(), strict=True)
    for row, label in pairs:
        votes[row][label] += 1
    return votes


def outliers(seen: LabelledRows) -> Sequence[KindFindings] | Missing:
    graph = seen.neighbours
    if isinstance(graph, Neighbours):
        return [_outliers(seen, graph.distances.mean(axis=1), by="distance")]
    if seen.probs is None:
        return graph
    if is_weak(seen):
        return missing(NotSearched.WEAK_MODEL)
    if len(np.unique(seen.labels)) < seen.probs.shape[1]:  # an adjustment needs items of every class
        return [
            _outliers(seen, 1 - ood_scores(seen.probs, adjust=False).astype(np.float64), by="probabilities")
        ]
    return [_outliers(seen, 1 - ood_scores(seen.probs, seen.labels).astype(np.float64), by="probabilities")]


def _outliers(seen: LabelledRows, distance: Floats, *, by: str) -> KindFindings:
    far = outlying(distance)
    drafts = [
        about(seen, FindingKind.OUTLIER, row, float(far.score[n]), {"times": float(far.times[n]), "by": by})
        for n, row in enumerate(far.rows[:MOST].tolist())
    ]
    return found(FindingKind.OUTLIER, drafts, len(far.rows))


def about(seen: LabelledRows, kind: FindingKind, row: int, score: float, facts: Json) -> Draft:
    """A finding about one of the items."""
    return Draft(kind, row, seen.names[row], min(max(score, 0.0), 1.0), facts)
