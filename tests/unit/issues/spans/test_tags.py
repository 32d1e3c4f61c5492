from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.issues.spans import read_tags, spans_of_tags

Spans = list[tuple[int, int, int, str]]


def spans(classes: list[str], *texts: str) -> Spans:
    tags = read_tags(classes)
    words = [text.split() for text in texts]
    tokens = np.array([classes.index(word) for text in words for word in text], dtype=int)
    result = spans_of_tags(tags, tokens, np.array([len(text) for text in words]))
    columns = (result.text, result.start, result.end, result.label)
    return [(t, a, b, tags.names[k]) for t, a, b, k in zip(*(c.tolist() for c in columns), strict=True)]


@pytest.mark.parametrize(
    ("classes", "text", "expected"),
    [
        (["O", "B-A", "I-A"], "B-A I-A B-A O I-A", [(0, 0, 2, "A"), (0, 2, 3, "A"), (0, 4, 5, "A")]),
        (["O", "A", "B"], "A A B O A", [(0, 0, 2, "A"), (0, 2, 3, "B"), (0, 4, 5, "A")]),
        (["O", "B-A", "I-A", "L-A", "U-A"], "U-A B-A L-A", [(0, 0, 1, "A"), (0, 1, 3, "A")]),
        (["O", "B-A", "I-A", "B-B", "I-B"], "B-A I-B", [(0, 0, 1, "A"), (0, 1, 2, "B")]),
        (["O", "B-O", "I-O"], "B-O I-O O", [(0, 0, 2, "O")]),
        (["O", "A"], "O O", []),
    ],
)
def test_tags_are_read_in_every_scheme(classes: list[str], text: str, expected: Spans) -> None:
    assert spans(classes, text) == expected


def test_texts_end_spans_and_empty_ones_keep_their_number() -> None:
    assert spans(["O", "B-A", "I-A"], "B-A", "", "I-A I-A") == [(0, 0, 1, "A"), (2, 0, 2, "A")]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 4), st.sampled_from(["A", "B"])), max_size=12))
def test_what_is_written_in_tags_is_read_back(pieces: list[tuple[int, int, str]]) -> None:
    words: list[str] = []
    expected: Spans = []
    for gap, length, name in pieces:
        words += ["O"] * gap
        expected.append((0, len(words), len(words) + length, name))
        words += [f"B-{name}"] + [f"I-{name}"] * (length - 1)
    assert spans(["O", "B-A", "I-A", "B-B", "I-B"], " ".join(words)) == expected
