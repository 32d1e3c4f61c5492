"""Make the review project what it should be: tasks created, overlaps raised, stale tasks taken away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from typing import TypeAlias
from uuid import UUID

from connector import wording
from connector.errors import NotFound, Rejected
from connector.model import (
    CHOICE,
    Issue,
    IssueState,
    LabelSchema,
    ReviewRequest,
    ReviewSetup,
    ReviewState,
    ReviewTask,
)
from connector.model.jobs import JobKind
from connector.model.lanes import job
from connector.model.reasons import LetGo, coded
from connector.platforms.prefetch import one_ahead
from connector.store.unit_of_work import UnitOfWork
from workers.context import Context, Summary
from workers.label_types.registry import kind_of
from workers.review.crops import crops_of
from workers.review.doubles import withdraw_doubles
from workers.review.golden import put_beside
from workers.review.quality.asking import MOST_RANKED, next_to_ask
from workers.review.question import first_votes, review_request, review_task, usual_votes
from workers.review.release import release_lost_reviews, release_reviews
from workers.review.room import room_for
from workers.review.sent import mark_pushed
from workers.review.taking_back import put_back_touched, take_back

BATCH = 100  # review tasks in one request
Imported: TypeAlias = Mapping[str, str] | Rejected  # where the tasks of a request stand, or why none does


def handle(context: Context) -> Summary:
    project = context.fresh_project()
    opened = _open_waiting(context) + _put_golden(context)
    with context.read() as unit:
        counts = unit.reviews.counts(project.id)
    if project.schema is None or not counts:
        return {"pushed": 0, "opened": opened}
    review_id = _ensure_project(context, project.schema, project.review_remote_id)
    taken_back = take_back(context, review_id)
    recovered = _settle_uncertain(context, review_id, project.schema)
    pushed = _push_new(
        context, review_id, project.schema, counts.get(ReviewState.PLANNED, 0) + opened + taken_back
    )
    raised = _raise_overlaps(context, review_id)
    withdrawn = _withdraw(context, review_id)
    return {
        "pushed": pushed + recovered,
        "opened": opened,
        "taken_back": taken_back,
        "overlaps_raised": raised,
        "withdrawn": withdrawn,
        "link": context.desk.link(review_id),
    }


def _open_waiting(context: Context) -> int:
    """Open issues that waited for the budget, as many as there is room for now."""
    with context.begin() as unit:
        free = room_for(unit, context.project, context.settings.policy)
        if free <= 0:
            return 0
        waiting = _best_waiting(context, unit, free)
        unit.issues.set_state([issue.id for issue in waiting], IssueState.OPEN)
        review = context.settings.review
        unit.reviews.plan([review_task(issue, first_votes(review, issue)) for issue in waiting])
    return len(waiting)


def _put_golden(context: Context) -> int:
    """Golden questions beside the ordinary ones that are about to be sent."""
    with context.begin() as unit:
        # Seeded by the job: a push that is tried again draws the same.
        return put_beside(unit, context.project, context.settings, UUID(context.job.id).int)


def _best_waiting(context: Context, unit: UnitOfWork, free: int) -> list[Issue]:
    """The issues to open next, chosen by what verdicts so far say of flags like these."""
    if not context.settings.quality.learn_from_verdicts:
        return unit.issues.waiting_for_budget(context.project.id, free)
    pool = unit.issues.waiting_for_budget(context.project.id, max(free, MOST_RANKED))
    return next_to_ask(unit, context.project, context.settings.review, pool, free)


def _ensure_project(context: Context, schema: LabelSchema, known_id: str | None) -> str:
    project, review = context.project, context.settings.review
    with context.read() as unit:
        source_title = unit.projects.title(project.id) or project.name
        raised = unit.overlaps.most_wanted(project.id)
    setup = ReviewSetup(
        owner_key=context.services.keyring.owner_key(project.name),
        title=review.title or wording.review_project_title(source_title),
        schema=schema,
        quorum=usual_votes(review),
        instructions=wording.review_instructions(
            source_title,
            None if review.by_shares else review.quorum,
            in_parts=kind_of(schema).in_parts,
            single=schema.kind == CHOICE,
        ),
        owner=context.services.owner_mark(project.name, schema.control),
        raised=raised,
    )
    review_id = context.desk.ensure(setup, known_id)
    if review_id != known_id:
        with context.begin() as unit:
            if known_id is not None:  # the old one is gone, with the tasks that stood in it
                unit.reviews.replan(project.id)
                unit.projects.set_review_cursor(project.id, None)
            unit.projects.set_review_project(project.id, review_id, context.desk.link(review_id))
            detail = {"review_project": review_id}
            unit.audit.append("secondlook", "review_project.created", project.name, detail, project.name)
            unit.enqueue(job(JobKind.HOOKS, project.id))
    _follow_quorum(context, setup.quorum)
    return review_id


def _follow_quorum(context: Context, quorum: int) -> None:
    """A changed quorum has reset the overlap of every task on the platform: raised ones are told again."""
    fact = usual_votes_fact(context.project.id)
    with context.read() as unit:
        known = unit.facts.get(fact)
    if known == str(quorum):
        return
    with context.begin() as unit:
        if known is not None:
            unit.overlaps.forget(context.project.id, int(known), quorum)
            unit.enqueue(job(JobKind.DECIDE, context.project.id))
        unit.facts.put(fact, str(quorum))


def _settle_uncertain(context: Context, review_id: str, schema: LabelSchema) -> int:
    """Batches that an earlier try may have sent: adopt what arrived, remove doubles, send the rest."""
    with context.read() as unit:
        batches = unit.reviews.batches(context.project.id)
    done = 0
    for batch in batches:
        done += _adopt(context, review_id, batch, schema)
        with context.read() as unit:
            missing = unit.reviews.batch(batch)
        if missing:
            done += _send(context, review_id, missing, schema)
            _adopt(context, review_id, batch, schema)  # the first request may have been done meanwhile
    return done


def _adopt(context: Context, review_id: str, batch: str, schema: LabelSchema) -> int:
    """Take over the tasks of a batch that stand on the platform, one for each key; how many were new.

    Whoever sent them may have died before they had all that belongs to them.
    """
    result = context.desk.find(review_id, batch)
    with context.read() as unit:
        tasks = unit.reviews.many(list(result))
    ours = {key: tasks[key].remote_id or result[key][0] for key in tasks if result[key]}
    doubles = {
        key: more for key, ids in result.items() if (more := [one for one in ids if one != ours.get(key)])
    }
    withdraw_doubles(context, review_id, doubles)
    waiting = [tasks[key] for key in ours if tasks[key].state is ReviewState.PLANNED]
    requests = _requests(context, waiting, schema) if waiting else []
    context.desk.complete(review_id, {ours[one.key]: one for one in requests})
    return mark_pushed(context, ours, reread=True)


def _push_new(context: Context, review_id: str, schema: LabelSchema, expected: int) -> int:
    """While the platform works on one batch, the last is recorded and the next is made ready.

    Each is stored before it is sent, and one is sent at a time; two can be uncertain after a death.
    """
    pushed = 0
    with (
        closing(one_ahead(_batches(context, schema))) as ready,
        closing(one_ahead(_sent(context, review_id, ready))) as sent,
    ):
        for tasks, outcome in sent:
            pushed += _recorded(context, review_id, tasks, schema, outcome)
            context.progress(pushed, max(expected, pushed), "review tasks")
    return pushed


def _batches(
    context: Context, schema: LabelSchema
) -> Iterator[tuple[Sequence[ReviewTask], Sequence[ReviewRequest]]]:
    while True:
        with context.begin() as unit:
            _, tasks = unit.reviews.take_batch(context.project.id, BATCH)
        if not tasks:
            return
        yield tasks, _requests(context, tasks, schema)


def _sent(
    context: Context, review_id: str, ready: Iterator[tuple[Sequence[ReviewTask], Sequence[ReviewRequest]]]
) -> Iterator[tuple[Sequence[ReviewTask], Imported]]:
    for tasks, requests in ready:
        yield tasks, _imported(context, review_id, requests)


def _send(context: Context, review_id: str, tasks: Sequence[ReviewTask], schema: LabelSchema) -> int:
    """Send tasks whose batch is stored already, so that a lost answer can be looked for."""
    outcome = _imported(context, review_id, _requests(context, tasks, schema))
    return _recorded(context, review_id, tasks, schema, outcome)


def _imported(context: Context, review_id: str, requests: Sequence[ReviewRequest]) -> Imported:
    try:
        return context.desk.push(review_id, requests)
    except NotFound:
        raise
    except Rejected as error:
        return error


def _recorded(
    context: Context, review_id: str, tasks: Sequence[ReviewTask], schema: LabelSchema, outcome: Imported
) -> int:
    if isinstance(outcome, Rejected):
        return _send_singly(context, review_id, tasks, schema, outcome)
    return mark_pushed(context, outcome, reread=False)


def _send_singly(
    context: Context, review_id: str, tasks: Sequence[ReviewTask], schema: LabelSchema, whole: Rejected
) -> int:
    """A platform takes a batch as a whole or not at all: find out which tasks it refuses, send the others.

    Where it refuses all of several the fault is not theirs, and the refusal is raised.
    """
    refused: list[tuple[ReviewTask, str]] = []
    for task in tasks:
        try:
            remote_ids = context.desk.push(review_id, _requests(context, [task], schema))
        except Rejected as error:
            refused.append((task, str(error)))
        else:
            mark_pushed(context, remote_ids, reread=False)
    if len(refused) == len(tasks) > 1:
        raise whole
    with context.begin() as unit:
        for task, reason in refused:
            release_reviews(unit, context.project, [task], coded(LetGo.REFUSED, said=reason))
    return len(tasks) - len(refused)


def _requests(context: Context, tasks: Sequence[ReviewTask], schema: LabelSchema) -> list[ReviewRequest]:
    with context.read() as unit:
        issues = unit.issues.many([task.issue_id for task in tasks])
        data = unit.items.data([issue.item_id for issue in issues.values()])
        result = unit.findings.of_items([issue.item_id for issue in issues.values()])
        item_ids = sorted({issue.item_id for issue in issues.values()})
        labelled = (
            {one.item_id: one for one in unit.items.labelled(context.project.id, item_ids)}
            if kind_of(schema).in_parts
            else {}
        )
    asked = [(task, issues[task.issue_id]) for task in tasks]
    names = {item_id: one.remote_id for item_id, one in labelled.items()}
    crops = crops_of(context, schema, [issue for _, issue in asked], data, names)
    return [
        review_request(
            task,
            issue,
            data[issue.item_id],
            schema,
            result.get(issue.item_id, ()),
            labelled[issue.item_id].label if issue.item_id in labelled else "",
            crops.get(issue.id, ""),
        )
        for task, issue in asked
    ]


def _raise_overlaps(context: Context, review_id: str) -> int:
    with context.read() as unit:
        tasks = unit.overlaps.to_send(context.project.id, context.settings.review.extra_votes)
    here = _standing(context, review_id, tasks)
    lost = [task for task in tasks if task.key not in here]
    if lost:
        with context.begin() as unit:
            release_lost_reviews(unit, context.project, lost)
    tasks = [task for task in tasks if task.key in here]
    return sum(_raise_overlap(context, task, task.remote_id) for task in tasks if task.remote_id is not None)


def _standing(context: Context, review_id: str, tasks: Sequence[ReviewTask]) -> set[str]:
    """Keys of those tasks whose numbers still are theirs.

    A platform that was restored from an older backup gives numbers out again: what is another task now
    must not be changed.
    """
    remote_ids = [task.remote_id for task in tasks if task.remote_id is not None]
    if not remote_ids:
        return set()
    page = context.desk.fetch_answers(review_id, remote_ids)
    standing = {(each.key, each.remote_task_id) for each in page.reviews}
    return {task.key for task in tasks if (task.key, task.remote_id) in standing}


def _raise_overlap(context: Context, task: ReviewTask, remote_id: str) -> bool:
    try:
        context.desk.set_overlap(remote_id, task.overlap)
    except NotFound:
        with context.begin() as unit:
            release_lost_reviews(unit, context.project, [task])
        return False
    with context.begin() as unit:
        unit.overlaps.sent(task.key, task.overlap)
    return True


def _withdraw(context: Context, review_id: str) -> int:
    with context.read() as unit:
        tasks = unit.reviews.withdrawing(context.project.id)
    tasks = put_back_touched(context, review_id, tasks) if tasks else []
    if not tasks:
        return 0
    here = _standing(context, review_id, tasks)
    known = [task.remote_id for task in tasks if task.remote_id is not None and task.key in here]
    for batch in sorted({task.batch for task in tasks if task.remote_id is None and task.batch}):
        result = context.desk.find(review_id, batch)
        mine = {task.key for task in tasks}
        known += [remote_id for key, ids in result.items() if key in mine for remote_id in ids]
    context.desk.withdraw(review_id, known)
    with context.begin() as unit:
        unit.reviews.set_state([task.key for task in tasks], ReviewState.WITHDRAWN)
        again, review = unit.issues.open_without_review(context.project.id), context.settings.review
        unit.reviews.plan([review_task(issue, first_votes(review, issue)) for issue in again])
    return len(tasks)


def usual_votes_fact(project_id: int) -> str:
    """The fact that tells how many answers the review project was last told to collect for each task."""
    return f"usual_votes:{project_id}"
