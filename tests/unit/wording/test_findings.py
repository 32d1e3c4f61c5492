"""Every kind of finding has a title and a sentence, whatever labels and names look like."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.model.findings import FindingKind
from connector.wording import (
    ambiguity_question,
    conflict_question,
    disagreement_question,
    finding_sentence,
    finding_title,
    not_searched_text,
)

AT = "2026-03-01T09:00:00+00:00"


def facts(kind: FindingKind, name: str) -> list[dict[str, Any]]:
    """The facts of a kind, in each of its forms, with one name for everything that people name."""
    dated = {
        "label": name,
        "at": AT,
        "before": 0,
        "before_expected": 9.6,
        "after": 1234,
        "after_expected": 1.2,
    }
    group = {"group": name, "items": 40, "flagged": 10, "rest_share": 0.02}
    drift = {"annotator": name, "at": AT, "before": 50, "before_unlike": 1, "after": 50, "after_unlike": 20}
    statuses = ("unknown_class", "empty", "several", "unreadable", "cancelled")
    forms: dict[FindingKind, list[dict[str, Any]]] = {
        FindingKind.TAXONOMY_CHANGE: [{**dated, "change": c} for c in ("started", "stopped", "rose", "fell")],
        FindingKind.ANNOTATOR_DIFFERS: [
            {"annotator": name, "labels": 500, "unlike": 80, "expected": 20.4, "pairs": pairs}
            for pairs in ([[name, name, 3], [name, "b", 1]], [])
        ],
        FindingKind.ANNOTATOR_DRIFT: [{**drift, "worse": worse} for worse in (True, False)],
        FindingKind.WORSE_GROUP: [
            {**group, "factor": factor, "labels": [name]} for factor in (name, "month", "week", "cluster")
        ],
        FindingKind.OVERLAP: [
            {"first": name, "second": "b", "first_as_second": 3, "second_as_first": 4, "share": 0.1}
        ],
        FindingKind.IMBALANCE: [{"label": name, "items": 1, "share": 0.0002, "even": 0.1}],
        FindingKind.RARE_CLASS: [{"label": name, "items": n, "least": 5} for n in (0, 1, 3)],
        FindingKind.LABEL_CONFLICT: [
            {"label": name, "others": [[name, name]], "exact": exact, "count": 4} for exact in (True, False)
        ],
        FindingKind.DISAGREEMENT: [{"answers": [[name, 2], ["b", 1]], "given": name}],
        FindingKind.INVALID_LABEL: [
            {"status": status, "label": label, "annotator": who}
            for status in statuses
            for label, who in ((name, name), (None, None))
        ],
        FindingKind.OUTLIER: [{"times": 4.26, "by": by} for by in ("distance", "probabilities")],
        FindingKind.AMBIGUOUS: [
            {
                "first": name,
                "second": "b",
                "first_probability": 0.5,
                "second_probability": 0.48,
                "given": name,
            }
        ],
        FindingKind.NEAR_DUPLICATE: [{"others": [name], "exact": True, "count": n} for n in (1, 7)],
    }
    return forms[kind]


@pytest.mark.parametrize("kind", list(FindingKind))
@given(name=st.text(max_size=300))
def test_sentences_stand_on_one_line_and_end(kind: FindingKind, name: str) -> None:
    for each in facts(kind, name):
        sentence = finding_sentence(kind, each)
        assert sentence.isprintable()
        assert sentence[-1] in ".?"
        assert len(sentence) < 700
    assert finding_title(kind)


def test_sentences_read_well() -> None:
    told = {
        FindingKind.TAXONOMY_CHANGE: "'fox' is in use since 2026-03-01 only: given never before and "
        "1,234 times since; by the items themselves about 10 and 1 were to be expected. "
        "Was the guideline changed?",
        FindingKind.ANNOTATOR_DRIFT: "fox labels unlike the model more often since 2026-03-01: 1 of "
        "50 labels before, 20 of 50 since.",
        FindingKind.LABEL_CONFLICT: "Another item has the same content and another label: fox is labeled "
        "'fox', this one 'fox'.",
        FindingKind.IMBALANCE: "'fox' has 1 item, less than 0.1% of all; an even share would be 10.0%. "
        "Errors in it weigh more and are harder to find.",
        FindingKind.RARE_CLASS: "No item is labeled 'fox'.",
    }
    assert {kind: finding_sentence(kind, facts(kind, "fox")[0]) for kind in told} == told


def test_questions_ask() -> None:
    conflict = facts(FindingKind.LABEL_CONFLICT, "fox")[1]
    assert conflict_question(conflict).endswith("this one 'fox'. Please verify.")
    assert disagreement_question(facts(FindingKind.DISAGREEMENT, "fox")[0]) == (
        "Annotators disagree: 'fox' (2) and 'b' (1). Please decide."
    )
    assert "It is labeled 'fox'. Please verify." in ambiguity_question(facts(FindingKind.AMBIGUOUS, "fox")[0])


def test_what_was_not_looked_for_is_told_with_the_reason() -> None:
    kinds = [FindingKind.OUTLIER, FindingKind.AMBIGUOUS]
    assert not_searched_text(kinds, "there is nothing") == (
        "Not looked for: outliers and ambiguous items (there is nothing)."
    )
