"""What detectors are given, what they say where inputs are missing, and how their findings are listed."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.model.findings import FindingKind
from connector.model.reasons import NotSearched
from workers.detect.findings import Answered, Factor, LabelledRows, detect_findings
from workers.detect.findings.draft import MOST
from workers.detect.findings.rows import NO_GROUP, FactorBuilder, calendar, digest_of
from workers.issues import label_issues

DAY = 86_400.0
SPRING = 1_772_323_200.0  # 2026-03-01


def seen(n: int = 400, k: int = 4, *, sure: float = 3.0, seed: int = 0) -> LabelledRows:
    """Items of which everything is known, and nothing is wrong."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, k, n)
    scores = rng.normal(size=(n, k))
    scores[np.arange(n), truth] += sure
    probs = np.exp(2 * scores)
    probs /= probs.sum(axis=1, keepdims=True)
    people = rng.integers(0, 3, n)
    times = SPRING + rng.uniform(0, 90 * DAY, n)
    return LabelledRows(
        classes=tuple(f"class {c}" for c in range(k)),
        names=[f"item {row}" for row in range(n)],
        labels=truth,
        least=5,
        probs=probs,
        issues=label_issues(truth, probs),
        features=rng.normal(size=(n, 12)) + 2,
        digests=np.arange(1, n + 1, dtype=np.uint64),
        answered=Answered(np.arange(n), people, truth, times, ("ann", "ben", "cas")),
        times=times,
        factors={"source": Factor(rng.integers(0, 4, n), ("a", "b", "c", "d"))},
    )


def test_data_in_which_nothing_is_wrong_yields_next_to_nothing() -> None:
    found = [detect_findings(seen(seed=seed)).totals for seed in range(5)]
    about_all = [kind for totals in found for kind in list(FindingKind)[:8] if totals.get(kind)]
    assert len(about_all) <= 1
    assert all(not totals[FindingKind.OUTLIER] and not totals[FindingKind.NEAR_DUPLICATE] for totals in found)


def test_every_kind_is_looked_for_or_said_not_to_be() -> None:
    everything = detect_findings(seen())
    assert set(everything.totals) | set(everything.not_searched) == set(FindingKind) - {
        FindingKind.INVALID_LABEL
    }
    assert set(everything.not_searched) == {FindingKind.DISAGREEMENT}
    bare = detect_findings(LabelledRows(("a", "b"), ["1", "2"], np.array([0, 0]), 1))
    assert set(bare.totals) == {FindingKind.RARE_CLASS, FindingKind.IMBALANCE}
    nothing = detect_findings(LabelledRows(("a", "b"), [], np.empty(0, dtype=np.int64), 1))
    assert set(nothing.not_searched.values()) == {NotSearched.NO_LABELS}


@pytest.mark.parametrize(
    ("missing", "kind", "why"),
    [
        ({"times": None}, FindingKind.TAXONOMY_CHANGE, NotSearched.NO_DATES),
        ({"answered": None}, FindingKind.ANNOTATOR_DIFFERS, NotSearched.NO_ANNOTATORS),
        ({"probs": None, "issues": None}, FindingKind.OVERLAP, NotSearched.NO_PROBABILITIES),
        ({"features": None, "digests": None}, FindingKind.NEAR_DUPLICATE, NotSearched.NO_FEATURES),
        ({"features": None, "times": None, "factors": {}}, FindingKind.WORSE_GROUP, NotSearched.NO_GROUPS),
    ],
)
def test_what_is_missing_is_named(missing: dict[str, object], kind: FindingKind, why: str) -> None:
    assert detect_findings(replace(seen(), **missing)).not_searched[kind] == why


def test_a_weak_model_is_not_believed_about_the_data() -> None:
    weak = detect_findings(seen(sure=0.1))
    assert weak.not_searched[FindingKind.AMBIGUOUS] == NotSearched.WEAK_MODEL
    assert weak.not_searched[FindingKind.ANNOTATOR_DRIFT] == NotSearched.WEAK_MODEL
    assert FindingKind.NEAR_DUPLICATE in weak.totals


def test_outliers_are_found_by_probabilities_where_there_are_no_features() -> None:
    strange = seen(2000, sure=5.0)
    assert strange.probs is not None
    strange.probs[7] = 1 / 4
    drafts = detect_findings(replace(strange, features=None)).of(FindingKind.OUTLIER)
    assert [draft.facts["by"] for draft in drafts] == ["probabilities"] * len(drafts)
    assert len(drafts) < 60


def test_a_group_that_holds_all_flags_has_facts_that_can_be_stored() -> None:
    calm = seen()
    assert calm.issues is not None
    bad = np.arange(len(calm)) < 40
    group = Factor(bad.astype(np.int64), ("good", "bad"))
    found = detect_findings(replace(calm, issues=replace(calm.issues, mask=bad), factors={"month": group}))
    (worse,) = [one for one in found.of(FindingKind.WORSE_GROUP) if one.facts["group"] == "bad"]
    assert worse.facts["factor"] == "data.month"  # beside the months in which labels were given
    assert worse.facts["times"] is None  # as often as elsewhere, where there is none
    json.dumps([draft.facts for draft in found.drafts], allow_nan=False)


def test_a_kind_is_listed_up_to_a_limit_and_counted_whole() -> None:
    many = seen(MOST + 500)
    found = detect_findings(
        replace(many, features=None, digests=np.full(len(many), 9, dtype=np.uint64), labels=many.labels)
    )
    conflicts = found.of(FindingKind.LABEL_CONFLICT)
    assert len(conflicts) == MOST
    assert found.totals[FindingKind.LABEL_CONFLICT] == MOST + 500
    scores = [draft.score for draft in conflicts]
    assert scores == sorted(scores, reverse=True)
    stored = found.to_store(1, "scan", range(len(many)))
    assert [one.item_id for one in stored if one.kind is FindingKind.LABEL_CONFLICT][:3] == [
        draft.row for draft in conflicts[:3]
    ]


# --- what they are given -----------------------------------------------------------------------------


def test_fields_with_few_values_divide_the_items() -> None:
    builder = FactorBuilder(100, ["text"])
    for row in range(100):
        data = {
            "text": "same", "source": "ab"[row % 2], "number": row, "page": row % 3, "long": "x" * 81,
            "list": [1], "one": "same", "flag": row % 2 == 0,
        }  # fmt: skip
        builder.add(row, data if row < 90 else {"source": None, "seldom": row % 2})
    found = builder.factors()
    assert set(found) == {"source", "page", "flag"}
    assert found["source"].names == ("a", "b")
    assert found["source"].groups[[0, 1, 95]].tolist() == [0, 1, NO_GROUP]


@given(st.text(), st.text())
def test_content_is_equal_where_words_are(first: str, second: str) -> None:
    same = digest_of({"t": first}, ["t"]) == digest_of({"t": f"\n{second} "}, ["t"])
    assert same == (first.split() == second.split())


def test_content_is_what_people_see_and_may_be_missing() -> None:
    assert digest_of({"t": "a", "id": 1}, ["t"]) == digest_of({"t": "a", "id": 2}, ["t"]) != 0
    assert digest_of({"id": 1}, ["t"]) == digest_of({"t": ""}, ["t"]) == digest_of({"t": []}, ["t"]) == 0
    assert digest_of({"a": "x", "b": "y"}, ["a", "b"]) != digest_of({"a": "xy", "b": ""}, ["a", "b"])


def test_dates_make_months_or_weeks() -> None:
    months = calendar(SPRING + DAY * np.array([0.0, 40.0, np.nan, 41.0]))
    assert months["month"].names == ("2026-03", "2026-04")
    assert months["month"].groups.tolist() == [0, 1, NO_GROUP, 1]
    assert calendar(SPRING + DAY * np.array([1.0, 9.0]))["week"].names == ("2026-W10", "2026-W11")
    assert calendar(np.array([SPRING, SPRING + 5])) == {}
    assert calendar(np.array([np.nan])) == {}
