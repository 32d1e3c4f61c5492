"""The report as one HTML file that needs nothing else: no script, no style sheet, no network."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from connector.wording import one_line, percent
from workers.offline import tables
from workers.offline.judging import Issue, Judged
from workers.offline.similarity import HEIGHT, SHADES, WIDTH, similarity_map
from workers.predictions.features import FeatureKind
from workers.predictions.images import is_image_uri

MOST_EXAMPLES = 200
TEXT_CHARS = 600
NAME_CHARS = 40  # of a class in a table's head
MOST_URI_CHARS = 400_000  # a larger picture would make the file unwieldy
SHOWN_AS_IMAGE = ("data:image/png", "data:image/jpeg", "data:image/gif", "data:image/webp", "data:image/bmp")


@dataclass(frozen=True, slots=True)
class Example:
    """An issue with what the reader can see of the item: a picture or text."""

    issue: Issue
    image: str | None
    text: str | None


def html(judged: Judged, source: str) -> str:
    """The whole report; every value that comes from the file is escaped."""
    return _environment().get_template("report.html").render(
        source=source,
        judged=judged,
        n_items=len(judged.records),
        examples=_examples(judged),
        classes=tables.class_rows(judged),
        matrix=tables.confusion(judged),
        overlaps=tables.overlaps(judged),
        annotators=tables.annotator_rows(judged),
        bins=tables.reliability_rows(judged),
        left_out=tables.left_out_rows(judged),
        points=similarity_map(judged),
        map_size=(WIDTH, HEIGHT),
        n_shades=SHADES,
    )  # fmt: skip


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("workers.offline"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["share"] = _share
    made.filters["sure"] = percent
    made.filters["name"] = lambda text: one_line(text, NAME_CHARS)
    made.filters["heat"] = _heat
    return made


def _examples(judged: Judged) -> list[Example]:
    shown = zip(judged.issues[:MOST_EXAMPLES], judged.found.order[:MOST_EXAMPLES], strict=True)
    return [_example(issue, judged, int(row)) for issue, row in shown]


def _example(issue: Issue, judged: Judged, row: int) -> Example:
    value = judged.records[row].data[judged.dataset.field]
    if judged.kind is FeatureKind.VECTOR:
        return Example(issue, None, f"{len(value)} numbers")
    text = str(value)
    if not is_image_uri(text):
        return Example(issue, None, one_line(text, TEXT_CHARS))
    if len(text) > MOST_URI_CHARS or not text.startswith(SHOWN_AS_IMAGE):
        return Example(issue, None, "an image that is too large, or of a kind, to be shown here")
    return Example(issue, text, None)


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def _heat(count: int, highest: int) -> int:
    """The background of a cell off the diagonal: 0 (none) to 4."""
    return 0 if count == 0 else 1 + min(3, 3 * count // max(highest, 1))
