"""What holds of a world at rest, whatever was done to it before."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping

from connector.model import CorrectionState
from connector.model.jobs import JobState
from tests.support.world import World, withdrawn


def faults_at_rest(
    world: World, calm: Mapping[str, str | None], forgotten: Collection[str] = ()
) -> list[str]:
    """What the faults have left behind; nothing, where all is as it should be.

    `calm` is what `carried` says of a run without a fault; `forgotten` are corrections, and numbers of review
    tasks, of which a restore of our database has taken the record: see docs/operations.md.
    """
    found = (
        _labels(world, calm),
        _records(world, forgotten),
        _answers(world, forgotten),
        _doubles(world, forgotten),
        _service(world),
    )
    return [what for each in found for what in each]


def carried(world: World) -> dict[str, str | None]:
    """Text → the label that an export would hold."""
    found = {}
    for held in world.source.held.values():
        best = [a for a in held.item.annotations if a.ground_truth] or list(held.item.annotations)
        found[str(held.item.data["text"])] = best[-1].label if best else None
    return found


def _labels(world: World, calm: Mapping[str, str | None]) -> Iterator[str]:
    found = carried(world)
    for text in sorted({*calm, *found}):
        if found.get(text) != calm.get(text):
            yield f"{text!r} carries {found.get(text)}, in a calm run {calm.get(text)}"


def _records(world: World, forgotten: Collection[str]) -> Iterator[str]:
    """Each change of ours has a record, and each record its change."""
    written = Counter(a.marker for h in world.source.held.values() for a in h.item.annotations if a.marker)
    with world.read() as unit:
        known = {one.id: one for one in unit.corrections.listed(world.project.id, None, 1000)}
    for marker, times in written.items():
        if marker in forgotten and marker not in known:
            continue  # as docs/operations.md says: it stays, and is undone by hand
        if times > 1:
            yield f"correction {marker} stands {times} times"
        if marker not in known:
            yield f"what {marker} wrote has no record"
        if marker in known and known[marker].state is not CorrectionState.APPLIED:
            yield f"correction {marker} stands and is {known[marker].state}"
    truths = {a.marker for h in world.source.held.values() for a in h.item.annotations if a.ground_truth}
    for one in known.values():
        if one.state is CorrectionState.APPLIED and one.id in written and one.id not in truths:
            yield f"correction {one.id} stands and is no truth"
        if one.state is CorrectionState.APPLIED and one.id not in written:
            yield f"correction {one.id} is applied and does not stand"


def _sent(world: World) -> set[str]:
    """Keys of the review tasks that we know of as sent; a restore may have made us forget others."""
    with world.read() as unit:
        asked = unit.reviews.of_issues([issue.id for issue in world.issues()]).values()
    return {task.key for task in asked if task.remote_id is not None}


def _answers(world: World, forgotten: Collection[str]) -> Iterator[str]:
    """No answer that stands on the platform is lost, and none counts that does not stand there."""
    sent = _sent(world)
    with world.read() as unit:
        votes = unit.votes.of(sorted(sent))
    heard = {key: {(v.reviewer, v.label) for v in of if not v.withdrawn} for key, of in votes.items()}
    for held in world.review.held.values():
        key = str(held.item.data["secondlook_key"])
        for given in held.item.annotations:
            of_ours = key in sent and held.item.remote_id not in forgotten
            if of_ours and (given.annotator, given.label) not in heard[key]:
                yield f"{given.annotator}'s answer about {held.item.data['text']!r} is lost"
    standing = {key: (text, given) for key, text, given in _given(world)}
    for key, of in heard.items():
        text, given = standing.get(key, ("", of))
        yield from (f"{who}'s answer {label} about {text!r} does not stand" for who, label in of - given)


def _given(world: World) -> Iterator[tuple[str, str, set[tuple[str | None, str | None]]]]:
    """Key, text, and the answers of all review tasks that ask the question."""
    for key in {str(held.item.data["secondlook_key"]) for held in world.review.held.values()}:
        asking = [held for held in world.review.held.values() if held.item.data["secondlook_key"] == key]
        given = {(one.annotator, one.label) for held in asking for one in held.item.annotations}
        yield key, str(asking[0].item.data["text"]), given


def _doubles(world: World, forgotten: Collection[str]) -> Iterator[str]:
    standing_tasks = (held for held in world.review.held.values() if not withdrawn(held))
    tasks = [held for held in standing_tasks if held.item.remote_id not in forgotten]
    standing = Counter(str(held.item.data["secondlook_key"]) for held in tasks)
    for key in sorted(_sent(world)):
        if standing[key] > 1:
            yield f"review task {key} stands {standing[key]} times"
    if (n := sum(1 for board in world.server.boards.values() if board.owner_key)) != 1:
        yield f"{n} review projects"
    for board in world.server.boards.values():
        if len(board.hooks) > 1:
            yield f"{board.title} has {len(board.hooks)} webhooks"
    planned = Counter(subject for _, subject, _ in world.audit("correction.planned"))
    yield from (f"{subject} was planned {n} times" for subject, n in planned.items() if n > 1)


def _service(world: World) -> Iterator[str]:
    yield from (f"audit: {problem}" for problem in world.audit_faults())
    yield from (f"dead: {job.kind} {job.error}" for job in world.jobs(JobState.DEAD))
    yield from (f"running: {job.kind}" for job in world.jobs(JobState.RUNNING))
    if world.project.paused_reason:
        yield f"paused: {world.project.paused_reason}"
