"""The review dataset itself: found by our mark, created step by step, finished when a try broke off."""

from __future__ import annotations

import hashlib
from typing import Any

from connector.errors import Conflict
from connector.model import OwnerMark, ReviewSetup
from connector.platforms import ownership
from connector.platforms.argilla.client import ArgillaClient, as_dict, is_uuid
from connector.platforms.argilla.review_settings import check_shown, review_parts
from connector.ports import Codec

OWNER = "secondlook_owner"  # key in the dataset's metadata: whose review dataset it is
_SAID = "secondlook_"  # prefix of what others should know of the owner
_TITLE_CHARS = 180
_GUIDELINE_CHARS = 10_000

Raw = dict[str, Any]


def ensure(
    client: ArgillaClient, setup: ReviewSetup, known_id: str | None, workspace: str, codec: Codec
) -> str:
    """The id of the dataset that carries our mark, complete and as it should be."""
    check_shown(setup.schema)  # before anything is made
    require_alone(client, setup.owner)
    dataset = _found(client, setup, known_id, workspace)
    if dataset is None:
        dataset = as_dict(
            client.api.write("POST", "/api/v1/datasets", _settings(setup, workspace)), "dataset"
        )
    dataset_id = str(dataset["id"])
    if dataset.get("status") != "ready":
        _complete(client, setup, dataset_id, codec)
    _repair(client, setup, dataset)
    return dataset_id


def raise_overlap(client: ArgillaClient, dataset: Raw, overlap: int) -> None:
    """How many answers complete a record. For the whole dataset: Argilla has no number for one record."""
    if _overlap(dataset) < overlap:
        client.patch_dataset(str(dataset["id"]), {"distribution": _distribution(overlap)})


def _found(client: ArgillaClient, setup: ReviewSetup, known_id: str | None, workspace: str) -> Raw | None:
    ours = [row for row in client.datasets() if _is_ours(row, setup) and row.get("workspace_id") == workspace]
    ours.sort(key=lambda row: (row["id"] != known_id, str(row["inserted_at"])))
    return ours[0] if ours else None


def require_alone(client: ArgillaClient, owner: OwnerMark) -> None:
    """See `ownership`: what the review datasets on this server say of their owners."""
    ownership.require_alone(owner, (_owner(row.get("metadata")) for row in client.datasets()))


def _owner(held: Any) -> OwnerMark | None:
    words = held if isinstance(held, dict) else {}
    return ownership.from_text({name: str(words.get(f"{_SAID}{name}") or "") for name in ownership.NAMES})


def _metadata(setup: ReviewSetup) -> Raw:
    text = ownership.to_text(setup.owner)
    return {OWNER: mark(setup)} | {f"{_SAID}{name}": value for name, value in text.items()}


def mark(setup: ReviewSetup) -> str:
    """Names the owner without saying what it is."""
    return hashlib.sha256(setup.owner_key.encode()).hexdigest()[:32]


def _is_ours(row: Raw, setup: ReviewSetup) -> bool:
    held = row.get("metadata")
    return isinstance(held, dict) and held.get(OWNER) == mark(setup) and is_uuid(str(row.get("id")))


def _settings(setup: ReviewSetup, workspace: str) -> Raw:
    return {
        # Names are unique in a workspace; the mark's beginning keeps two projects of one title apart.
        "name": f"{setup.title[:_TITLE_CHARS].strip()} {mark(setup)[:8]}",
        "workspace_id": workspace,
        "metadata": _metadata(setup),
        "allow_extra_metadata": True,
        "guidelines": setup.instructions[:_GUIDELINE_CHARS] or None,
        "distribution": _distribution(setup.quorum),
    }


def _complete(client: ArgillaClient, setup: ReviewSetup, dataset_id: str, codec: Codec) -> None:
    result = review_parts(client, setup, codec)
    path = f"/api/v1/datasets/{dataset_id}"
    parts = {
        f"{path}/fields": (f"{path}/fields", result.fields),
        f"{path}/questions": (f"{path}/questions", result.questions),
        f"{path}/metadata-properties": (
            f"/api/v1/me/datasets/{dataset_id}/metadata-properties",
            result.properties,
        ),
    }
    for target, (listing, wanted) in parts.items():
        there = {row.get("name") for row in client.listed(listing)}
        for entry in wanted:
            if entry["name"] not in there:
                _create(client, target, entry)
    client.api.write("PUT", f"{path}/publish")


def _create(client: ArgillaClient, path: str, entry: Raw) -> None:
    try:
        client.api.write("POST", path, entry)
    except Conflict:
        return  # another process made the same at the same time


def _repair(client: ArgillaClient, setup: ReviewSetup, dataset: Raw) -> None:
    wanted = setup.instructions[:_GUIDELINE_CHARS] or None
    changes: Raw = {} if dataset.get("guidelines") == wanted else {"guidelines": wanted}
    # Never lowered: it may have been raised because one more vote is needed.
    overlap = max(setup.quorum, setup.raised)
    if _overlap(dataset) < overlap:
        changes["distribution"] = _distribution(overlap)
    held = dataset.get("metadata") or {}
    if not _metadata(setup).items() <= held.items():
        changes["metadata"] = held | _metadata(setup)
    if changes:
        client.patch_dataset(str(dataset["id"]), changes)


def _overlap(dataset: Raw) -> int:
    held = dataset.get("distribution")
    return int(held.get("min_submitted") or 1) if isinstance(held, dict) else 1


def _distribution(overlap: int) -> Raw:
    return {"strategy": "overlap", "min_submitted": overlap}
