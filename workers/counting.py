"""Which answers count as votes: one for each reviewer, their own, never one's own label."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from connector import wording
from connector.model import Answer, Vote


def count_answers(
    key: str,
    answers: Sequence[Answer],
    known: Sequence[Vote],
    blind: bool,  # noqa: FBT001 - recorded with the vote, switches nothing here
    own_annotators: Collection[str],
    classes: Collection[str],
) -> list[Vote]:
    """Every answer that a review task has or had, as a vote that counts or says why not.

    Answers known before and missing now are withdrawn. Of several answers by one reviewer the latest
    counts.
    """
    latest = _latest_by_reviewer(answers)
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
            counted=(reason := _why_not(answer, latest, own_annotators, classes)) is None,
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


def submitted_without_counting(votes: Sequence[Vote]) -> int:
    """Answers that take a place in the platform's overlap although they do not count."""
    return sum(
        1 for vote in votes if not vote.counted and not vote.withdrawn and vote.reason != wording.SKIPPED
    )


def _latest_by_reviewer(answers: Sequence[Answer]) -> dict[str, str]:
    latest: dict[str, str] = {}
    for answer in sorted(answers, key=lambda one: (one.created_at, one.remote_id)):
        if not answer.cancelled and not answer.edited_by_other:
            latest[answer.reviewer] = answer.remote_id
    return latest


def _why_not(
    answer: Answer, latest: dict[str, str], own_annotators: Collection[str], classes: Collection[str]
) -> str | None:
    if answer.cancelled:
        return wording.SKIPPED
    if answer.edited_by_other:
        return wording.EDITED
    if answer.reviewer in own_annotators:
        return wording.OWN_LABEL
    if latest.get(answer.reviewer) != answer.remote_id:
        return wording.SUPERSEDED
    if answer.label is None and not answer.problems:
        return wording.NO_ANSWER
    if answer.label is not None and not answer.problems and answer.label not in classes:
        return wording.UNKNOWN_LABEL
    return None
