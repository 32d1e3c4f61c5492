"""What the steps of the loop say."""

from __future__ import annotations

import pytest

from connector.model.jobs import JobKind
from connector.wording.steps import step_sentences


def test_a_scan_says_what_it_planned_and_what_it_left_out() -> None:
    did = {"items": 1200, "flagged": 31, "planned": 20, "suppressed": 11, "controls": 0,
           "skipped": {"several_labels": 2, "missing": 0}, "warnings": ["few labels"]}  # fmt: skip
    assert step_sentences(JobKind.SCAN, "cats", did) == [
        "31 of 1,200 labels of cats are suspicious; 20 review tasks planned.",
        "11 suspicious labels not asked about now (policy.budget, old decisions).",
        "Not judged: 2 several labels.",
        "Note: few labels",
    ]


def test_controls_are_among_the_review_tasks_that_are_planned() -> None:
    did = {"items": 120, "flagged": 8, "planned": 9, "suppressed": 0, "controls": 1}
    assert step_sentences(JobKind.SCAN, "cats", did) == [
        "8 of 120 labels of cats are suspicious; 9 review tasks planned, 1 of them a control drawn at random."
    ]
    did = {"items": 120, "flagged": 1, "planned": 5, "suppressed": 0, "controls": 5}
    assert step_sentences(JobKind.SCAN, "cats", did) == [
        "1 of 120 labels of cats is suspicious; 5 review tasks planned, 5 of them controls drawn at random."
    ]


@pytest.mark.parametrize(
    ("kind", "did", "words"),
    [
        (JobKind.SCAN, {"scan": "a", "shards": 3}, "done in 3 parts by a running service"),
        (JobKind.SCAN, {"waits_for": "a"}, "under way"),
        (JobKind.SCAN, {"scan": "a", "done": "before"}, "done before"),
        (JobKind.PUSH, {"pushed": 1, "opened": 0, "overlaps_raised": 0, "withdrawn": 2, "link": "http://a"},
         "Created 1 review task for cats, 2 withdrawn."),
        (JobKind.COLLECT, {"reviews": 1, "votes": 2}, "Looked at 1 review task of cats: 2 new votes."),
        (JobKind.HOOKS, {}, "hooks cats: done"),
    ],
)  # fmt: skip
def test_other_ends_are_sentences_too(kind: JobKind, did: dict[str, object], words: str) -> None:
    assert words in step_sentences(kind, "cats", did)[0]
