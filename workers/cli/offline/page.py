"""How the pages of offline scans are rendered: one file each, without script, style sheet or network."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from connector.wording import number_of, one_line, percent

NAME_CHARS = 40  # of a class in a table's head


@cache
def environment() -> Environment:
    """Templates with every value escaped."""
    result = Environment(
        loader=PackageLoader("workers.cli.offline"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    result.filters["share"] = _share
    result.filters["sure"] = percent
    result.filters["number_of"] = number_of
    result.filters["name"] = lambda text: one_line(text, NAME_CHARS)
    result.filters["heat"] = _heat
    return result


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def _heat(count: int, highest: int) -> int:
    """The background of a cell off the diagonal: 0 (none) to 4."""
    return 0 if count == 0 else 1 + min(3, 3 * count // max(highest, 1))
