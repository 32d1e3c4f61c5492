"""Publish the notes of accepted corrections into the managed block of the project's instructions."""

from __future__ import annotations

from connector import wording
from connector.ports import Guidelines
from workers.context import Context, Summary


def handle(context: Context) -> Summary:
    platform, project = context.source, context.project
    if not context.settings.writeback.guidelines or not isinstance(platform, Guidelines):
        return {"published": 0}
    with context.read() as unit:
        waiting = unit.notes.publishable(project.id)
        unpublished = unit.notes.in_states(project.id, ["withdrawing"])
        names = unit.projects.annotator_names(project.id)
    if not unpublished and all(note.state == "published" for note in waiting):
        return {"published": 0}
    platform.write_guidelines(wording.guideline_block(waiting, names))
    with context.begin() as unit:
        unit.notes.set_state([note.id for note in waiting], "published")
        unit.notes.set_state([note.id for note in unpublished], "withdrawn")
        detail = {"published": [note.id for note in waiting], "withdrawn": [note.id for note in unpublished]}
        unit.audit.append("secondlook", "guidelines.published", project.name, detail, project.name)
    return {"published": len(waiting)}
