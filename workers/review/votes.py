"""Which answers count as votes: one for each reviewer, their own, never one's own label."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Sequence
from dataclasses import replace

from connector.model import Answer, Vote
from connector.model.reasons import NotCounted


def count_answers(
    key: str,
    answers: Sequence[Answer],
    known: Sequence[Vote],
    blind: bool,  # noqa: FBT001 - recorded with the vote, switches nothing here
    own_annotators: Collection[str],
    classes: Container[str],
    person_of: Callable[[str], str] = str,
) -> list[Vote]:
    """Every answer that a review task has or had, as a vote that counts or says why not.

    Answers known before and missing now are withdrawn. Of several answers by one person the latest
    counts, by whichever of their accounts; `person_of` names the person behind an account.
    """
    latest = _latest_by_person(answers, person_of)
    owners = {person_of(account) for account in own_annotators}
    votes = [
        Vote(
            review_key=key,
            remote_id=answer.remote_id,
            reviewer=answer.reviewer,
            label=answer.label,
            problems=answer.problems,
            note=answer.note,
            created_at=answer.created_at,
            updated_at=answer.updated_at,
            blind=blind,
            origin=answer.origin,
            counted=(reason := _why_not(answer, person_of, latest, owners, classes)) is None,
            reason=reason,
        )
        for answer in answers
    ]
    present = {vote.remote_id for vote in votes}
    gone = [
        replace(vote, counted=False, withdrawn=True, reason=None)
        for vote in known
        if vote.remote_id not in present
    ]
    return votes + gone


def bearing(votes: Sequence[Vote], person_of: Callable[[str], str], *, own: bool) -> list[Vote]:
    """The votes that bear a decision: those that count and, if `own`, answers about one's own label.

    Of several of the latter by one person the latest, by whichever account.
    """
    counted = [vote for vote in votes if vote.counted]
    latest = {person_of(vote.reviewer): vote for vote in votes if own and is_own(vote)}
    return counted + list(latest.values())


def is_own(vote: Vote) -> bool:
    """Whether it is an answer, and not counted only because the reviewer had labeled the item."""
    says = vote.label is not None or bool(vote.problems)
    return vote.reason == NotCounted.OWN_LABEL and not vote.withdrawn and says


def submitted_without_counting(votes: Sequence[Vote]) -> int:
    """Answers that take a place in the platform's overlap although they do not count."""
    return sum(
        1 for vote in votes if not vote.counted and not vote.withdrawn and vote.reason != NotCounted.SKIPPED
    )


def _latest_by_person(answers: Sequence[Answer], person_of: Callable[[str], str]) -> dict[str, Answer]:
    latest: dict[str, Answer] = {}
    for answer in sorted(answers, key=lambda one: (one.created_at, one.remote_id)):
        if not answer.cancelled and not answer.edited_by_other:
            latest[person_of(answer.reviewer)] = answer
    return latest


def _why_not(
    answer: Answer,
    person_of: Callable[[str], str],
    latest: dict[str, Answer],
    owners: Collection[str],
    classes: Container[str],
) -> NotCounted | None:
    person = person_of(answer.reviewer)
    if answer.cancelled:
        return NotCounted.SKIPPED
    if answer.edited_by_other:
        return NotCounted.EDITED
    if person in owners:
        return NotCounted.OWN_LABEL
    last = latest[person]
    if last.remote_id != answer.remote_id:
        return NotCounted.SUPERSEDED if last.reviewer == answer.reviewer else NotCounted.OTHER_ACCOUNT
    if answer.label is None and not answer.problems:
        return NotCounted.NO_ANSWER
    if answer.label is not None and not answer.problems and answer.label not in classes:
        return NotCounted.UNKNOWN_LABEL
    return None
