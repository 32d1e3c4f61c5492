"""From counted answers to what is known of each person. Pure but for numpy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from statistics import median

import numpy as np

from connector.config.project import ReviewerSettings
from connector.model import (
    AnswerRow,
    DecidedLabel,
    GoldenItem,
    IssueKind,
    Outcome,
    PersonDetail,
    PersonSnapshot,
)
from workers.consensus.ballot import LEAST_WEIGHT
from workers.consensus.cells import TaskLabels
from workers.consensus.peers import class_reliability, judged_by_peers
from workers.consensus.reliability import drift
from workers.consensus.votes import Votes

LONGEST_PAUSE = 600.0  # seconds: more between two answers is a break, not work
WINDOW, BEFORE, LEAST_IN_WINDOW = 50, 200, 20  # answers: the newest, those before, and what drift needs
SHARP = 0.8  # an answer is surely right or wrong from this probability on
DRIFT_LEVEL = 0.99  # many people are watched for long: a false alarm shall be rare
CONFUSIONS_KEPT = 20  # most frequent (true, said) pairs of a person
CLASSES_KEPT = 50  # classes of a person with the most answers


Expected = Callable[[str, str], str]


def measure(
    answers: Sequence[AnswerRow],
    labels: Sequence[DecidedLabel],
    golden: Mapping[int, GoldenItem],
    classes: Sequence[str],
    settings: ReviewerSettings,
    now: datetime,
    expected: Expected = lambda truth, given: truth,  # noqa: ARG005 - the protocol's signature
) -> list[PersonSnapshot]:
    """Everything that is known of each person, by name.

    Parameters
    ----------
    answers
        Counted answers, oldest first.
    labels
        Labels of annotators that reviewers decided about.
    golden
        The golden items whose truth nobody doubts, by our item id.
    classes
        The project's classes; answers that name another, or a problem, are not measured.
    settings
        Which accounts are one person, and who weighs less.
    now
        When this was measured.
    expected
        The answer to a question about `given` on a golden item, where labels have parts.
    """
    kept = _one_each(answers, golden, settings)
    stood = _upheld(labels, settings)
    people = sorted({settings.person_of(one.reviewer) for one in kept} | set(stood))
    if not people or len(classes) < 2:
        return []
    truths = {
        one.review_key: expected(golden[one.item_id].label, one.given)
        for one in kept
        if one.item_id in golden
    }
    facts = _Facts(kept, truths, classes, people, settings)
    speeds = _speeds(kept, settings)
    drifts = facts.drifts()
    result = []
    for number, person in enumerate(people):
        questioned, upheld = stood.get(person, (0, 0))
        result.append(
            facts.snapshot(
                number,
                questioned,
                upheld,
                PersonDetail(speeds.get(person), drifts.get(number)),
                now,
            )
        )
    return result


def _one_each(
    answers: Sequence[AnswerRow], golden: Mapping[int, GoldenItem], settings: ReviewerSettings
) -> list[AnswerRow]:
    """One answer of each person to each question, the latest; of a golden item the first, before memory."""
    chosen: dict[tuple[str, str], AnswerRow] = {}
    for one in answers:
        person = settings.person_of(one.reviewer)
        if one.item_id in golden:
            chosen.setdefault((person, f"golden {one.item_id}"), one)
        else:
            chosen[person, one.review_key] = one
    return sorted(chosen.values(), key=lambda one: (one.created_at, one.review_key))


def _upheld(labels: Sequence[DecidedLabel], settings: ReviewerSettings) -> dict[str, tuple[int, int]]:
    """Person → how many of their labels were flagged and decided about, and how many of those stood."""
    asked, stood = Counter[str](), Counter[str]()
    for one in labels:
        flagged = one.kind == IssueKind.LABEL_ERROR.value
        if flagged and one.outcome in (Outcome.ACCEPT.value, Outcome.REJECT.value):
            person = settings.person_of(one.annotator)
            asked[person] += 1
            stood[person] += int(one.outcome == Outcome.REJECT.value)
    return {person: (n, stood[person]) for person, n in asked.items()}


def _speeds(answers: Sequence[AnswerRow], settings: ReviewerSettings) -> dict[str, float]:
    """Person → median seconds from one answer to the next, without breaks."""
    before: dict[str, AnswerRow] = {}
    gaps: dict[str, list[float]] = {}
    for one in answers:
        person = settings.person_of(one.reviewer)
        if person in before:
            gap = (one.created_at - before[person].created_at).total_seconds()
            if 0 < gap <= LONGEST_PAUSE:
                gaps.setdefault(person, []).append(gap)
        before[person] = one
    return {person: median(result) for person, result in gaps.items()}


class _Facts:
    """The answers as arrays, judged; `truths` are the right answers to questions where they are known."""

    def __init__(
        self,
        answers: Sequence[AnswerRow],
        truths: Mapping[str, str],
        classes: Sequence[str],
        people: Sequence[str],
        settings: ReviewerSettings,
    ) -> None:
        self._classes, self._people, self._settings = classes, people, settings
        number = {name: k for k, name in enumerate(classes)}
        person = {name: k for k, name in enumerate(people)}
        asked: dict[str, AnswerRow] = {}
        named: list[tuple[int, int, int]] = []
        tasks: dict[str, int] = {}
        self._golden, self._golden_right = Counter[int](), Counter[int]()
        self._took, self._shown = Counter[int](), Counter[int]()
        for one in answers:
            who = person[settings.person_of(one.reviewer)]
            truth = truths.get(one.review_key)
            if truth is not None:
                self._golden[who] += 1
                self._golden_right[who] += int(one.label == truth)
            if not one.blind and one.suggested != one.given:
                self._shown[who] += 1
                self._took[who] += int(one.label == one.suggested)
            if one.label in number and {one.given, one.suggested} <= number.keys():
                named.append((tasks.setdefault(one.review_key, len(tasks)), who, number[one.label]))
                asked.setdefault(one.review_key, one)
        columns = np.array(named, dtype=np.int64).reshape(-1, 3)
        self._votes = Votes(columns[:, 0], columns[:, 1], columns[:, 2])
        rows = list(asked.values())
        known = [number.get(truths.get(one.review_key, ""), -1) for one in rows]
        questions = TaskLabels.of(
            np.array([number[one.given] for one in rows], dtype=np.int64),
            np.array([number[one.suggested] for one in rows], dtype=np.int64),
            np.array(known, dtype=np.int64),
            len(classes),
        )
        self._peers = judged_by_peers(self._votes, questions, len(classes), len(people))
        self._confused: dict[int, dict[tuple[int, int, int], float]] = {}
        for cell, n in self._peers.confusions.items():
            self._confused.setdefault(cell[0], {})[cell] = n

    def drifts(self) -> dict[int, tuple[float, float, float]]:
        """Person → how much their rate of right answers rose lately, with an interval; where known."""
        windows: dict[int, tuple[int, int, int, int]] = {}
        sharp = self._peers.measured & (np.abs(self._peers.right - 0.5) >= SHARP - 0.5)
        for who in range(len(self._people)):
            right = self._peers.right[sharp & (self._votes.annotator == who)] >= SHARP
            now, before = right[-WINDOW:], right[-WINDOW - BEFORE : -WINDOW]
            if min(len(now), len(before)) >= LEAST_IN_WINDOW:
                windows[who] = int(before.sum()), len(before), int(now.sum()), len(now)
        if not windows:
            return {}
        result = drift(*np.array(list(windows.values()), dtype=np.int64).T, level=DRIFT_LEVEL)
        return {
            who: (float(result.value[n]), float(result.low[n]), float(result.high[n]))
            for n, who in enumerate(windows)
        }

    def snapshot(
        self, who: int, questioned: int, upheld: int, detail: PersonDetail, now: datetime
    ) -> PersonSnapshot:
        result, settings = self._peers.reliability, self._settings
        mean, high, answers = float(result.mean[who]), float(result.high[who]), int(result.n[who])
        trusted = answers < settings.trust_after or high >= settings.trust_floor
        return PersonSnapshot(
            person=self._people[who],
            day=now.date().isoformat(),
            at=now,
            mean=mean,
            low=float(result.low[who]),
            high=high,
            answers=answers,
            golden=self._golden[who],
            golden_right=self._golden_right[who],
            weight=1.0 if trusted else _weight(mean, len(self._classes)),
            trusted=trusted,
            questioned=questioned,
            upheld=upheld,
            detail=replace(
                detail,
                suggestions_taken=self._took[who],
                suggestions_shown=self._shown[who],
                classes=self._by_class(who, mean),
                confusions=self._confusions(who),
            ),
        )

    def _by_class(self, who: int, centre: float) -> tuple[tuple[str, float, float, float, float], ...]:
        """(class, mean, low, high, answers) of the classes with the most answers."""
        result = class_reliability(self._confused.get(who, {}), who, centre)
        most = sorted(result.items(), key=lambda pair: (-pair[1][3], pair[0]))[:CLASSES_KEPT]
        return tuple((self._classes[true], mean, low, high, n) for true, (mean, low, high, n) in most)

    def _confusions(self, who: int) -> tuple[tuple[str, str, float], ...]:
        """(true class, answer, expected number) where they differ, most frequent first."""
        result = [
            (n, true, answered)
            for (_, true, answered), n in self._confused.get(who, {}).items()
            if true != answered
        ]
        most = sorted(result, key=lambda one: (-one[0], one[1], one[2]))[:CONFUSIONS_KEPT]
        return tuple((self._classes[true], self._classes[answered], n) for n, true, answered in most)


def _weight(reliability: float, n_classes: int) -> float:
    """What a vote weighs that is right so often: 1 for always, the least for no more than chance."""
    return max(LEAST_WEIGHT, (reliability * n_classes - 1) / (n_classes - 1))
