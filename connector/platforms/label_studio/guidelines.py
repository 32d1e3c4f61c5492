"""The managed part of a project's instructions; all else in them belongs to people."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from connector.errors import Retryable
from connector.model import OwnerMark
from connector.platforms import ownership
from connector.platforms.label_studio.client import LabelStudioClient

BEGIN = '<div class="secondlook-begin"></div>'
OWNED_BEGIN = '<div class="secondlook-begin secondlook-owner-{}"></div>'
END = '<div class="secondlook-end"></div>'
_BEGIN = re.compile(r'<div class="?secondlook-begin(?: secondlook-owner-(?P<owner>[0-9a-f]+))?"?>\s*</div>')
_END = re.compile(r'<div class="?secondlook-end"?>\s*</div>')
# Added or dropped by the server's normalisation; they say nothing.
_IMPLIED = frozenset({"tbody"})


def read(client: LabelStudioClient, project_id: str) -> str:
    """The instructions as the server holds them."""
    return str(client.project(project_id, fields="id,expert_instruction").get("expert_instruction") or "")


def write(client: LabelStudioClient, project_id: str, block: str, owner: OwnerMark) -> str:
    """Put `block` between the marks; the whole as the server then has it."""
    now = read(client, project_id)
    ownership.require_block(owner, owner_of(now))
    wanted = replaced(now, block, owner.installation)
    if same(now, wanted):
        return now
    client.patch_project(project_id, {"expert_instruction": wanted})
    # Read again: what counts is what the server made of it.
    held = read(client, project_id)
    if outside(held) != outside(wanted) and not same(outside(held), outside(wanted)):
        raise Retryable("the project's instructions were edited while the guideline block was written")
    return held


def owner_of(html: str) -> str | None:
    """The installation that the managed block names."""
    span = _span(html)
    begin = None if span is None else _BEGIN.match(html, span[0])
    return None if begin is None else begin["owner"]


def replaced(html: str, block: str, owner: str | None = None) -> str:
    """The instructions with another managed block; without one for an empty block."""
    begin = BEGIN if owner is None else OWNED_BEGIN.format(owner)
    managed = f"{begin}{block}{END}" if block else ""
    span = _span(html)
    if span is None:
        return html + managed
    result = html[: span[0]] + managed + html[span[1] :]
    if not block and _span(result) is not None:
        # Stray marks would enclose people's text once ours are gone: keep ours, empty.
        return html[: span[0]] + BEGIN + END + html[span[1] :]
    return result


def outside(html: str) -> str:
    """Everything that is not ours."""
    span = _span(html)
    return html if span is None else html[: span[0]] + html[span[1] :]


def same(one: str, other: str) -> bool:
    """Whether two texts are the same but for the server's way to write HTML."""
    return one == other or _tokens(one) == _tokens(other)


def _span(html: str) -> tuple[int, int] | None:
    # From the last begin before an end: a lone begin, left by an edit, must not swallow people's text.
    for end in _END.finditer(html):
        begins = [begin.start() for begin in _BEGIN.finditer(html, 0, end.start())]
        if begins:
            return begins[-1], end.end()
    return None


def _tokens(html: str) -> list[tuple[str, ...]]:
    reader = _Tokens()
    reader.feed(html)
    reader.close()
    return reader.tokens


class _Tokens(HTMLParser):
    """Tags and words, as far as they carry meaning."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tokens: list[tuple[str, ...]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _IMPLIED:
            kept = sorted((name, value or "") for name, value in attrs if name in ("class", "title", "href"))
            self.tokens.append(("<", tag, *(f"{name}={value}" for name, value in kept)))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _IMPLIED:
            self.tokens.append((">", tag))

    def handle_data(self, data: str) -> None:
        if words := " ".join(data.split()):
            self.tokens.append((words,))
