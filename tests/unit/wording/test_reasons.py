"""Reasons are stored as codes and said in words; what is no code is said as it stands."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from enum import Enum, StrEnum
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector.model.reasons import (
    REOPENED,
    CleanVerdict,
    HeldBack,
    LetGo,
    NotCounted,
    NotJudged,
    NotReopened,
    NotSearched,
    NotWritten,
    QualityAlarm,
    ScanDoubt,
    coded,
    decoded,
)
from connector.wording import decision_reason, reason_text, reason_texts, reopened
from connector.wording.reasons import CALLED, WORDED_BY, quality_texts
from workers.consensus.quorum import Reason
from workers.issues.triage import Suppressed

WITH_PARAMETERS = {
    LetGo.REFUSED,
    NotWritten.DISCARDED,
    NotWritten.NOT_REVERTED,
    NotWritten.ARRIVED_LATE,
    NotWritten.OTHER_LABEL,
    NotJudged.UNUSABLE_PREDICTION,
    NotJudged.UNREADABLE,
    NotJudged.OTHER_CONTROL,
    *(set(ScanDoubt) - {ScanDoubt.JUDGED_BY_TYPE}),
}
KINDS: tuple[type[StrEnum], ...] = (
    HeldBack,
    LetGo,
    NotCounted,
    NotSearched,
    NotWritten,
    NotReopened,
    NotJudged,
    ScanDoubt,
)


PLAIN = [code for kind in KINDS for code in kind if code not in WITH_PARAMETERS]


@pytest.mark.parametrize("code", PLAIN)
def test_each_code_without_parameters_has_words_in_one_plain_line(code: StrEnum) -> None:
    said = reason_text(code)
    assert " " in said or code is NotCounted.SKIPPED
    assert said.isprintable()
    assert not said.endswith(".")


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        (coded(NotWritten.OTHER_LABEL, now="bird"), "the item carries 'bird' now"),
        (coded(NotWritten.OTHER_LABEL, now=None), "the item carries no label now"),
        (coded(LetGo.REFUSED, said="HTTP 400"), "the platform refused the review task: HTTP 400"),
        (
            coded(NotWritten.DISCARDED, by="cli:ada"),
            "held for a person to look at, and discarded by 'cli:ada'",
        ),
        (coded(NotWritten.NOT_REVERTED, said="it changed"), "not reverted: it changed"),
        (
            coded(NotWritten.ARRIVED_LATE, said="it carried {7}"),
            "it arrived late, and stands over a change by somebody else: it carried {7}",
        ),
        (coded(NotJudged.UNUSABLE_PREDICTION, why="bad_sum"), "prediction: bad sum"),
        (
            coded(NotJudged.UNUSABLE_PREDICTION, why="not_every_class"),
            "prediction: not a probability of every class",
        ),
        (coded(NotJudged.UNREADABLE, why="wrong_length"), "wrong length"),
        (coded(ScanDoubt.INPUT_ODD, said="3 rows {odd}"), "3 rows {odd}"),
        (
            coded(ScanDoubt.RARE_CLASSES, classes=[("bird", 2)], more=3, n_folds=5),
            (
                "4 classes have fewer items than the 5 folds, so their probabilities mean little: "
                "class (items) 'bird' (2) and 3 more"
            ),
        ),
        (
            coded(NotJudged.OTHER_CONTROL, control="mood", kind="several_choices"),
            "answers to 'mood' (several choices, not judged yet)",
        ),
    ],
)
def test_parameters_stand_in_the_words(stored: str, said: str) -> None:
    assert reason_text(stored) == said


@pytest.mark.parametrize("reason", list(Reason))
def test_the_reason_of_a_decision_is_said_as_it_was_before_it_was_a_code(reason: Reason) -> None:
    facts: dict[str, Any] = {"votes": ["dog", "dog"], "label": "dog", "given": "cat", "probability": 0.93}
    stored = coded(reason.value, **facts)
    said = decision_reason(reason.value, *facts.values())
    assert reason_text(stored) == said
    assert reason_text(coded(REOPENED, was=stored, votes=["cat"])) == reopened(said, ["cat"])


@pytest.mark.parametrize(
    "text",
    ["HTTP 400", "", "no such code", "unknown_code", 'refused {"by": "x"}', "refused {broken}", "refused"],
)
def test_what_is_no_code_of_ours_is_said_as_it_stands(text: str) -> None:
    assert reason_text(text) == text


def test_nothing_stays_nothing() -> None:
    assert reason_text(None) is None


@given(st.text())
def test_any_parameter_comes_back(said: str) -> None:
    assert decoded(coded(LetGo.REFUSED, said=said)) == (LetGo.REFUSED.value, {"said": said})


def test_what_triage_holds_back_has_a_code_each() -> None:
    assert {code.value for code in Suppressed} == {code.value for code in HeldBack}


def test_each_doubt_of_a_scan_and_what_quality_comes_to_is_worded_by_a_sentence_of_its_own() -> None:
    assert set(WORDED_BY) == {*ScanDoubt, *CleanVerdict, *QualityAlarm} - {ScanDoubt.JUDGED_BY_TYPE}


def test_stored_figures_of_quality_are_worded_when_shown() -> None:
    alarm = coded(QualityAlarm.CLASS_LOSING, label="cat", held=2)
    outlook = {"high": 0.5, "target": 0.01, "likely": None, "anytime": 1.0, "needed": None}
    verdict = coded(
        CleanVerdict.NOT_CLEAN_ENOUGH, items=10, waiting=1, wrong=1, controls=2, unwritten=0, **outlook
    )
    assert quality_texts({"items": 10, "verdict": verdict, "alarms": [alarm]}) == {
        "items": 10,
        "verdict": "Not yet clean enough: up to 50.0% of 10 labels can be wrong (target 1.0%). "
        "Of 2 controls, 1 was wrong; 1 item is flagged and not decided.",
        "alarms": [
            (
                "Corrections that take labels from the class 'cat' wait for a person; 2 corrections are "
                "held. See `secondlook held list`, then release or discard them."
            )
        ],
    }


@pytest.mark.parametrize(
    ("needed", "words"),
    [
        (None, "No number of controls shows 1.0% while they are answered as those so far"),
        (1, "1 more control, answered as those so far, and the flags that wait show 1.0%"),
        (1200, "1,200 more controls, answered as those so far, and the flags that wait show 1.0%"),
    ],
)
def test_what_is_likeliest_and_how_many_answers_are_missing_stand_beside_the_bound(
    needed: int | None, words: str
) -> None:
    verdict = coded(
        CleanVerdict.NOT_CLEAN_ENOUGH,
        items=10,
        waiting=1,
        wrong=0,
        controls=8,
        unwritten=0,
        high=0.37,
        target=0.01,
        likely=0.004,
        anytime=0.5,
        needed=needed,
    )
    text = quality_texts({"verdict": verdict})["verdict"]  # type: ignore[index]
    assert "up to 37.0% of 10 labels can be wrong (target 1.0%)" in text
    assert f"Likeliest: 0.4%; at any look at most 50.0% (95%). {words}" in text


def test_figures_of_quality_that_an_earlier_version_stored_are_shown_as_they_stand() -> None:
    old = {"items": 3, "verdict": "Not yet clean enough: up to 5%.", "alarms": ["Look at `held list`."]}
    assert quality_texts(old) == old
    assert quality_texts(None) is None


def test_what_an_earlier_version_warned_of_is_said_as_it_stands() -> None:
    assert reason_texts(["few labels", "class 'a' (3)"]) == ("few labels", "class 'a' (3)")


def calls_of_coded() -> Iterator[tuple[str, set[str]]]:
    """Each `coded(Kind.NAME, key=...)` of the product whose parameters are all named there."""
    for path in [*Path("connector").rglob("*.py"), *Path("workers").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                continue
            kind = node.args[0] if node.func.id == "coded" and node.args else None
            names = [each.arg for each in node.keywords]
            if isinstance(kind, ast.Attribute) and names and None not in names:
                yield kind.attr, {str(name) for name in names}


def test_what_is_stored_of_a_code_is_what_its_words_ask_for() -> None:
    stored = list(calls_of_coded())
    words = {code.name: CALLED[code] for code in CALLED if isinstance(code, Enum)}
    bound = [
        inspect.signature(words[name]).bind(**dict.fromkeys(names))
        for name, names in stored
        if name in words and inspect.isfunction(words[name])
    ]
    assert len(bound) > 10
