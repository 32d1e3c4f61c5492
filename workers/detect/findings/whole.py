"""Kinds that are about classes, annotators and groups."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

import numpy as np

from connector.model import Json
from connector.model.findings import FindingKind
from connector.model.reasons import NotSearched
from workers.detect.findings.draft import Draft, KindFindings, Missing, kind_findings, missing
from workers.detect.findings.rows import NOBODY, SEED, Factor, LabelledRows, calendar, iso
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


def taxonomy_changes(rows: LabelledRows) -> Sequence[KindFindings] | Missing:
    if rows.times is None or not np.isfinite(rows.times).any():
        return missing(NotSearched.NO_DATES)
    if rows.probs is None:
        return missing(NotSearched.NO_PROBABILITIES)
    if is_weak(rows):
        return missing(NotSearched.WEAK_MODEL)
    dated = np.isfinite(rows.times)
    if dated.all():
        labels, times, probs = rows.labels, rows.times, rows.probs
    else:
        labels, times, probs = rows.labels[dated], rows.times[dated], rows.probs[dated]
    if times.min() == times.max():
        return missing(NotSearched.ONE_DATE)
    drafts = [
        Draft(
            FindingKind.TAXONOMY_CHANGE,
            None,
            rows.classes[each.label],
            each.score,
            {
                "label": rows.classes[each.label],
                "change": each.change.value,
                "at": iso(each.at),
                "before": each.before,
                "before_expected": each.before_expected,
                "after": each.after,
                "after_expected": each.after_expected,
                "p_value": each.p_value,
            },
        )
        for each in class_changes(labels, times, probs)
    ]
    return [kind_findings(FindingKind.TAXONOMY_CHANGE, drafts)]


def differing_annotators(rows: LabelledRows) -> Sequence[KindFindings] | Missing:
    known = _answers(rows)
    if isinstance(known, Missing):
        return known
    answers, people = known
    if len(np.unique(answers.annotator)) < 2:
        return missing(NotSearched.ONE_ANNOTATOR)
    drafts = []
    for each in differing(answers, len(people)):
        facts: Json = {
            "annotator": people[each.annotator],
            "labels": each.labels,
            "unlike": each.unlike,
            "expected": each.expected,
            "pairs": [[rows.classes[meant], rows.classes[answered], n] for meant, answered, n in each.pairs],
            "p_value": each.p_value,
        }
        drafts.append(Draft(FindingKind.ANNOTATOR_DIFFERS, None, people[each.annotator], each.score, facts))
    return [kind_findings(FindingKind.ANNOTATOR_DIFFERS, drafts)]


def drifting_annotators(rows: LabelledRows) -> Sequence[KindFindings] | Missing:
    known = _answers(rows)
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
    for each in drifting(answers, len(people)):
        facts: Json = {
            "annotator": people[each.annotator],
            "at": iso(each.at),
            "before": each.before,
            "before_unlike": each.before_unlike,
            "after": each.after,
            "after_unlike": each.after_unlike,
            "worse": each.worse,
            "p_value": each.p_value,
        }
        drafts.append(Draft(FindingKind.ANNOTATOR_DRIFT, None, people[each.annotator], each.score, facts))
    return [kind_findings(FindingKind.ANNOTATOR_DRIFT, drafts)]


def _answers(rows: LabelledRows) -> tuple[AnnotatorAnswers, tuple[str, ...]] | Missing:
    """Known people's answers beside the class that the model predicts for the item, and their names."""
    answered = rows.answered
    if answered is None or not (answered.annotator != NOBODY).any():
        return missing(NotSearched.NO_ANNOTATORS)
    if rows.issues is None:
        return missing(NotSearched.NO_PROBABILITIES)
    if is_weak(rows):
        return missing(NotSearched.WEAK_MODEL)
    known = np.flatnonzero(answered.annotator != NOBODY)
    predicted = np.asarray(rows.issues.suggested, dtype=np.int64)
    answers = AnnotatorAnswers(
        answered.annotator[known], answered.label[known], predicted[answered.row[known]], answered.time[known]
    )
    return answers, answered.people


def worse(rows: LabelledRows) -> Sequence[KindFindings] | Missing:
    if rows.issues is None:
        return missing(NotSearched.NO_PROBABILITIES)
    if is_weak(rows):
        return missing(NotSearched.WEAK_MODEL)
    factors = {} if rows.times is None else calendar(rows.times)
    if rows.features is not None:
        number = clusters(rows.reduced, seed=SEED)
        factors["cluster"] = Factor(number, tuple(str(n + 1) for n in range(int(number.max()) + 1)))
    factors |= {f"data.{name}" if name in factors else name: own for name, own in rows.factors.items()}
    if not factors:
        return missing(NotSearched.NO_GROUPS)
    drafts = []
    groups = {name: factor.groups for name, factor in factors.items()}
    for each in worse_groups(rows.issues.mask, rows.labels, groups):
        group = factors[each.factor].names[each.group]
        facts: dict[str, object] = {
            "factor": each.factor,
            "group": group,
            "items": each.items,
            "flagged": each.flagged,
            "expected": each.expected,
            "rest_share": each.rest_share,
            "times": each.times if isfinite(each.times) else None,  # JSON knows no infinity
            "p_value": each.p_value,
        }
        if each.factor == "cluster":
            facts["labels"] = _common(rows, groups["cluster"] == each.group)
        drafts.append(Draft(FindingKind.WORSE_GROUP, None, f"{each.factor} = {group}", each.score, facts))
    return [kind_findings(FindingKind.WORSE_GROUP, drafts)]


def _common(rows: LabelledRows, inside: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> list[str]:
    counts = np.bincount(rows.labels[inside], minlength=len(rows.classes))
    most = np.argsort(-counts, kind="stable")[:LABELS_NAMED]
    return [rows.classes[k] for k in most.tolist() if counts[k]]


def overlaps(rows: LabelledRows) -> Sequence[KindFindings] | Missing:
    if rows.probs is None:
        return missing(NotSearched.NO_PROBABILITIES)
    if is_weak(rows):
        return missing(NotSearched.WEAK_MODEL)
    drafts = []
    for each in overlapping(confident_joint(rows.labels, rows.probs)):
        first, second = rows.classes[each.first], rows.classes[each.second]
        facts: Json = {
            "first": first,
            "second": second,
            "first_as_second": each.first_as_second,
            "second_as_first": each.second_as_first,
            "share": each.score,
            "p_value": each.p_value,
        }
        drafts.append(Draft(FindingKind.OVERLAP, None, f"{first} / {second}", min(each.score, 1.0), facts))
    return [kind_findings(FindingKind.OVERLAP, drafts)]


def balance(rows: LabelledRows) -> Sequence[KindFindings] | Missing:
    counts = np.bincount(rows.labels, minlength=len(rows.classes))
    unbalanced = class_balance(counts, least=rows.least)
    total = max(int(counts.sum()), 1)
    rare, scarce = [], []
    for k, score in zip(unbalanced.rare.tolist(), unbalanced.rare_score.tolist(), strict=True):
        few: Json = {"label": rows.classes[k], "items": int(counts[k]), "least": rows.least}
        rare.append(Draft(FindingKind.RARE_CLASS, None, rows.classes[k], score, few))
    for k, score in zip(unbalanced.scarce.tolist(), unbalanced.scarce_score.tolist(), strict=True):
        facts: Json = {
            "label": rows.classes[k],
            "items": int(counts[k]),
            "share": float(counts[k] / total),
            "even": 1 / len(rows.classes),
        }
        scarce.append(Draft(FindingKind.IMBALANCE, None, rows.classes[k], score, facts))
    return [kind_findings(FindingKind.IMBALANCE, scarce), kind_findings(FindingKind.RARE_CLASS, rare)]
