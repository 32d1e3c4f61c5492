"""The managed part of a dataset's guidelines; all else in them belongs to people."""

from __future__ import annotations

from connector.errors import Retryable
from connector.platforms.argilla.client import ArgillaClient

BEGIN = "<!-- secondlook:begin -->"
END = "<!-- secondlook:end -->"


def read(client: ArgillaClient, dataset_id: str) -> str:
    """The guidelines as the server holds them."""
    return str(client.dataset(dataset_id).get("guidelines") or "")


def write(client: ArgillaClient, dataset_id: str, block: str) -> str:
    """Put `block` between the marks; the whole as the server then has it.

    Nothing is sent when nothing would change: the server answers this call with an event for each
    response of the dataset.
    """
    now = read(client, dataset_id)
    wanted = replaced(now, block)
    if wanted == now:
        return now
    client.patch_dataset(dataset_id, {"guidelines": wanted or None})
    held = read(client, dataset_id)
    if replaced(held, "") != replaced(wanted, ""):
        raise Retryable("the dataset's guidelines were edited while the guideline block was written")
    return held


def replaced(text: str, block: str) -> str:
    """The guidelines with another managed block; without one for an empty block."""
    managed = f"{BEGIN}\n{block}\n{END}" if block else ""
    end = text.find(END)
    # The last begin before the end: a lone begin, left by an edit, must not swallow people's text.
    begin = text.rfind(BEGIN, 0, end) if end >= 0 else -1
    if begin < 0:
        return text + (f"\n\n{managed}" if text and managed else managed)
    before, after = text[:begin], text[end + len(END) :]
    return before + managed + after if managed else before.rstrip("\n") + after
