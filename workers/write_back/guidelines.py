"""Keep the managed block of the project's instructions, and ask where a note is missing."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from connector import wording
from connector.config.project import Acceptance
from connector.model import GuidelineNote, GuidelineVersion, Json, NoteState, OwnerMark, label_pair
from connector.model.moments import is_over
from connector.ports import Guidelines
from connector.store.repositories.facts import gathered_fact
from connector.store.unit_of_work import UnitOfWork
from workers.context import Context, Summary
from workers.label_types.registry import kind_of
from workers.write_back.notes import acceptable, confused_names, guidelines_fact, guidelines_of

LOOK_EVERY = timedelta(minutes=10)  # for confused pairs, and at the block as it stands
QUESTION_EXAMPLES = 5
MOST_LABELS = 500  # that one name stands for, among which examples are sought: a region is a label of its own


def handle(context: Context) -> Summary:
    accepted = _accept_by_rule(context)
    look = _look_is_due(context)
    asked = _ask(context) if look else 0
    wait = _wait(context)
    if look and not wait:
        _put_right(context)
    published = 0 if wait else _publish(context)
    _tell_of_wait(context, wait)
    figures = (("accepted", accepted), ("questions", asked), ("next_change_in_seconds", wait))
    return {"published": published} | {name: n for name, n in figures if n}


# --- acceptance --------------------------------------------------------------------------------


def _accept_by_rule(context: Context) -> int:
    rule = context.settings.guidelines
    if rule.accept is not Acceptance.RULE:
        return 0
    project, person_of = context.project, context.settings.reviewers.person_of
    with context.read() as unit:
        if not acceptable(unit.notes.drafts_to_accept(project.id), rule.accept_after, person_of):
            return 0
    with context.begin() as unit:
        drafts = acceptable(unit.notes.drafts_to_accept(project.id), rule.accept_after, person_of)
        by = wording.accepted_by_rule(rule.accept_after)
        unit.notes.accept([note.id for note in drafts], by)
        for note in drafts:
            detail = {"given": note.given, "label": note.label, "text": note.text, "author": note.author}
            unit.audit.append("secondlook", "guideline.accepted", note.id, detail | {"by": by}, project.name)
    return len(drafts)


# --- questions ---------------------------------------------------------------------------------


def _look_is_due(context: Context) -> bool:
    with context.read() as unit:
        last_at = unit.facts.at(guidelines_fact(context.project.id))
        return is_over(last_at, LOOK_EVERY, unit.now)


def _ask(context: Context) -> int:
    """Raise a question for each pair that is confused repeatedly and has no accepted note."""
    project, fact = context.project, guidelines_fact(context.project.id)
    with context.read() as unit:
        confused = confused_names(kind_of(project.schema), unit.guidelines.confused(project.id))
        pairs = {note.pair for note in unit.notes.in_states(project.id, _TELLING)}
        asked = {label_pair(one.first, one.second) for one in unit.questions.listed(project.id)}
        wanted = {
            pair: counts
            for pair, (counts, _) in confused.items()
            if counts.total >= context.settings.guidelines.question_after and pair not in pairs | asked
        }
        examples = {pair: _instances(context, unit, confused[pair][1]) for pair in wanted}
    raised = 0
    with context.begin() as unit:
        unit.facts.put(fact, unit.now.isoformat())
        for pair, counts in wanted.items():
            question = unit.questions.ask(project.id, pair, counts, examples[pair])
            if question is not None:
                raised += 1
                detail = {"labels": list(pair), "confused": counts.moved, "ambiguous": counts.ambiguous}
                unit.audit.append("secondlook", "guideline.asked", question, detail, project.name)
    return raised


_TELLING = (NoteState.ACCEPTED.value, NoteState.PUBLISHED.value)


def _instances(context: Context, unit: UnitOfWork, labels: Sequence[str]) -> list[Json]:
    return [
        {
            "item": one.item,
            "shown": wording.example_item(one.item, one.data, context.project.schema),
            "given": one.given,
            "suggested": one.suggested,
            "decided": one.decided,
            "reason": wording.reason_text(one.reason),
        }
        for one in unit.guidelines.instances(context.project.id, labels[:MOST_LABELS], QUESTION_EXAMPLES)
    ]


# --- publication -------------------------------------------------------------------------------


def _wait(context: Context) -> int:
    """Seconds for which the platform is to be left alone after the last change: notes are gathered."""
    platform, minutes = context.source, context.settings.guidelines.publish_every_minutes
    if not isinstance(platform, Guidelines):
        return 0
    rest = platform.guidelines_rest if minutes is None else timedelta(minutes=minutes)
    with context.read() as unit:
        held = unit.guidelines.last_version(context.project.id)
    if held is None or is_over(held.at, rest, unit.now):
        return 0
    return math.ceil((held.at + rest - unit.now).total_seconds())


def _tell_of_wait(context: Context, wait: int) -> None:
    """Note down when the notes that wait are published, for those who look."""
    name, project_id = gathered_fact(context.project.id), context.project.id
    with context.read() as unit:
        known = unit.facts.get(name)
        waits = bool(wait) and bool(unit.notes.in_states(project_id, _UNPUBLISHED))
        until = (unit.now + timedelta(seconds=wait)).isoformat()
    if waits == (known is not None):
        return
    with context.begin() as unit:
        if waits:
            unit.facts.put(name, until)
        else:
            unit.facts.drop(name)


_UNPUBLISHED = (NoteState.ACCEPTED.value, NoteState.WITHDRAWING.value)


def _put_right(context: Context) -> None:
    """Have the instructions hold what was published last.

    A request that was held up, or a restore of the platform, brings an older block back.
    """
    platform, project = context.source, context.project
    if not context.settings.writeback.guidelines or not isinstance(platform, Guidelines):
        return
    with context.read() as unit:
        held = unit.guidelines.last_version(project.id)
    if held is not None:
        platform.write_guidelines(held.block, _owner(context))  # changes nothing where it stands


def _owner(context: Context) -> OwnerMark:
    schema = context.project.schema
    return context.services.owner_mark(context.project.name, schema.control if schema else "")


def _publish(context: Context) -> int:
    """Make the instructions hold the most useful accepted notes; how many they hold, 0 if they did."""
    platform, project = context.source, context.project
    if not context.settings.writeback.guidelines or not isinstance(platform, Guidelines):
        return 0
    with context.read() as unit:
        ready = unit.notes.publishable(project.id)
        leaving = unit.notes.in_states(project.id, [NoteState.WITHDRAWING.value])
        held = unit.guidelines.last_version(project.id)
        if not leaving and _as_published(ready, ready, held):
            return 0  # the usual case, told without counting anything
        entries = _entries(context, unit, ready)
    chosen = [note for entry in entries for note in entry.notes]
    if not leaving and _as_published(ready, chosen, held):
        return 0
    block = wording.guideline_block(entries, _names(context, chosen))
    platform.write_guidelines(block, _owner(context))
    with context.begin() as unit:
        _record(context, unit, block, ready, entries, leaving)
    return len(chosen)


def _entries(context: Context, unit: UnitOfWork, ready: Sequence[GuidelineNote]) -> list[wording.Guideline]:
    """What the instructions are to hold, with examples: items of the notes themselves."""
    rule = context.settings.guidelines
    if not ready:
        return []
    confused = confused_names(kind_of(context.project.schema), unit.guidelines.confused(context.project.id))
    entries = guidelines_of(
        ready, {pair: counts.total for pair, (counts, _) in confused.items()}, rule.most_notes
    )
    shown = _shown(context, unit, [note for entry in entries for note in entry.notes])
    return [replace(entry, examples=_examples(entry, shown)[: rule.examples]) for entry in entries]


def _examples(entry: wording.Guideline, shown: Mapping[str, str]) -> tuple[str, ...]:
    """The items that its notes were written about, each once."""
    return tuple(dict.fromkeys(shown[note.id] for note in entry.notes if note.id in shown))


def _shown(context: Context, unit: UnitOfWork, notes: Sequence[GuidelineNote]) -> dict[str, str]:
    """Note id → the item that it was written about, as people find it again."""
    schema = unit.projects.get(context.project.id).schema
    about = unit.notes.items([note.id for note in notes])
    return {each: wording.example_item(remote_id, data, schema) for each, (remote_id, data) in about.items()}


def _as_published(
    ready: Sequence[GuidelineNote], chosen: Sequence[GuidelineNote], held: GuidelineVersion | None
) -> bool:
    """Whether the last version holds just these notes, in these words."""
    wanted = {note.id: note.text for note in chosen}
    states = {note.id for note in ready if note.state == NoteState.PUBLISHED}
    return states == set(wanted) and wanted == {str(n["id"]): n["text"] for n in (held.notes if held else ())}


def _record(
    context: Context,
    unit: UnitOfWork,
    block: str,
    ready: Sequence[GuidelineNote],
    entries: Sequence[wording.Guideline],
    leaving: Sequence[GuidelineNote],
) -> None:
    """The version that stands now, the states of its notes, and the questions that they answer."""
    project = context.project
    chosen = [note for entry in entries for note in entry.notes]
    inside = {note.id for note in chosen}
    crowded = [n.id for n in ready if n.state == NoteState.PUBLISHED and n.id not in inside]
    unit.notes.set_state([note.id for note in chosen], NoteState.PUBLISHED.value)
    unit.notes.set_state(crowded, NoteState.ACCEPTED.value)
    unit.notes.set_state([note.id for note in leaving], NoteState.WITHDRAWN.value)
    before = unit.guidelines.last_version(project.id)
    change = _change(chosen, before)
    detail: dict[str, Any] = {
        "published": [note.id for note in chosen],
        "withdrawn": [note.id for note in leaving],
    }
    if before is None or before.block != block:
        held = [{"id": note.id, "text": note.text} for note in chosen]
        result = unit.guidelines.add_version(project.id, block, held, change)
        detail |= {"version": result.number, "hash": result.hash}
    unit.questions.close(project.id, {note.pair: note.id for note in chosen})
    unit.audit.append("secondlook", "guidelines.published", project.name, detail, project.name)


def _change(chosen: Sequence[GuidelineNote], before: GuidelineVersion | None) -> Json:
    now = {note.id: note.text for note in chosen}
    then = {str(note["id"]): note["text"] for note in (before.notes if before else ())}
    return {
        "added": [each for each in now if each not in then],
        "removed": [each for each in then if each not in now],
        "reworded": [each for each in now if each in then and now[each] != then[each]],
    }


def _names(context: Context, notes: Sequence[GuidelineNote]) -> Mapping[str, str]:
    """The names of people, asked for again where an author came after the last sync."""
    project_id = context.project.id
    with context.read() as unit:
        names = unit.projects.annotator_names(project_id)
    if all(note.author in names for note in notes if note.issue_id is not None):
        return names
    people = context.services.people(context.project.name)
    with context.begin() as unit:
        unit.projects.save_annotators(project_id, people)
    return names | {one.remote_id: one.name for one in people}
