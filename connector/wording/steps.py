"""What is said of the first steps and of the single steps of the loop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from connector.model.jobs import JobKind
from connector.wording.text import are, number_of, one_line


def step_sentences(kind: JobKind, project: str, summary: Mapping[str, Any]) -> list[str]:
    """What a step of the loop did, first as a whole, then what a person should know of it."""
    say = _STEPS.get(kind)
    return [f"{kind.value} {project}: done"] if say is None else say(one_line(project), summary)


def _sync(project: str, did: Mapping[str, Any]) -> list[str]:
    if not did["seen"]:
        return [f"Nothing has changed in {project} since it was read last."]
    news = [f"{did['new']:,} new", f"{did['changed']:,} changed", f"{did['relabelled']:,} with another label"]
    return [f"Read {number_of(did['seen'], 'item')} of {project}: {', '.join(news)}."]


def _scan(project: str, did: Mapping[str, Any]) -> list[str]:
    if "shards" in did:
        parts = number_of(did["shards"], "part")
        return [f"The scan of {project} began: it is done in {parts} by a running service."]
    if "waits_for" in did:
        return [f"A scan of {project} is under way; this one follows from it."]
    if "items" not in did:
        return [f"This scan of {project} was done before."]
    planned, drawn = did.get("planned", 0), did.get("controls", 0)  # controls are among what is planned
    queue = f"; {number_of(planned, 'review task')} planned" if planned else ""
    kind = "a control" if drawn == 1 else "controls"
    controls = f", {drawn:,} of them {kind} drawn at random" if drawn else ""
    flagged = f"{did['flagged']:,} of {number_of(did['items'], 'label')} of {project}"
    texts = [f"{flagged} {are(did['flagged'])} suspicious{queue}{controls}."]
    if did.get("suppressed"):
        held_back = number_of(did["suppressed"], "suspicious label")
        texts.append(f"{held_back} not asked about now (policy.budget, old decisions).")
    left = {name: n for name, n in (did.get("skipped") or {}).items() if n}
    if left:
        texts.append(
            "Not judged: " + ", ".join(f"{n:,} {name.replace('_', ' ')}" for name, n in left.items()) + "."
        )
    return [*texts, *(f"Note: {warning}" for warning in did.get("warnings", ()))]


def _push(project: str, did: Mapping[str, Any]) -> list[str]:
    if not did.get("link"):
        return [f"Nothing of {project} waits to be reviewed: `secondlook scan {project}` plans review tasks."]
    also = [
        f"{did[name]:,} {words}"
        for name, words in (
            ("taken_back", "unanswered ones taken back for better ones"),
            ("overlaps_raised", "get more reviewers"),
            ("withdrawn", "withdrawn"),
        )
        if did.get(name)
    ]
    created = number_of(did["pushed"], "review task") if did["pushed"] else "no new review task"
    return [
        f"Created {created} for {project}{''.join(f', {one}' for one in also)}.",
        f"Reviewers answer at {did['link']}",
    ]


def _collect(project: str, did: Mapping[str, Any]) -> list[str]:
    if not did["reviews"]:
        return [f"No new answers for {project}."]
    looked_at = number_of(did["reviews"], "review task")
    return [f"Looked at {looked_at} of {project}: {number_of(did['votes'], 'new vote')}."]


_STEPS: Mapping[JobKind, Callable[[str, Mapping[str, Any]], list[str]]] = {
    JobKind.SYNC: _sync,
    JobKind.SCAN: _scan,
    JobKind.PUSH: _push,
    JobKind.COLLECT: _collect,
}
