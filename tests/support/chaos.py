"""Random faults against the whole loop, from a seed: what is left at rest is what a calm run leaves.

`python -m tests.support.chaos --kills 1000` tells how many worlds it took and what was wrong in them.
"""

from __future__ import annotations

import argparse
import copy
import logging
import shutil
import sys
import tempfile
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import structlog
from sqlalchemy import NullPool, create_engine, text

from connector.actions.held import release
from connector.errors import Retryable, SecondlookError, UnknownOutcome
from connector.model import Annotation, CorrectionState, ReviewRequest, WriteOrder, WriteRecord
from connector.model.jobs import JobKind
from connector.model.lanes import job
from connector.platforms.memory import MemoryDesk, MemorySource
from connector.wiring import Services
from tests.support.at_rest import carried, faults_at_rest
from tests.support.codecs import MEMORY
from tests.support.databases import migrated_template
from tests.support.postgres import PostgresServer
from tests.support.world import NAME, Killed, Points, World
from workers.detect.state import memory_of
from workers.service import runner
from workers.service.runner import run
from workers.service.sweep import sweep

REVIEWERS = ("rita", "ravi", "rosa", "remy")
N_WRONG = 8
STEPS = 120  # of one world
LEASES = (1.1, 3.0)  # how long a worker is frozen, in leases
WAITS = (1.0, 31.0, 61.0, 301.0, 3700.0)  # seconds between two steps
SHARES = {  # what a step does beside its work, and how often
    "kill": 18,
    "fail": 3,
    "freeze": 3,
    "away": 2,
    "hold": 4,
    "arrive": 3,
    "lose messages": 2,
    "double messages": 2,
    "lose webhooks": 2,
    "webhooks": 5,
    "two schedulers": 2,
    "clock": 1,
    "snapshot": 3,
    "restore": 1,
    "our restore": 1,
    "cut database": 4,
}
# All but the connection that asks.
END_ALL = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
"""


class ChaosPoints(Points):
    """Strikes once, at the first point after so many that can take the blow."""

    def __init__(self) -> None:
        super().__init__()
        self.blow: Callable[[str], bool] | None = None  # whether the point takes it; may raise
        self.wait = 0

    def arm(self, wait: int, blow: Callable[[str], bool]) -> None:
        self.wait, self.blow = wait, blow

    def reach(self, name: str) -> None:
        self.passed.append(name)
        self.wait -= 1
        blow = self.blow
        if blow is None or self.wait > 0:
            return
        self.blow = None
        if not blow(name):
            self.blow = self.blow or blow


class HeldSource(MemorySource):
    """A source whose next write may hang on its way and arrive later."""

    world: ChaosWorld

    def write(self, order: WriteOrder) -> WriteRecord:
        if not self.world.holds():
            return super().write(order)
        board, item_id = self.world.source, order.item.remote_id
        before, told = copy.deepcopy(board.held.get(item_id)), len(self.world.server.deliveries)
        super().write(order)
        written = next(a for a in board.held[item_id].item.annotations if a.marker == order.marker)
        if before is not None:
            board.held[item_id] = before
        del self.world.server.deliveries[told:]
        self.world.late.append(partial(self.world.arrive, item_id, written))
        raise UnknownOutcome("write: timed out")


class HeldDesk(MemoryDesk):
    """A desk whose next import may hang on its way and arrive later."""

    world: ChaosWorld

    def push(self, review_id: str, requests: Any) -> Mapping[str, str]:
        if not self.world.holds():
            return super().push(review_id, requests)
        wanted: list[ReviewRequest] = list(requests)
        self.world.late.append(lambda: super(HeldDesk, self).push(review_id, wanted))
        raise UnknownOutcome("push: timed out")


class ChaosWorld(World):
    """A world whose faults are drawn; `url` names a PostgreSQL database in place of a file."""

    def __init__(self, folder: Path, template: Path, seed: int, url: str | None = None) -> None:
        self.url = url
        self.chance = Random(seed)  # noqa: S311 - faults, not secrets
        self.done: Counter[str] = Counter()  # what was done to it
        self.late: list[Callable[[], object]] = []
        self.snapshots: list[Any] = []
        self.backups: list[str] = []
        # Corrections, and numbers of review tasks, that a restore of our database took away.
        self.forgotten: set[str] = set()
        self._hanging = False
        super().__init__(folder, template, url=url, worker={"max_attempts": 60})
        self.truth = {f"{label} {n}": label for label in ("bird", "cat", "dog") for n in range(2)}

    def _start(self) -> Services:
        if not isinstance(self.points, ChaosPoints):
            self.points = ChaosPoints()
            self.server.points = self.queue._points = self.points
        services = super()._start()
        source = HeldSource(self.server, self.source_id, page_size=5, codecs=MEMORY)
        desk = HeldDesk(self.server, page_size=5, codecs=MEMORY)
        source.world = desk.world = self
        services._sources[NAME], services._desks[NAME] = source, desk
        return services

    # --- people and models -------------------------------------------------------------------

    def populate(self) -> None:
        self.some_right()
        classes = ("bird", "cat", "dog")
        for n in range(N_WRONG):
            given, truly = classes[n % 3], classes[(n + 1) % 3]
            self.wrong(f"odd {n}", given=given, truly=truly)
            # The model is wrong about every fourth: its label is right.
            self.truth[f"odd {n}"] = given if n % 4 == 3 else truly

    def people_answer(self, most: int) -> None:
        """Some reviewers answer, rightly, some of what the platform offers them."""
        if self.project.review_remote_id not in self.server.boards:
            return
        for _ in range(most):
            reviewer = self.chance.choice(REVIEWERS)
            task_id = self.server.offered(self.review_id, reviewer)
            if task_id is not None:
                text = str(self.review.held[task_id].item.data["text"])
                self.server.answer(task_id, reviewer, self.truth[text], note=f"why {text}, says {reviewer}")

    # --- faults ------------------------------------------------------------------------------

    def holds(self) -> bool:
        hangs, self._hanging = self._hanging, False
        return hangs

    def arrive(self, item_id: str, written: Annotation) -> None:
        """A write that hung gets there after all, as the server would take it."""
        held = self.source.held.get(item_id)
        if held is None:
            return
        self.server.tick()
        late = replace(written, remote_id=f"late{self.server.seq}")
        others = (replace(a, ground_truth=False) for a in held.item.annotations)
        held.notes[late.remote_id] = {}
        self.server.store(held, annotations=(*others, late))

    def step(self) -> None:
        kind = self.chance.choices(list(SHARES), list(SHARES.values()))[0]
        self.done[kind] += 1
        getattr(self, f"_{kind.replace(' ', '_')}")()
        if self.chance.random() < 0.3:
            try:
                self.people_answer(self.chance.randint(1, 6))
            except Killed:  # where the project is bound anew, after a restore of our database
                self.done["killed"] += 1
                self.restart()
        self._work(self.chance.randint(1, 8))
        self.points.blow = None
        self.clock.advance(seconds=self.chance.choice(WAITS))

    def _work(self, jobs: int) -> None:
        try:
            sweep(self.services)
            for _ in range(jobs):
                if not self.run_next():
                    break
        except Killed:
            self.done["killed"] += 1
            self.restart()
        except SecondlookError:  # a tick that failed: the next one comes
            pass

    def _blow(self, blow: Callable[[str], bool]) -> None:
        self.points.arm(self.chance.randint(1, 40), blow)

    def _kill(self) -> None:
        def blow(name: str) -> bool:
            raise Killed(name)

        self._blow(blow)

    def _fail(self) -> None:
        def blow(name: str) -> bool:
            if name.startswith("answer"):
                raise UnknownOutcome(name)
            if name.startswith("call") or name == "commit":
                raise Retryable(name)
            return False

        self._blow(blow)

    def _freeze(self) -> None:
        """A worker stands still for longer than its lease, while others work; then it goes on."""

        def blow(name: str) -> bool:
            if name == "commit" or name == "send":  # a transaction may be open
                return False
            self.done["frozen"] += 1
            lease = self.settings.worker.lease_seconds
            self.clock.advance(seconds=lease * self.chance.uniform(*LEASES))
            with suppress(SecondlookError):
                sweep(self.services)
            for _ in range(self.chance.randint(1, 5)):
                if self.queue.messages:
                    run(self.services, self.queue.messages.pop(0))
            return True

        self._blow(blow)

    def _cut_database(self) -> None:
        """PostgreSQL ends all connections, as a restart of it does, in the middle of whatever runs."""
        if self.url is None:
            return

        def blow(_name: str) -> bool:
            self.done["database cut"] += 1
            with other.begin() as connection:
                connection.execute(text(END_ALL))
            return True

        other = create_engine(self.url, poolclass=NullPool)
        self._blow(blow)

    def _away(self) -> None:
        self.server.away = True
        self._work(4)
        self.server.away = False

    def _hold(self) -> None:
        """The next write to the platform hangs on its way."""
        self._hanging = True

    def _arrive(self) -> None:
        while self.late:
            self._get_there(self.late.pop(0))

    def _get_there(self, late: Callable[[], object]) -> None:
        with suppress(SecondlookError):  # what it was meant for is gone
            late()
            self.done["arrived late"] += 1

    def _lose_messages(self) -> None:
        self.queue.messages.clear()

    def _double_messages(self) -> None:
        self.queue.messages += self.queue.messages
        self.chance.shuffle(self.queue.messages)

    def _lose_webhooks(self) -> None:
        self.server.deliveries.clear()

    def _webhooks(self) -> None:
        """Those that wait come in another order, some of them several times."""
        self.chance.shuffle(self.server.deliveries)
        with suppress(SecondlookError):
            self.deliver(times=self.chance.randint(1, 3))

    def _two_schedulers(self) -> None:
        with suppress(SecondlookError):
            sweep(self.services)
            sweep(self.services)

    def _clock(self) -> None:
        self.clock.advance(hours=self.chance.choice((-1, 1)))

    def _snapshot(self) -> None:
        self.snapshots.append(copy.deepcopy(self.server.boards))
        self.backups.append(self.backup())

    def _restore(self) -> None:
        """The platform goes back to what it was."""
        if self.snapshots:
            self.done["platform restored"] += 1
            self.server.boards = copy.deepcopy(self.chance.choice(self.snapshots[-3:]))

    def _our_restore(self) -> None:
        """Our database goes back to what it was, and a person does what docs/operations.md says."""
        if not self.backups:
            return
        self.done["database restored"] += 1
        known = self._corrections() | self._tasks()
        remembered = memory_of(self.services.store).take(self.project.id)
        self.restore(self.chance.choice(self.backups[-3:]))
        if remembered is not None:  # workers live on where a database fails over
            memory_of(self.services.store).put(self.project.id, remembered)
        self.forgotten |= known - self._corrections() - self._tasks()
        with self.services.store.begin() as unit:
            unit.enqueue(job(JobKind.SYNC, self.project.id, {"full": True}))

    def _tasks(self) -> set[str]:
        """Numbers of the review tasks that we know."""
        with self.read() as unit:
            asked = unit.reviews.of_issues([issue.id for issue in self.issues()]).values()
            doubles = unit.reviews.doubles([task.key for task in asked])
        numbers = {task.remote_id for task in asked if task.remote_id is not None}
        return numbers.union(*doubles.values())

    def _corrections(self) -> set[str]:
        with self.read() as unit:
            return {one.id for one in unit.corrections.listed(self.project.id, None, 1000)}

    # --- rest --------------------------------------------------------------------------------

    def rest(self) -> None:
        """The faults are over: people and service do what is left to do."""
        self._arrive()
        seen: list[Any] = []
        for _ in range(12):
            self.deliver()
            self.later(seconds=61)
            self.people_answer(40)
            self._release_held()
            self.later(hours=7)
            seen.append((carried(self), sorted(self.asked()), [i.state for i in self.issues()]))
            if seen[-3:] == [seen[-1]] * 3:
                return

    def _release_held(self) -> None:
        with self.services.store.begin() as unit:
            held = unit.corrections.listed(self.project.id, CorrectionState.HELD)
            for label in sorted({one.given for one in held}):
                release(unit, self.project, label, "cli:tester")


@contextmanager
def chaos_world(folder: Path, template: Path, seed: int, url: str | None = None) -> Iterator[ChaosWorld]:
    with drawn(seed):
        world = ChaosWorld(folder, template, seed, url)
        try:
            world.populate()
            yield world
        finally:
            world.close()


@contextmanager
def drawn(seed: int) -> Iterator[None]:
    """Draw ids and waits from the seed as well: they decide in which order things are done."""
    chance = Random(seed)  # noqa: S311 - ids, not secrets
    ids, waits = uuid.uuid4, runner.Random
    uuid.uuid4 = lambda: uuid.UUID(int=chance.getrandbits(128), version=4)
    runner.Random = lambda: chance  # type: ignore[assignment,misc]  # a function in the place of a class
    try:
        yield
    finally:
        uuid.uuid4, runner.Random = ids, waits  # type: ignore[misc]


def calm_labels(folder: Path, template: Path) -> dict[str, str | None]:
    """What is carried at the end of a run without a fault."""
    with chaos_world(folder, template, 0) as world:
        world.settle()
        world.rest()
        assert carried(world) == world.truth
        return carried(world)


def one_world(
    folder: Path,
    template: Path,
    seed: int,
    calm: Mapping[str, str | None],
    url: str | None = None,
    steps: int = STEPS,
) -> tuple[Counter[str], list[str]]:
    """What was done to the world of that seed, and what it left behind."""
    with chaos_world(folder, template, seed, url) as world:
        for _ in range(steps):
            world.step()
        try:
            world.rest()
            wrong = faults_at_rest(world, calm, world.forgotten)
        except (SecondlookError, AssertionError) as failure:
            wrong = [repr(failure)]
        return world.done, wrong


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--kills", type=int, default=100, help="until so many processes were killed")
    asked.add_argument("--seed", type=int, default=1, help="of the first world; the others follow")
    asked.add_argument("--postgres", action="store_true", help="on PostgreSQL in place of SQLite")
    chosen = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        server = stack.enter_context(PostgresServer()) if chosen.postgres else None
        return _many(Path(folder), chosen.kills, chosen.seed, server)


def _many(folder: Path, kills: int, seed: int, server: PostgresServer | None) -> int:
    template = migrated_template(folder)
    calm, total, bad = calm_labels(folder / "calm", template), Counter[str](), 0
    while total["killed"] < kills:
        with nullcontext(None) if server is None else server.fresh_database() as url:
            done, wrong = one_world(folder / str(seed), template, seed, calm, url)
        shutil.rmtree(folder / str(seed))
        total += done
        bad += bool(wrong)
        sys.stdout.write(f"seed {seed}: {done['killed']} killed, {len(wrong)} wrong\n")
        sys.stdout.writelines(f"  {what}\n" for what in wrong)
        sys.stdout.flush()
        seed += 1
    total["worlds with something wrong"] = bad
    sys.stdout.writelines(f"{n:7} {what}\n" for what, n in sorted(total.items()))
    return 1 if bad else 0


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    sys.exit(main())
