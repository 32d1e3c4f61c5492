"""The review project itself: found by our mark, created once, repaired when someone changed it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connector.errors import Misconfigured, Rejected
from connector.model import OwnerMark, ReviewSetup
from connector.platforms import ownership
from connector.platforms.label_studio import guidelines
from connector.platforms.label_studio.client import LabelStudioClient, as_dict
from connector.platforms.label_studio.mapping import user_id
from connector.platforms.label_studio.review_config import build, owner_class
from connector.platforms.label_studio.review_tasks import MODEL_VERSION
from connector.ports import Codec

TITLE_CHARS = 50  # the server's limit
_OURS = "secondlook-"  # how our lines in the description begin
_OWNER = f"{_OURS}owner: "
_DESCRIPTION = "Made and kept by Secondlook. Answers given here decide about labels of the source project."

Project = dict[str, Any]


def ensure(client: LabelStudioClient, setup: ReviewSetup, known_id: str | None, codec: Codec) -> Project:
    """The project that carries our mark, as it should be."""
    described = _described_projects(client)
    _require_alone_among(described, setup.owner)
    project = _known(client, setup, known_id) or _marked(client, setup)
    if project is None:
        settings = _settings(setup) | {"label_config": build(setup, codec)}
        return as_dict(client.api.write("POST", "/api/projects/", settings), "project") | settings
    repaired = project | _repair(client, setup, project, codec)
    _remove_twins(client, setup, str(project["id"]), described)
    return repaired


def require_alone(client: LabelStudioClient, owner: OwnerMark) -> None:
    """See `ownership`: what the review projects on this server say of their owners."""
    _require_alone_among(_described_projects(client), owner)


def _described_projects(client: LabelStudioClient) -> list[Project]:
    return list(client.all_pages("/api/projects/", {"include": "id,description"}))


def _require_alone_among(described: Sequence[Project], owner: OwnerMark) -> None:
    ownership.require_alone(owner, (_owner(str(row.get("description") or "")) for row in described))


def _owner(description: str) -> OwnerMark | None:
    lines = (line.strip().removeprefix(_OURS).partition(": ") for line in description.splitlines())
    return ownership.from_text({name: value for name, _, value in lines})


def _known(client: LabelStudioClient, setup: ReviewSetup, known_id: str | None) -> Project | None:
    if known_id is None:
        return None
    try:
        project = client.project(known_id)
    except Misconfigured:
        return None
    # The server may have given the number of a deleted project to somebody else's.
    return project if _is_ours(project, setup) else None


def _marked(client: LabelStudioClient, setup: ReviewSetup) -> Project | None:
    rows = client.all_pages("/api/projects/", {"include": "id,description,label_config"})
    ids = sorted(row["id"] for row in rows if _is_ours(row, setup))
    return client.project(str(ids[0])) if ids else None


def _remove_twins(
    client: LabelStudioClient, setup: ReviewSetup, project_id: str, described: Sequence[Project]
) -> None:
    """Remove what a creation that arrived late has made beside it: a project of ours without a task.

    One that somebody else created, with our mark copied into its description, is theirs.
    """
    for row in described:
        lines = str(row.get("description") or "").splitlines()
        twin = _mark(setup) in (line.strip() for line in lines) and str(row["id"]) != project_id
        held = client.project(str(row["id"])) if twin else {}
        if held.get("task_number") == 0 and user_id(held.get("created_by")) == client.user_id():
            client.api.write("DELETE", f"/api/projects/{row['id']}/")


def _is_ours(project: Mapping[str, Any], setup: ReviewSetup) -> bool:
    """Either mark will do: people may edit the description."""
    lines = str(project.get("description") or "").splitlines()
    return _mark(setup) in (line.strip() for line in lines) or owner_class(setup.owner_key) in str(
        project.get("label_config") or ""
    )


def _lines(setup: ReviewSetup) -> list[str]:
    owner = ownership.to_text(setup.owner).items()
    return [*(f"{_OURS}{name}: {value}" for name, value in owner), _mark(setup)]


def _mark(setup: ReviewSetup) -> str:
    return f"{_OWNER}{' '.join(setup.owner_key.split())}"


def _settings(setup: ReviewSetup) -> Project:
    return {
        "title": setup.title[:TITLE_CHARS].strip().ljust(3, "."),  # the server wants three characters
        "description": "\n".join([_DESCRIPTION, *_lines(setup)]),
        "expert_instruction": setup.instructions,
        "show_instruction": bool(setup.instructions),
        "maximum_annotations": setup.quorum,
        "show_collab_predictions": True,
        "enable_empty_annotation": False,
        # "Cannot tell" is an answer; a skipped task would be one reviewer's time for nothing.
        "show_skip_button": False,
        "reveal_preannotations_interactively": False,
    }


def _repair(client: LabelStudioClient, setup: ReviewSetup, project: Project, codec: Codec) -> Project:
    """What was changed."""
    changes = {key: value for key, value in _settings(setup).items() if not _same(key, project, value)}
    if "description" in changes:
        changes["description"] = _described(project, changes["description"])
    now = str(project.get("label_config") or "")
    config = build(setup, codec, now)
    if config != now:
        changes["label_config"] = config
    if _wrong_model_version(client, project):
        changes["model_version"] = MODEL_VERSION
    if changes:
        client.patch_project(str(project["id"]), changes)
    return changes


def _described(project: Mapping[str, Any], wanted: str) -> str:
    """The description as it is, with our lines as they should be: people may add to it."""
    held = str(project.get("description") or "").splitlines()
    ours = wanted.splitlines()[1:]
    if set(ours) <= {line.strip() for line in held}:
        return str(project.get("description"))
    return "\n".join([*(line for line in held if not line.strip().startswith(_OURS)), *ours])


def _same(key: str, project: Mapping[str, Any], value: Any) -> bool:
    if key == "expert_instruction":
        return guidelines.same(str(project.get(key) or ""), value)
    if key == "description":
        return bool(_described(project, value) == project.get(key))
    return bool(project.get(key) == value)


def _wrong_model_version(client: LabelStudioClient, project: Mapping[str, Any]) -> bool:
    """Whether suggestions would not be shown. The server accepts only a version that exists."""
    if project.get("model_version") == MODEL_VERSION or not project.get("total_predictions_number"):
        return False
    try:
        versions = client.api.get(f"/api/projects/{project['id']}/model-versions/")
    except Rejected:
        return True
    return MODEL_VERSION in versions if isinstance(versions, list | dict) else True
