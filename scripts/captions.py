"""Writes the tables of rooms in docs/architecture.md: the first sentence of each room's docstring.

`python scripts/captions.py` writes the page; `--check` only compares, and exits with 1 where they differ.
"""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "architecture.md"
PACKAGES = ("connector", "workers")


def rooms(package: str) -> list[tuple[str, str]]:
    """What stands at the top of a package, by name, with its caption."""
    folder = ROOT / package
    modules = [path for path in folder.glob("*.py") if path.name != "__init__.py"]
    entries = [(f"{path.parent.name}/", path) for path in folder.glob("*/__init__.py")]
    entries += [(path.name, path) for path in modules]
    return sorted((name, caption(path)) for name, path in entries)


def caption(path: Path) -> str:
    """The first paragraph of a module's docstring, on one line."""
    text = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    return " ".join(text.split("\n\n")[0].split())


def table(package: str) -> str:
    lines = [f"| `{package}/` | caption |", "|---|---|"]
    return "\n".join([*lines, *(f"| `{name}` | {words} |" for name, words in rooms(package))])


def page(text: str) -> str:
    """The page with its tables made anew."""
    for package in PACKAGES:
        old = re.compile(rf"^\| `{package}/` \| caption \|\n\|---\|---\|\n(?:\|.*\n)*", re.MULTILINE)
        text = old.sub(lambda _, package=package: table(package) + "\n", text)
    return text


def main() -> int:
    text = PAGE.read_text("utf-8")
    if "--check" in sys.argv:
        return int(page(text) != text)
    PAGE.write_text(page(text), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
