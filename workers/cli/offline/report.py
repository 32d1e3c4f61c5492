"""The report as one HTML file that needs nothing else: no script, no style sheet, no network."""

from __future__ import annotations

from dataclasses import dataclass

from workers.cli.offline import tables
from workers.cli.offline.findings import FindingRow, ListedKind, listed_kinds, reasons
from workers.cli.offline.judging import Judged, OfflineIssue
from workers.cli.offline.left_out import left_out_rows
from workers.cli.offline.page import environment
from workers.cli.offline.similarity import HEIGHT, SHADES, WIDTH, similarity_map
from workers.cli.offline.snippets import snippet
from workers.detect.predictions.images import is_image_uri

MOST_EXAMPLES = 200
MOST_FINDINGS = 25  # of one kind
TEXT_CHARS = 600
MOST_URI_CHARS = 400_000  # a larger picture would make the file unwieldy
SHOWN_AS_IMAGE = ("data:image/png", "data:image/jpeg", "data:image/gif", "data:image/webp", "data:image/bmp")


@dataclass(frozen=True, slots=True)
class Example:
    """An issue with what the reader can see of the item: a picture or text."""

    issue: OfflineIssue
    image: str | None
    text: str | None


def html(judged: Judged, source: str) -> str:
    """The whole report; every value that comes from the file is escaped."""
    return environment().get_template("report.html").render(
        source=source,
        judged=judged,
        n_items=len(judged.records),
        examples=_examples(judged),
        classes=tables.class_rows(judged),
        matrix=tables.confusion(judged),
        overlaps=tables.overlaps(judged),
        annotators=tables.annotator_rows(judged),
        bins=tables.reliability_rows(judged),
        left_out=left_out_rows(judged.left_out),
        points=similarity_map(judged),
        kinds=[_kind(judged, kind) for kind in listed_kinds(judged)],
        not_looked_for=reasons(judged),
        map_size=(WIDTH, HEIGHT),
        n_shades=SHADES,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class ShownFinding:
    """A finding with what the reader can see of its item, where it is about one."""

    row: FindingRow
    image: str | None
    text: str | None


@dataclass(frozen=True, slots=True)
class ShownKind:
    """A kind of finding with its first few."""

    kind: ListedKind
    findings: tuple[ShownFinding, ...]


def _kind(judged: Judged, kind: ListedKind) -> ShownKind:
    drafts = judged.findings.of(kind.kind)[:MOST_FINDINGS]
    shown = [_seen(judged, draft.row) for draft in drafts]
    pairs = zip(kind.rows, shown, strict=False)  # as many as are shown
    return ShownKind(kind, tuple(ShownFinding(row, image, text) for row, (image, text) in pairs))


def _examples(judged: Judged) -> list[Example]:
    shown = zip(judged.issues[:MOST_EXAMPLES], judged.label_issues.order[:MOST_EXAMPLES], strict=True)
    return [_example(issue, judged, int(row)) for issue, row in shown]


def _example(issue: OfflineIssue, judged: Judged, row: int) -> Example:
    return Example(issue, *_seen(judged, row))


def _seen(judged: Judged, row: int | None) -> tuple[str | None, str | None]:
    """The image, or the text, that stands for an item; neither without one."""
    if row is None:
        return None, None
    record, fields = judged.records[row], judged.dataset.fields
    value = record.data.get(fields[0]) if len(fields) == 1 else None
    if not is_image_uri(value):
        return None, snippet(record, fields, TEXT_CHARS)
    uri = str(value)
    if len(uri) > MOST_URI_CHARS or not uri.startswith(SHOWN_AS_IMAGE):
        return None, "an image that is too large, or of a kind, to be shown here"
    return uri, None
