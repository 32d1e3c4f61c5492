"""The demo: the whole loop on a real Label Studio, measured from Label Studio's own export."""

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

import numpy as np

from connector.errors import Misconfigured
from workers.demo.digits import CLASSES, Digits, planted
from workers.demo.platform import SimulatedReviewer, create_project, exported_labels
from workers.demo.server import (
    RunningLabelStudio,
    User,
    default_cache_dir,
    prepare_label_studio,
    start_label_studio,
)
from workers.demo.service import DemoFailed, Service, running, write_config

SEED = 7
BUDGET = 400  # room for all that the digits can be flagged for
ANNOTATORS = ("ada", "ben", "cleo", "dan")
REVIEWERS = ("rev-1", "rev-2", "rev-3")
SCAN_SECONDS = 240.0
REVIEW_SECONDS = 240.0
MARK = ".secondlook-demo"  # a folder that holds it was made by a demo

Say = Callable[[str], None]


@dataclass(frozen=True)
class Outcome:
    """What the demo measured. Labels are counted in Label Studio's export, before and after."""

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


def run(folder: Path, say: Say, hold: Callable[[Mapping[str, str]], None] | None = None) -> Outcome:
    """Run the loop in `folder`, which is emptied first; `hold` is called while all is still running.

    Writes `summary.json`. Raises DemoFailed when a step does not happen, Misconfigured when something
    that it needs cannot be installed.
    """
    folder = folder.absolute()
    _empty(folder)
    say("Preparing Label Studio (the first time, this downloads and sets it up)")
    home = prepare_label_studio(default_cache_dir(), say)
    say("Starting Label Studio")
    started = time.monotonic()
    with start_label_studio(home, folder / "label-studio") as server:
        digits = planted(np.random.default_rng(SEED), len(ANNOTATORS))
        annotators = [server.create_user(f"{name}@example.com") for name in ANNOTATORS]
        reviewers = [server.create_user(f"{name}@example.com") for name in REVIEWERS]
        say(f"Loading {len(digits.images)} labeled digits, {int(digits.wrong.sum())} of them labeled wrong")
        project = create_project(server, digits, annotators)
        before = exported_labels(server, project)
        with running(write_config(folder, server, project, budget=BUDGET)) as service:
            state = _review(server, service, digits, reviewers, say)
            after = exported_labels(server, project)
            outcome = _measure(digits, before, after, state, (time.monotonic() - started) / 60)
            (folder / "summary.json").write_text(json.dumps(asdict(outcome), indent=2) + "\n")
            say(report(outcome))
            if hold is not None:
                hold(_places(server, service, project, state, reviewers[0]))
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


def _review(
    server: RunningLabelStudio, service: Service, digits: Digits, reviewers: Sequence[User], say: Say
) -> dict[str, Any]:
    say("Sync, scan and push: Secondlook looks for labels that are probably wrong")
    state = service.wait("review tasks", _pushed, SCAN_SECONDS)
    say(
        f"{_count(state, 'reviews', 'pushed')} review tasks stand in Label Studio, of them some at random; "
        f"{len(reviewers)} simulated reviewers answer, each wrong now and then"
    )
    truth_of = {image: CLASSES[int(digit)] for image, digit in zip(digits.images, digits.truth, strict=True)}
    review_project = int(state["review_link"].split("/projects/")[1].split("/")[0])
    deadline = time.monotonic() + REVIEW_SECONDS
    simulated = [
        SimulatedReviewer(server.client(user.token), truth_of, np.random.default_rng([SEED, number]))
        for number, user in enumerate(reviewers)
    ]
    while time.monotonic() < deadline:
        with ThreadPoolExecutor(len(simulated)) as pool:
            busy = list(pool.map(lambda one: one.answer_next(review_project), simulated))
        if not any(busy):
            state = service.state()
            if _settled(state):
                for one in simulated:
                    one.client.close()
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
    digits: Digits,
    before: Mapping[int, str],
    after: Mapping[int, str],
    state: Mapping[str, Any],
    minutes: float,
) -> Outcome:
    rows = range(len(digits.truth))
    truth = [CLASSES[int(digit)] for digit in digits.truth]
    wrong_before = [row for row in rows if before[row] != truth[row]]
    wrong_after = [row for row in rows if after[row] != truth[row]]
    issues, reviews = state["issues"], state["reviews"]
    return Outcome(
        items=len(digits.truth),
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
    )


def report(outcome: Outcome) -> str:
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
            "Counted in Label Studio's own export, before and after.",
        ]
    )


def _places(
    server: RunningLabelStudio, service: Service, project: int, state: Mapping[str, Any], reviewer: User
) -> dict[str, str]:
    return {
        "Label Studio, the digits": f"{server.url}/projects/{project}/data",
        "Label Studio, the reviews": str(state["review_link"]),
        "Label Studio, login as administrator": f"{server.admin_email} / {server.admin_password}",
        "Label Studio, login as reviewer": f"{reviewer.email} / {reviewer.password}",
        "Secondlook, status page": f"{service.url}/ (any user name, password {service.token})",
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
