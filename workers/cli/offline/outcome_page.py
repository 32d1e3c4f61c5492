"""The page of a scan's outcome: every value that comes from the file is escaped."""

from __future__ import annotations

from workers.cli.offline.left_out import left_out_rows
from workers.cli.offline.outcome import FileScan
from workers.cli.offline.page import environment
from workers.cli.offline.terminal import KIND_WORDS, TITLES, counts_by_kind

MOST_EXAMPLES = 200


def html(scan: FileScan, source: str) -> str:
    """The whole page."""
    return (
        environment()
        .get_template("outcome.html")
        .render(
            source=source,
            scan=scan,
            what=TITLES[scan.kind],
            kinds=counts_by_kind(scan),
            words=KIND_WORDS,
            examples=scan.issues[:MOST_EXAMPLES],
            left_out=left_out_rows(scan.left_out),
        )
    )
