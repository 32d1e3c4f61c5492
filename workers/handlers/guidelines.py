"""Publish the notes of accepted corrections into the managed block of the project's instructions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from connector import wording
from connector.model import GuidelineNote
from connector.ports import Guidelines
from workers.context import Context, Summary


def handle(context: Context) -> Summary:
    platform, project = context.source, context.project
    if not context.settings.writeback.guidelines or not isinstance(platform, Guidelines):
        return {"published": 0}
    with context.read() as unit:
        waiting = unit.notes.publishable(project.id)
        unpublished = unit.notes.in_states(project.id, ["withdrawing"])
    if not unpublished and all(note.state == "published" for note in waiting):
        return {"published": 0}
    platform.write_guidelines(wording.guideline_block(waiting, _names(context, waiting)))
    with context.begin() as unit:
        unit.notes.set_state([note.id for note in waiting], "published")
        unit.notes.set_state([note.id for note in unpublished], "withdrawn")
        detail = {"published": [note.id for note in waiting], "withdrawn": [note.id for note in unpublished]}
        unit.audit.append("secondlook", "guidelines.published", project.name, detail, project.name)
    return {"published": len(waiting)}


def _names(context: Context, notes: Sequence[GuidelineNote]) -> Mapping[str, str]:
    """The names of people, asked for again where an author came after the last sync."""
    project_id = context.project.id
    with context.read() as unit:
        names = unit.projects.annotator_names(project_id)
    if all(note.author in names for note in notes):
        return names
    people = context.source.annotators()
    with context.begin() as unit:
        unit.projects.save_annotators(project_id, people)
    return names | {one.remote_id: one.name for one in people}
