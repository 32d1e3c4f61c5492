"""Texts that are too long to learn from: one of 30 MB would keep a scan for minutes."""

from __future__ import annotations

from collections.abc import Sequence

from connector.wording import number_of
from workers.cli.offline.record import LeftOut, Record

LONGEST_TEXT = 2_000_000  # characters: more than most books have
IN_PLACE = "data:"  # begins a picture in place, which is no text


def without_longest(
    records: Sequence[Record], fields: Sequence[str], most: int = LONGEST_TEXT
) -> tuple[Sequence[Record], list[LeftOut]]:
    """The records whose fields have at most `most` characters each, and those left out with the reason."""
    beyond = {
        n: name
        for name in fields
        for n, record in enumerate(records)
        if isinstance(value := record.data.get(name), str)
        and len(value) > most
        and not value.startswith(IN_PLACE)
    }
    if not beyond:
        return records, []
    left_out = [
        LeftOut(records[n].place, _reason(records[n], name, most)) for n, name in sorted(beyond.items())
    ]
    return [record for n, record in enumerate(records) if n not in beyond], left_out


def _reason(record: Record, name: str, most: int) -> str:
    return too_long(name, str(record.data[name]), most)


def too_long(name: str, text: str, most: int = LONGEST_TEXT) -> str:
    """Why a text is left out, with its size and what to do."""
    size = len(text.encode("utf-8", "surrogatepass")) / 1e6
    return (
        f"'{name}' holds {size:,.1f} MB of text, and more than {number_of(most, 'character')} are "
        "not learned "
        "from: shorten or split it, or name another --field"
    )
