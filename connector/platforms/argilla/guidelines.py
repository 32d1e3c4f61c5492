"""The managed part of a dataset's guidelines; all else in them belongs to people."""

from __future__ import annotations

import re

from connector.errors import Retryable
from connector.model import OwnerMark
from connector.platforms import ownership
from connector.platforms.argilla.client import ArgillaClient

BEGIN = "<!-- secondlook:begin -->"
OWNED_BEGIN = "<!-- secondlook:begin owner={} -->"
END = "<!-- secondlook:end -->"
_BEGIN = re.compile(r"<!-- secondlook:begin(?: owner=(?P<owner>[0-9a-f]+))? -->")


def read(client: ArgillaClient, dataset_id: str) -> str:
    """The guidelines as the server holds them."""
    return str(client.dataset(dataset_id).get("guidelines") or "")


def write(client: ArgillaClient, dataset_id: str, block: str, owner: OwnerMark) -> str:
    """Put `block` between the marks; the whole as the server then has it.

    Nothing is sent when nothing would change: the server answers this call with an event for each
    response of the dataset.
    """
    now = read(client, dataset_id)
    ownership.require_block(owner, owner_of(now))
    wanted = replaced(now, block, owner.installation)
    if wanted == now:
        return now
    client.patch_dataset(dataset_id, {"guidelines": wanted or None})
    held = read(client, dataset_id)
    if replaced(held, "") != replaced(wanted, ""):
        raise Retryable("the dataset's guidelines were edited while the guideline block was written")
    return held


def owner_of(text: str) -> str | None:
    """The installation that the managed block names."""
    begin = _begin(text)
    return None if begin is None else begin["owner"]


def replaced(text: str, block: str, owner: str | None = None) -> str:
    """The guidelines with another managed block; without one for an empty block."""
    mark = BEGIN if owner is None else OWNED_BEGIN.format(owner)
    managed = f"{mark}\n{block}\n{END}" if block else ""
    begin = _begin(text)
    if begin is None:
        return text + (f"\n\n{managed}" if text and managed else managed)
    before, after = text[: begin.start()], text[text.find(END) + len(END) :]
    return before + managed + after if managed else before.rstrip("\n") + after


def _begin(text: str) -> re.Match[str] | None:
    # The last begin before the end: a lone begin, left by an edit, must not swallow people's text.
    end = text.find(END)
    return None if end < 0 else next(reversed([*_BEGIN.finditer(text, 0, end)]), None)
