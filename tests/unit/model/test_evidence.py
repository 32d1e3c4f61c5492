"""Evidence comes back from the store as it was, and rows of before it had a version are still read."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from connector.model import CorrectionEvidence, Evidence

share = st.floats(0, 1)
text = st.text(max_size=8)
evidence = st.builds(
    Evidence,
    blind=st.booleans(),
    given_probability=st.none() | share,
    near=st.lists(st.tuples(text, share), max_size=3).map(tuple),
    options=st.lists(text, max_size=3).map(tuple),
    others=st.lists(st.tuples(text, text), max_size=3).map(tuple),
    similar=st.lists(text, max_size=3).map(tuple),
    about=st.none() | st.dictionaries(text, share, max_size=2),
)


@given(evidence)
def test_evidence_comes_back_as_it_was(kept: Evidence) -> None:
    assert Evidence.from_json(json.loads(json.dumps(kept.to_json()))) == kept


def test_rows_without_a_version_are_read() -> None:
    stored: dict[str, Any] = {
        "blind": True, "near": [["bird", 0.2]], "options": ["cat"], "others": [["ann", "dog"]],
    }  # fmt: skip
    assert Evidence.from_json(stored) == Evidence(True, None, (("bird", 0.2),), ("cat",), (("ann", "dog"),))
    assert Evidence.from_json({}) == Evidence()


def test_what_a_correction_rests_on_comes_back_as_it_was() -> None:
    vote = {"reviewer": "rita", "label": "dog", "problems": [], "blind": False, "origin": None, "answer": "7"}
    kept = CorrectionEvidence("label_error", "both", "m", "dog", 0.9, 0.1, "scan", 0.95, (vote,))
    assert CorrectionEvidence.from_json(json.loads(json.dumps(kept.to_json()))) == kept
    old = {name: value for name, value in kept.to_json().items() if name not in ("version", "quality")}
    assert CorrectionEvidence.from_json(old).quality is None
    assert CorrectionEvidence.from_json({}) == CorrectionEvidence()
