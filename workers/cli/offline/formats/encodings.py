"""The encoding of a text that does not say it: marks, zeros between letters, and what a code page is not."""

from __future__ import annotations

import codecs
import re

MARKS = (  # the longer ones first: UTF-32's begins as UTF-16's does
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
GUESSED = "cp1252"  # Windows' western code page; the printable part of latin-1 is the same
UNUSED = frozenset(b"\x81\x8d\x8f\x90\x9d")  # cp1252 has no characters there
SAMPLE = 4096  # bytes that show whether every second one is zero
MOSTLY = 0.3  # of the sample
MOST_BROKEN = 0.1  # of the characters beyond ASCII: a text with as many that are not UTF-8 is in another code
RUN = re.compile(rb"[\x80-\xff]{2,}")
BEYOND = re.compile(rb"[\x80-\xff]")
WESTERN_RUNS = 0.5  # of the bytes beyond ASCII that stand side by side; in Western words they stand alone
OTHERS = ("cp1250", "cp1251", "gb18030", "shift_jis", "euc_kr", "big5", "cp1253", "cp1255", "cp1256", "cp874")
SHOWN_WORD = 12  # characters


def marked(content: bytes) -> str | None:
    """The encoding that the first bytes name."""
    return next((name for mark, name in MARKS if content.startswith(mark)), None)


def wide(content: bytes) -> str | None:
    """UTF-16 without a mark: every second byte of western text is zero."""
    sample = content[:SAMPLE]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if max(even, odd) < MOSTLY * len(sample) / 2 or min(even, odd) > 0:
        return None
    return "utf-16-le" if odd else "utf-16-be"


def mended(content: bytes) -> tuple[str, int] | None:
    """UTF-8 with a few characters broken, and how many; None where it is not mostly UTF-8."""
    text = content.decode("utf-8", "replace")
    n_broken = text.count("\ufffd")
    n_beyond = len(text) - len(text.encode("ascii", "ignore"))
    return (text, n_broken) if n_broken <= MOST_BROKEN * n_beyond else None


def is_western(content: bytes) -> bool:
    """Whether it can be of Western Europe: its letters beyond ASCII stand alone among the others.

    Cyrillic, Greek, Arabic, Chinese, ... in a code page of their own are runs of such bytes.
    """
    if 0 in content or UNUSED & set(content):
        return False
    n_in_runs = sum(len(run) for run in RUN.findall(content))
    return n_in_runs <= WESTERN_RUNS * len(BEYOND.findall(content))


def readings(content: bytes) -> list[tuple[str, str]]:
    """In which code pages all of it can be read, each with the first word that is not English."""
    result = []
    for name in OTHERS:
        try:
            text = content.decode(name)
        except UnicodeDecodeError:
            continue
        words = re.findall(r"[^\W\d_\x00-\x7f]{2,}", text)
        if words and all(sign.isprintable() or sign.isspace() for sign in text):
            result.append((name, words[0][:SHOWN_WORD]))
    return result
