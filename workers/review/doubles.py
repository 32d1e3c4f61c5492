"""Review tasks that ask one question: a request that was held up arrived beside the one sent after it.

One of them stays with the reviewers. The others are withdrawn, and remembered: who answered there, before
or after, has answered the question.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from connector.model import ReviewSnapshot, ReviewState
from connector.model.moments import EPOCH
from connector.store.unit_of_work import UnitOfWork
from workers.context import Context
from workers.review.sent import mark_pushed


def with_doubles(
    context: Context, review_id: str, snapshots: Sequence[ReviewSnapshot]
) -> list[ReviewSnapshot]:
    """These snapshots, one for each question, with the answers of all tasks that ask it.

    Doubles that show here for the first time are withdrawn. Where nothing is known of the first task yet,
    the push finds out which one stays.
    """
    with context.read() as unit:
        forgotten = _forgotten(unit, snapshots)
    if forgotten:
        mark_pushed(context, forgotten, reread=False)
    with context.read() as unit:
        fresh = _not_known(unit, snapshots)
    withdraw_doubles(context, review_id, fresh)
    with context.read() as unit:
        several = unit.reviews.doubles([each.key for each in snapshots])
        tasks = unit.reviews.many(list(several))
    single = [each for each in snapshots if each.key not in several]
    asking = [(key, remote_id) for key in several for remote_id in (tasks[key].remote_id, *several[key])]
    return single + _merged(context, review_id, [(key, one) for key, one in asking if one is not None])


def withdraw_doubles(context: Context, review_id: str, remote_ids: Mapping[str, Sequence[str]]) -> None:
    """Remember these further tasks of these keys, then take them from the reviewers."""
    if not remote_ids:
        return
    with context.begin() as unit:
        unit.reviews.add_doubles(remote_ids)
    context.desk.withdraw(review_id, [one for ids in remote_ids.values() for one in ids])


def _forgotten(unit: UnitOfWork, snapshots: Sequence[ReviewSnapshot]) -> dict[str, str]:
    """Answered tasks of questions that we never began to send: our database was restored from before that."""
    tasks = unit.reviews.many([each.key for each in snapshots if each.answers])
    unsent = {key for key, one in tasks.items() if one.state is ReviewState.PLANNED and one.batch is None}
    return {each.key: each.remote_task_id for each in snapshots if each.answers and each.key in unsent}


def _not_known(unit: UnitOfWork, snapshots: Sequence[ReviewSnapshot]) -> dict[str, list[str]]:
    keys = [each.key for each in snapshots]
    tasks, known = unit.reviews.many(keys), unit.reviews.doubles(keys)
    fresh: dict[str, list[str]] = defaultdict(list)
    for each in snapshots:
        first = tasks[each.key].remote_id if each.key in tasks else None
        if first is not None and each.remote_task_id not in (first, *known.get(each.key, ())):
            fresh[each.key].append(each.remote_task_id)
    return fresh


def _merged(context: Context, review_id: str, asking: Sequence[tuple[str, str]]) -> list[ReviewSnapshot]:
    """One snapshot a key under the number of its first task; a number that was given anew has another key."""
    if not asking:
        return []
    page = context.desk.fetch_answers(review_id, [remote_id for _, remote_id in asking])
    held = {(each.key, each.remote_task_id): each.answers for each in page.reviews}
    stamps = {(each.key, each.remote_task_id): each.changed_at for each in page.reviews}
    first: dict[str, str] = {}
    for key, remote_id in asking:
        first.setdefault(key, remote_id)
    return [
        ReviewSnapshot(
            key,
            number,
            tuple(a for one in asking if one[0] == key for a in held.get(one, ())),
            changed_at=stamps.get((key, number), EPOCH),
        )
        for key, number in first.items()
    ]
