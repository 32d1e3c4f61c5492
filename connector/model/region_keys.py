"""How the key of a region is written: what the label types read, and what pages draw."""

from __future__ import annotations

import re

_NUMBER = r"-?\d+(?:\.\d+)?"
BOX_KEY = re.compile(
    rf"(?P<label>.+) (?P<x>{_NUMBER}),(?P<y>{_NUMBER}) (?P<w>{_NUMBER})x(?P<h>{_NUMBER})"
    rf"(?: @(?P<r>{_NUMBER}))? of (?P<width>{_NUMBER})x(?P<height>{_NUMBER})",
    re.DOTALL,
)
SPAN_KEY = re.compile(r'(?P<label>.+?) (?P<start>\d+)-(?P<end>\d+)(?: (?P<words>".*"))?', re.DOTALL)
NOTHING = "(nothing)"  # in the place of a class: here is none, or there should be none
