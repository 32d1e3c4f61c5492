"""An HTML text as a page renders it: its characters, and the node that each of them lies in. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser

SILENT = frozenset({"script", "style"})
_VOID = frozenset({"br", "hr", "img", "wbr"})
_IN_LINES = (
    "a abbr b bdi bdo big cite code del dfn em font i ins kbd label mark q s samp small span strike strong "
    "sub sup time tt u var"
)
_IN_BLOCKS = (
    "address article aside blockquote center dd details div dl dt fieldset figcaption figure footer "
    "h1 h2 h3 h4 h5 h6 header hr li main nav ol p section summary table ul"
)
_INLINE, _BLOCK = frozenset(_IN_LINES.split()), frozenset(_IN_BLOCKS.split())
_WITHIN = {
    **dict.fromkeys(("caption", "thead", "tbody", "tfoot"), ("table",)),
    "tr": ("thead", "tbody", "tfoot"),
    **dict.fromkeys(("td", "th"), ("tr",)),
}
# What a page's parser closes before it opens another, and where it moves words out.
_CLOSED_BY_ITSELF = frozenset({"a", "li", "dd", "dt", "h1", "h2", "h3", "h4", "h5", "h6"})
_WORDLESS = frozenset({"table", "thead", "tbody", "tfoot", "tr"})


@dataclass(frozen=True, slots=True)
class TextNode:
    """Characters without markup among them; `path` is their XPath below what the page puts the HTML into."""

    path: str
    start: int  # in the text, in code points
    text: str

    @property
    def end(self) -> int:
        """Where it ends; what comes next begins there."""
        return self.start + len(self.text)


@dataclass(frozen=True, slots=True)
class HtmlText:
    """`nodes` is None where a page's parser would build another tree than the markup says."""

    text: str
    nodes: Sequence[TextNode] | None


def html_text(html: str) -> HtmlText:
    """The characters between tags, entities decoded; of the tags only a line break counts, as one character.

    So counts the editor's `globalOffsets` (read in Label Studio 1.23.2, and drawn).
    """
    reader = _TextReader()
    reader.feed(html.replace("\r\n", "\n").replace("\r", "\n"))
    reader.close()
    return HtmlText(
        "".join(reader.parts), reader.nodes if reader.is_plain and len(reader.open) == 1 else None
    )


@dataclass(slots=True)
class _Open:
    """An element whose end has not come yet; `children` counts those of each name."""

    tag: str
    path: str
    children: Counter[str] = field(default_factory=Counter)

    def path_of(self, name: str) -> str:
        """The XPath of one more child."""
        self.children[name] += 1
        return f"{self.path}/{name}[{self.children[name]}]"


class _TextReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.nodes: list[TextNode] = []
        self.parts: list[str] = []
        self._length = 0
        self.open = [_Open("", "")]
        self.is_plain = True
        self._goes_on = False  # whether more characters belong to the last node, as after a comment

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - of the base
        self._goes_on = False
        self.is_plain &= self._stays_in_place(tag)
        path = self.open[-1].path_of(tag)
        if tag == "br":
            self._count("\n")
        if tag not in _VOID:
            self.open.append(_Open(tag, path))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.is_plain &= tag in _VOID
        super().handle_startendtag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        self._goes_on = False
        if tag in _VOID:
            return
        self.is_plain &= self.open[-1].tag == tag
        at = next((n for n in range(len(self.open) - 1, 0, -1) if self.open[n].tag == tag), None)
        if at is not None:
            del self.open[at:]

    def handle_data(self, data: str) -> None:
        parent = self.open[-1]
        if parent.tag in SILENT:
            return
        self.is_plain &= parent.tag not in _WORDLESS or not data.strip()
        if self._goes_on:
            last = self.nodes.pop()
            self.nodes.append(TextNode(last.path, last.start, last.text + data))
        else:
            self.nodes.append(TextNode(parent.path_of("text()"), self._length, data))
        self._count(data)
        self._goes_on = True

    def _count(self, shown: str) -> None:
        self.parts.append(shown)
        self._length += len(shown)

    def _stays_in_place(self, tag: str) -> bool:
        """Whether a page's parser leaves an element where the markup has it."""
        parent = self.open[-1].tag
        if tag in _WITHIN:
            return parent in _WITHIN[tag]
        above = {one.tag for one in self.open}
        if (tag in _CLOSED_BY_ITSELF and tag in above) or parent in _WORDLESS:
            return False
        return tag in _INLINE or tag in _VOID or (tag in _BLOCK and "p" not in above)
