"""The demo: the whole loop on a real platform, measured from what the platform itself then holds."""

from __future__ import annotations

import json
import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from connector.errors import Misconfigured
from workers.demo.service import DemoFailed, Service, add_user, running, write_config
from workers.demo.stage import Stage, open_stage

SEED = 7
BUDGET = 400  # room for all that the digits can be flagged for
SCAN_SECONDS = 240.0
REVIEW_SECONDS = 480.0
MARK = ".secondlook-demo"  # a folder that holds it was made by a demo

Say = Callable[[str], None]


@dataclass(frozen=True)
class DemoOutcome:
    """What the demo measured. Labels are counted on the platform, before and after."""

    items: int
    wrong_before: int
    wrong_after: int
    repaired: int
    right_labels_changed: int
    flagged: int
    reviewed: int
    accepted: int
    rejected: int
    unresolved: int
    applied: int
    votes: int
    minutes: float
    platform: str


def run(
    folder: Path,
    say: Say,
    hold: Callable[[Mapping[str, str]], None] | None = None,
    platform: str = "label_studio",
    kind: str = "choice",
) -> DemoOutcome:
    """Run the loop in `folder`, which is emptied first; `hold` is called while all is still running.

    Writes `summary.json`. Raises DemoFailed when a step does not happen, Misconfigured when something
    that it needs cannot be installed.
    """
    folder = folder.absolute()
    _empty(folder)
    with open_stage(platform, kind, folder, SEED, say) as stage:
        started = time.monotonic()
        before = stage.labels()
        with running(write_config(folder, stage, budget=BUDGET)) as service:
            state = _review(stage, service, say)
            after = stage.labels()
            minutes = (time.monotonic() - started) / 60
            outcome = _measure(stage.truth, before, after, state, minutes, platform)
            (folder / "summary.json").write_text(json.dumps(asdict(outcome), indent=2) + "\n")
            say(report(outcome, stage.counted_in))
            if hold is not None:
                hold(_places(stage, service, state))
    return outcome


def _empty(folder: Path) -> None:
    """Make room for this run; only a folder that an earlier demo has made is emptied."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise Misconfigured(
            f"{folder} holds files that no demo has made",
            field="--folder",
            remedy="Name a folder that does not exist yet.",
        )
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / MARK).touch()


def _review(stage: Stage, service: Service, say: Say) -> dict[str, Any]:
    say("Sync, scan and push: Secondlook looks for labels that are probably wrong")
    state = service.wait("review tasks", _pushed, SCAN_SECONDS)
    simulated = stage.reviewers(str(state["review_link"]), SEED)
    say(
        f"{_count(state, 'reviews', 'pushed')} review tasks stand in {stage.name}, of them some at random; "
        f"{len(simulated)} simulated reviewers answer, each wrong now and then"
    )
    deadline = time.monotonic() + REVIEW_SECONDS
    while time.monotonic() < deadline:
        with ThreadPoolExecutor(len(simulated)) as pool:
            busy = list(pool.map(lambda one: one.answer_next(), simulated))
        if not any(busy):
            state = service.state()
            if _settled(state):
                for one in simulated:
                    one.close()
                return state
            time.sleep(0.5)
    raise DemoFailed(f"reviews were not settled within {REVIEW_SECONDS:.0f} s: {service.state()['reviews']}")


def _pushed(state: Mapping[str, Any]) -> bool:
    return _count(state, "reviews", "pushed") > 0 and _count(state, "reviews", "planned") == 0


def _settled(state: Mapping[str, Any]) -> bool:
    open_reviews = _count(state, "reviews", "pushed") + _count(state, "reviews", "planned")
    return open_reviews == 0 and _count(state, "corrections", "pending") == 0


def _count(state: Mapping[str, Any], group: str, name: str) -> int:
    return int(state.get(group, {}).get(name, 0))


def _measure(
    truth: Sequence[str],
    before: Mapping[int, str],
    after: Mapping[int, str],
    state: Mapping[str, Any],
    minutes: float,
    platform: str,
) -> DemoOutcome:
    rows = range(len(truth))
    wrong_before = [row for row in rows if before[row] != truth[row]]
    wrong_after = [row for row in rows if after[row] != truth[row]]
    issues, reviews = state["issues"], state["reviews"]
    return DemoOutcome(
        items=len(truth),
        wrong_before=len(wrong_before),
        wrong_after=len(wrong_after),
        repaired=sum(1 for row in wrong_before if after[row] == truth[row]),
        right_labels_changed=sum(1 for row in wrong_after if before[row] == truth[row]),
        flagged=int(state["flagged"]),
        reviewed=int(reviews.get("decided", 0)),
        accepted=int(issues.get("accepted", 0)),
        rejected=int(issues.get("rejected", 0)),
        unresolved=int(issues.get("unresolved", 0)),
        applied=int(state["corrections"].get("applied", 0)),
        votes=int(state["votes"]),
        minutes=round(minutes, 2),
        platform=platform,
    )


def report(outcome: DemoOutcome, counted_in: str) -> str:
    """Before and after, in words; every figure was measured in this run."""
    repaired = outcome.repaired / max(1, outcome.wrong_before)
    right = outcome.items - outcome.wrong_before
    return "\n".join(
        [
            "",
            f"Wrong labels before   {outcome.wrong_before:5d} of {outcome.items}",
            f"Wrong labels after    {outcome.wrong_after:5d}   ({repaired:.0%} of these errors repaired)",
            f"Right labels changed  {outcome.right_labels_changed:5d} of {right}",
            f"Flagged               {outcome.flagged:5d}",
            f"Reviewed              {outcome.reviewed:5d}   by {outcome.votes} votes of simulated reviewers",
            f"Accepted / confirmed / open  {outcome.accepted} / {outcome.rejected} / {outcome.unresolved}",
            f"Written back          {outcome.applied:5d}",
            f"Minutes               {outcome.minutes:8.2f}",
            "",
            f"Counted in {counted_in}, before and after.",
        ]
    )


def _places(stage: Stage, service: Service, state: Mapping[str, Any]) -> dict[str, str]:
    name, password = add_user(service)
    return {
        **stage.places(),
        f"{stage.name}, the reviews": str(state["review_link"]),
        "Secondlook, its pages": f"{service.url}/ (user {name}, password {password})",
        "Configuration": str(service.config),
    }


def hold_until_interrupted(places: Mapping[str, str]) -> None:
    """Print where everything is, and wait for Ctrl+C."""
    width = max(len(name) for name in places)
    lines = [f"{name:<{width}}  {place}" for name, place in places.items()]
    sys.stdout.write("\n".join(["", *lines, "", "Everything keeps running. Ctrl+C stops it.", ""]))
    sys.stdout.flush()
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        sys.stdout.write("\nStopping.\n")
