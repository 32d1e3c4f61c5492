"""Kinds that are about classes, annotators and groups."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

import numpy as np

from connector.model import Json
from connector.model.findings import FindingKind
from connector.model.reasons import NotSearched
from workers.detect.findings.draft import Draft, KindFindings, Missing, found, missing
from workers.detect.findings.seen import NOBODY, SEED, Factor, LabelledRows, calendar, iso
from workers.detect.findings.strength import is_weak
from workers.issues import confident_joint
from workers.issues.kinds import (
    AnnotatorAnswers,
    class_balance,
    class_changes,
    clusters,
    differing,
    drifting,
    overlapping,
    worse_groups,
)

LABELS_NAMED = 2  # of a cluster


def taxonomy_changes(seen: LabelledRows) -> Sequence[KindFindings] | Missing:
    if seen.times is None or not np.isfinite(seen.times).any():
        return missing(NotSearched.NO_DATES)
    if seen.probs is None:
        return missing(NotSearched.NO_PROBABILITIES)
    if is_weak(seen):
        return missing(NotSearched.WEAK_MODEL)
    dated = np.isfinite(seen.times)
    if dated.all():
        labels, times, probs = seen.labels, seen.times, seen.probs
    else:
        labels, times, probs = seen.labels[dated], seen.times[dated], seen.probs[dated]
    if times.min() == times.max():
        return missing(NotSearched.ONE_DATE)
    drafts = [
        Draft(
            FindingKind.TAXONOMY_CHANGE,
            None,
            seen.classes[one.label],
            one.score,
            {
                "label": seen.classes[one.label],
                "change": one.change.value,
                "at": iso(one.at),
                "before": one.before,
                "before_expected": one.before_expected,
                "after": one.after,
                "after_expected": one.after_expected,
                "p_value": one.p_value,
            },
        )
        for one in class_changes(labels, times, probs)
    ]
    return [found(FindingKind.TAXONOMY_CHANGE, drafts)]


def differing_annotators(seen: LabelledRows) -> Sequence[KindFindings] | Missing:
    known = _answers(seen)
    if isinstance(known, Missing):
        return known
    answers, people = known
    if len(np.unique(answers.annotator)) < 2:
        return missing(NotSearched.ONE_ANNOTATOR)
    drafts = []
    for one in differing(answers, len(people)):
        facts: Json = {
            "annotator": people[one.annotator],
            "labels": one.labels,
            "unlike": one.unlike,
            "expected": one.expected,
            "pairs": [[seen.classes[meant], seen.classes[said], n] for meant, said, n in one.pairs],
            "p_value": one.p_value,
        }
        drafts.append(Draft(FindingKind.ANNOTATOR_DIFFERS, None, people[one.annotator], one.score, facts))
    return [found(FindingKind.ANNOTATOR_DIFFERS, drafts)]


def drifting_annotators(seen: LabelledRows) -> Sequence[KindFindings] | Missing:
    known = _answers(seen)
    if isinstance(known, Missing):
        return known
    answers, people = known
    dated = np.flatnonzero(np.isfinite(answers.time))
    if not len(dated):
        return missing(NotSearched.NO_DATES)
    answers = AnnotatorAnswers(
        answers.annotator[dated], answers.label[dated], answers.reference[dated], answers.time[dated]
    )
    if answers.time.min() == answers.time.max():
        return missing(NotSearched.ONE_DATE)
    drafts = []
    for one in drifting(answers, len(people)):
        facts: Json = {
            "annotator": people[one.annotator],
            "at": iso(one.at),
            "before": one.before,
            "before_unlike": one.before_unlike,
            "after": one.after,
            "after_unlike": one.after_unlike,
            "worse": one.worse,
            "p_value": one.p_value,
        }
        drafts.append(Draft(FindingKind.ANNOTATOR_DRIFT, None, people[one.annotator], one.score, facts))
    return [found(FindingKind.ANNOTATOR_DRIFT, drafts)]


def _answers(seen: LabelledRows) -> tuple[AnnotatorAnswers, tuple[str, ...]] | Missing:
    """Known people's answers beside the class that the model predicts for the item, and their names."""
    said = seen.answered
    if said is None or not (said.annotator != NOBODY).any():
        return missing(NotSearched.NO_ANNOTATORS)
    if seen.found is None:
        return missing(NotSearched.NO_PROBABILITIES)
    if is_weak(seen):
        return missing(NotSearched.WEAK_MODEL)
    known = np.flatnonzero(said.annotator != NOBODY)
    predicted = np.asarray(seen.found.suggested, dtype=np.int64)
    answers = AnnotatorAnswers(
        said.annotator[known], said.label[known], predicted[said.row[known]], said.time[known]
    )
    return answers, said.people


def worse(seen: LabelledRows) -> Sequence[KindFindings] | Missing:
    if seen.found is None:
        return missing(NotSearched.NO_PROBABILITIES)
    if is_weak(seen):
        return missing(NotSearched.WEAK_MODEL)
    factors = {} if seen.times is None else calendar(seen.times)
    if seen.features is not None:
        number = clusters(seen.features, seed=SEED)
        factors["cluster"] = Factor(number, tuple(str(n + 1) for n in range(int(number.max()) + 1)))
    factors |= {f"data.{name}" if name in factors else name: own for name, own in seen.factors.items()}
    if not factors:
        return missing(NotSearched.NO_GROUPS)
    drafts = []
    groups = {name: factor.groups for name, factor in factors.items()}
    for one in worse_groups(seen.found.mask, seen.labels, groups):
        group = factors[one.factor].names[one.group]
        facts: dict[str, object] = {
            "factor": one.factor,
            "group": group,
            "items": one.items,
            "flagged": one.flagged,
            "expected": one.expected,
            "rest_share": one.rest_share,
            "times": one.times if isfinite(one.times) else None,  # JSON knows no infinity
            "p_value": one.p_value,
        }
        if one.factor == "cluster":
            facts["labels"] = _common(seen, groups["cluster"] == one.group)
        drafts.append(Draft(FindingKind.WORSE_GROUP, None, f"{one.factor} = {group}", one.score, facts))
    return [found(FindingKind.WORSE_GROUP, drafts)]


def _common(seen: LabelledRows, inside: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> list[str]:
    counts = np.bincount(seen.labels[inside], minlength=len(seen.classes))
    most = np.argsort(-counts, kind="stable")[:LABELS_NAMED]
    return [seen.classes[k] for k in most.tolist() if counts[k]]


def overlaps(seen: LabelledRows) -> Sequence[KindFindings] | Missing:
    if seen.probs is None:
        return missing(NotSearched.NO_PROBABILITIES)
    if is_weak(seen):
        return missing(NotSearched.WEAK_MODEL)
    drafts = []
    for one in overlapping(confident_joint(seen.labels, seen.probs)):
        first, second = seen.classes[one.first], seen.classes[one.second]
        facts: Json = {
            "first": first,
            "second": second,
            "first_as_second": one.first_as_second,
            "second_as_first": one.second_as_first,
            "share": one.score,
            "p_value": one.p_value,
        }
        drafts.append(Draft(FindingKind.OVERLAP, None, f"{first} / {second}", min(one.score, 1.0), facts))
    return [found(FindingKind.OVERLAP, drafts)]


def balance(seen: LabelledRows) -> Sequence[KindFindings] | Missing:
    counts = np.bincount(seen.labels, minlength=len(seen.classes))
    unbalanced = class_balance(counts, least=seen.least)
    total = max(int(counts.sum()), 1)
    rare, scarce = [], []
    for k, score in zip(unbalanced.rare.tolist(), unbalanced.rare_score.tolist(), strict=True):
        few: Json = {"label": seen.classes[k], "items": int(counts[k]), "least": seen.least}
        rare.append(Draft(FindingKind.RARE_CLASS, None, seen.classes[k], score, few))
    for k, score in zip(unbalanced.scarce.tolist(), unbalanced.scarce_score.tolist(), strict=True):
        facts: Json = {
            "label": seen.classes[k],
            "items": int(counts[k]),
            "share": float(counts[k] / total),
            "even": 1 / len(seen.classes),
        }
        scarce.append(Draft(FindingKind.IMBALANCE, None, seen.classes[k], score, facts))
    return [found(FindingKind.IMBALANCE, scarce), found(FindingKind.RARE_CLASS, rare)]
