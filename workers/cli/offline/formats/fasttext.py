"""Lines of fastText: `__label__spam buy now`."""

from __future__ import annotations

from workers.cli.offline.formats.entries import FileEntries, FileEntry
from workers.cli.offline.formats.source import InputFile, text_of

MARK = "__label__"


def is_fasttext(content: bytes) -> bool:
    """Whether the first line begins with a label."""
    return content.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(MARK.encode())


def read(source: InputFile) -> FileEntries:
    """A row for each line that is not blank."""
    text, notes = text_of(source)
    lines = enumerate(text.splitlines(), start=1)
    return FileEntries(tuple(FileEntry(f"line {n}", _row(line)) for n, line in lines if line.strip()), notes)


def _row(line: str) -> dict[str, object]:
    words = line.split()
    labels = [word.removeprefix(MARK) for word in words if word.startswith(MARK)]
    rest = " ".join(word for word in words if not word.startswith(MARK))
    return {"text": rest, "label": labels[0] if len(labels) == 1 else labels}
