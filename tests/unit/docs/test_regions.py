"""The examples of the page on boxes and spans do what it says."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from tests.unit.docs.pages import ROOT


def test_the_examples_run_and_find_what_they_say() -> None:
    names: dict[str, Any] = {}
    page = (ROOT / "docs" / "regions.md").read_text("utf-8")
    for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        exec(block, names)  # noqa: S102 - our own page
    assert names["boxes"].findings.box[0].tolist() == [200, 40, 260, 90, 0]
    spans = names["spans"].predicted
    assert (spans.start[0], spans.end[0]) == (1, 3)
    agreed = names["agreed"]
    assert np.array_equal(agreed.boxes[agreed.kept], [[11, 9, 60.5, 61, 0]])
    assert agreed.support.tolist() == [2 / 3]


def test_each_odd_input_has_the_tests_that_it_names() -> None:
    page = (ROOT / "docs" / "regions.md").read_text("utf-8")
    named = set(re.findall(r"`(test_\w+)`", page.partition("## Odd input")[2]))
    defined = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text("utf-8"), re.MULTILINE)
    }
    assert len(named) > 30
    assert named <= defined, sorted(named - defined)
