"""Evidence comes back from the store as it was, and rows of before it had a version are still read."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from connector.model import CorrectionEvidence, FlagEvidence, PersonDetail, ScanPlan, ScanReport

share = st.floats(0, 1)
text = st.text(max_size=8)
evidence = st.builds(
    FlagEvidence,
    blind=st.booleans(),
    given_probability=st.none() | share,
    near=st.lists(st.tuples(text, share), max_size=3).map(tuple),
    options=st.lists(text, max_size=3).map(tuple),
    others=st.lists(st.tuples(text, text), max_size=3).map(tuple),
    similar=st.lists(text, max_size=3).map(tuple),
    neighbours=st.lists(st.tuples(st.integers(1, 2**31), st.floats(0, 2)), max_size=3).map(tuple),
    about=st.none() | st.dictionaries(text, share, max_size=2),
)


@given(evidence)
def test_evidence_comes_back_as_it_was(kept: FlagEvidence) -> None:
    assert FlagEvidence.from_json(json.loads(json.dumps(kept.to_json()))) == kept


def test_rows_without_a_version_are_read() -> None:
    stored: dict[str, Any] = {
        "blind": True, "near": [["bird", 0.2]], "options": ["cat"], "others": [["ann", "dog"]],
    }  # fmt: skip
    assert FlagEvidence.from_json(stored) == FlagEvidence(
        True, None, (("bird", 0.2),), ("cat",), (("ann", "dog"),)
    )
    assert FlagEvidence.from_json({}) == FlagEvidence()


def test_what_a_correction_rests_on_comes_back_as_it_was() -> None:
    vote = {"reviewer": "rita", "label": "dog", "problems": [], "blind": False, "origin": None, "answer": "7"}
    kept = CorrectionEvidence("label_error", "both", "m", "dog", 0.9, 0.1, "scan", 0.95, (vote,))
    assert CorrectionEvidence.from_json(json.loads(json.dumps(kept.to_json()))) == kept
    old = {name: value for name, value in kept.to_json().items() if name not in ("version", "quality")}
    assert CorrectionEvidence.from_json(old).quality is None
    assert CorrectionEvidence.from_json({}) == CorrectionEvidence()


@given(
    st.builds(
        PersonDetail,
        seconds=st.none() | share,
        drift=st.none() | st.tuples(share, share, share),
        suggestions_taken=st.integers(0, 9),
        suggestions_shown=st.integers(0, 9),
        classes=st.lists(st.tuples(text, share, share, share, share), max_size=2).map(tuple),
        confusions=st.lists(st.tuples(text, text, share), max_size=2).map(tuple),
    )
)
def test_details_of_a_person_come_back_as_they_were(kept: PersonDetail) -> None:
    assert PersonDetail.from_json(json.loads(json.dumps(kept.to_json()))) == kept
    assert PersonDetail.from_json({}) == PersonDetail()


def test_a_report_of_a_scan_comes_back_and_one_of_before_it_had_a_version_is_read() -> None:
    kept = ScanReport(
        0.9, None, 0.01, "stated", {"cat": 0.8, "dog": None}, {"cat": 3}, {"overlap": 1}, {"outlier": "few"},
        {"trained_on": 6},
    )  # fmt: skip
    assert ScanReport.from_json(json.loads(json.dumps(kept.to_json()))) == kept
    old = {"accuracy": 0.9, "shards": 5, "looked": {"found": {"overlap": 1}, "not_looked_for": {}}}
    assert ScanReport.from_json(old) == ScanReport(
        accuracy=0.9, findings={"overlap": 1}, source={"shards": 5}
    )
    assert ScanReport.from_json({}) == ScanReport()


counts = st.integers(0, 99)
plans = st.builds(
    ScanPlan,
    classes=st.lists(text, max_size=3).map(tuple),
    source=text,
    method=text,
    model_version=st.none() | text,
    seq=counts,
    counted=counts,
    skipped=st.dictionaries(text, counts, max_size=2),
)


@given(plans)
def test_the_plan_of_a_shared_scan_comes_back_as_it_was(plan: ScanPlan) -> None:
    assert ScanPlan.from_json(json.loads(json.dumps(plan.to_json()))) == plan


def test_a_plan_of_the_first_version_is_read() -> None:
    old = {"classes": ["cat"], "source": "file", "method": "both", "version": "v7"}
    old |= {"seq": 1, "counted": 2, "skipped": {}}
    assert ScanPlan.from_json(old) == ScanPlan(("cat",), "file", "both", "v7", 1, 2)
