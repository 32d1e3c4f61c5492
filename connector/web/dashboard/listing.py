"""What a list is: columns, filters and rows, from which its page and its files are made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from connector.errors import BadPayload
from connector.model import Project
from connector.model.access import AccessRole, Principal
from connector.store.unit_of_work import UnitOfWork
from connector.store.views.secrecy import Sight
from connector.wiring import Services

PAGE_ROWS = 50
LONGEST_VALUE = 500
Row = Mapping[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Column:
    """`kind`: text, number, share, time, state or code; `link`: of the row, where its cell leads.

    What is there for its link alone is not written to files (`in_files`).
    """

    name: str
    title: str
    kind: str = "text"
    link: Callable[[Row], str | None] | None = None
    in_files: bool = True


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list can be narrowed by: one of some values (several with `many`), or a text."""

    name: str
    title: str
    values: tuple[str, ...] = ()
    default: str = ""
    whole: bool = False  # a whole number
    longest: int = LONGEST_VALUE


@dataclass(frozen=True, slots=True)
class Button:
    """A form of one button: what it does, where it is sent, and with which fields besides."""

    title: str
    action: str
    fields: Mapping[str, str] = field(default_factory=dict)
    ask: tuple[tuple[str, str, str], ...] = ()  # name, title and value of each text that is asked for


@dataclass(frozen=True, slots=True)
class ListQuery:
    """One read of a list: by whom, of what, under which filters."""

    unit: UnitOfWork
    services: Services
    who: Principal
    sight: Sight
    project: Project | None
    filters: Mapping[str, str]
    limit: int = PAGE_ROWS
    after: str | None = None

    def of(self, name: str) -> str | None:
        return self.filters.get(name) or None

    @property
    def base(self) -> str:
        return "" if self.project is None else f"/p/{self.project.name}"

    @property
    def its(self) -> Project:
        if self.project is None:  # the route of a list of a project always has one
            msg = "project"
            raise LookupError(msg)
        return self.project

    def may(self, least: AccessRole) -> bool:
        return self.who.may(least) if self.project is None else self.who.may(least, self.project.name)


@dataclass(frozen=True, slots=True)
class ListPart:
    """Some rows, the cursor after them, and how many there are in all where that is known.

    Of `capped` ones was counted no further than what `total` says.
    """

    rows: Sequence[Row]
    next: str | None = None
    total: int | None = None
    capped: bool = False
    drawn: Sequence[Row] = ()  # all rows, where the chart shows more than one page of them


@dataclass(frozen=True, slots=True)
class Listing:
    """`least` is the role that may read it; `head` stands above the rows, `buttons` beside each.

    `acts` (name and title) is what can be done with several rows at once: those of which `chosen` says what
    names them in the form.
    """

    slug: str
    title: str
    lead: str
    columns: tuple[Column, ...]
    read: Callable[[ListQuery], ListPart]
    empty: Callable[[ListQuery], str]
    filters: tuple[Filter, ...] = ()
    least: AccessRole = AccessRole.VIEWER
    buttons: Callable[[ListQuery, Row], Sequence[Button]] | None = None
    head: Callable[[ListQuery], Sequence[Button]] | None = None
    chart: Callable[[ListPart], str] | None = None  # SVG, made here and safe
    chosen: Callable[[ListQuery, Row], str | None] | None = None
    acts: Callable[[ListQuery], Sequence[tuple[str, str]]] | None = None


def portion(asked: ListQuery, every: Sequence[T]) -> tuple[Sequence[T], str | None]:
    """Of a list that is read as a whole those on the page that is asked for, and the cursor after them."""
    start = asked.after or "0"
    if not (start.isascii() and start.isdigit() and len(start) < 10):
        msg = "the cursor is not one that was given out"
        raise BadPayload(msg)
    end = int(start) + asked.limit
    return every[int(start) : end], str(end) if end < len(every) else None


def row_of(view: Any) -> dict[str, Any]:
    """A read model as a row: columns choose what is shown of it."""
    return {name: getattr(view, name) for name in view.__slots__}


def item_link(row: Row) -> str:
    """The page of the item of a row."""
    return f"/p/{row['project']}/items/{quote(str(row['item']), safe='')}"


def clean(listing: Listing, query: Mapping[str, str]) -> dict[str, str]:
    """The filters of an address; BadPayload where a value is none of those that there are."""
    result: dict[str, str] = {}
    for one in listing.filters:
        value = query.get(one.name, one.default)[: one.longest]
        if value and one.values and value not in (*one.values, "any"):
            raise BadPayload(f"{one.name}: {value!r} is none of {', '.join(one.values)}")
        if value and one.whole and not (value.isascii() and value.isdigit() and len(value) < 7):
            raise BadPayload(f"{one.name}: {value!r} is no whole number up to 999,999")
        if "\x00" in value:
            raise BadPayload(f"{one.name}: it holds a character that no text has")
        if value and not (value == "any" and one.values):
            result[one.name] = value
    return result


def address(path: str, listing: Listing, filters: Mapping[str, str], **more: str | None) -> str:
    """The address of a list under filters: in one order, without what says nothing."""
    pairs = []
    for one in listing.filters:
        value = filters.get(one.name, "")
        if one.default and not value:
            value = "any"
        if value and value != one.default:
            pairs.append((one.name, value))
    pairs += [(name, value) for name, value in more.items() if value]
    return f"{path}?{urlencode(pairs)}" if pairs else path


def query_of(listing: Listing, filters: Mapping[str, str]) -> str:
    """What follows the question mark in the address of a list under filters."""
    return address("", listing, filters).removeprefix("?")
