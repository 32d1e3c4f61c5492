"""What the service knows of its reviewers, from planted people on the in-memory platform."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from connector import wording
from connector.config.project import ReviewerSettings
from connector.model import AnswerRow, DecidedLabel, GoldenItem, IssueKind, PersonSnapshot
from connector.model.jobs import JobKind
from connector.store.views.people import ReviewersView, reviewers_view, short_of_others
from tests.support.world import CLASSES, NAME, World
from workers.consensus.ballot import LEAST_WEIGHT
from workers.people.measure import measure

Build = Callable[..., World]
NOW = datetime(2026, 3, 2, tzinfo=UTC)


def row(task: str, who: str, label: str | None, **changes: Any) -> AnswerRow:
    known: dict[str, Any] = {
        "review_key": task, "reviewer": who, "label": label, "created_at": NOW, "item_id": hash(task) % 10**6,
        "blind": False, "given": "cat", "suggested": "dog",
    }  # fmt: skip
    return AnswerRow(**known | changes)


def golden(item_id: int, label: str) -> GoldenItem:
    return GoldenItem(item_id, 1, item_id, str(item_id), label, "cli", "me", NOW, NOW, None, None)


def known(
    answers: list[AnswerRow],
    labels: list[DecidedLabel] | None = None,
    truths: Mapping[int, GoldenItem] | None = None,
    **settings: Any,
) -> dict[str, PersonSnapshot]:
    found = measure(answers, labels or [], truths or {}, CLASSES, ReviewerSettings(**settings), NOW)
    return {one.person: one for one in found}


def test_nobody_answered() -> None:
    assert known([]) == {}


def test_two_accounts_of_one_person_have_one_answer_and_one_row() -> None:
    answers = [row("a", "3", "cat"), row("a", "17", "dog"), row("a", "4", "dog")]
    found = known(answers, same_person={"17": "3"})
    assert set(found) == {"3", "4"}
    assert found["3"].answers == 1


def test_only_the_first_answer_to_a_golden_item_is_measured() -> None:
    answers = [
        row("a", "3", "cat", item_id=7),
        row("b", "3", "dog", item_id=7, created_at=NOW + timedelta(1)),
    ]
    found = known(answers, truths={7: golden(7, "dog")})
    assert (found["3"].golden, found["3"].golden_right, found["3"].answers) == (1, 0, 1)


def test_a_problem_is_no_right_answer_to_a_golden_item_and_is_not_measured() -> None:
    found = known([row("a", "3", None, item_id=7)], truths={7: golden(7, "dog")})
    assert (found["3"].golden, found["3"].golden_right, found["3"].answers) == (1, 0, 0)
    assert found["3"].trusted


def test_speed_is_the_median_time_between_answers_without_breaks() -> None:
    moments = [0, 10, 30, 60, 60 + 7200, 60 + 7220]
    answers = [
        row(f"t{n}", "3", "cat", created_at=NOW + timedelta(seconds=at)) for n, at in enumerate(moments)
    ]
    assert known(answers)["3"].detail.seconds == 20


def test_one_who_got_worse_is_seen() -> None:
    truths = {n: golden(n, "cat") for n in range(200)}
    answers = [
        row(
            f"t{n:03}",
            "3",
            "cat" if n < 150 or n % 2 else "dog",
            item_id=n,
            created_at=NOW + timedelta(minutes=n),
        )
        for n in range(200)
    ]
    drift = known(answers, truths=truths)["3"].detail.drift
    assert drift is not None
    change, _, high = drift
    assert change == pytest.approx(-0.5)
    assert high < 0


def test_no_drift_is_told_from_few_answers() -> None:
    truths = {n: golden(n, "cat") for n in range(60)}
    answers = [row(f"t{n}", "3", "cat", item_id=n) for n in range(60)]
    assert known(answers, truths=truths)["3"].detail.drift is None


def test_votes_weigh_less_only_where_the_whole_interval_is_below_the_floor() -> None:
    rng = np.random.default_rng(1)
    truths = {n: golden(n, "cat") for n in range(100)}

    def answers(who: str, right: float, n: int) -> list[AnswerRow]:
        said = np.where(rng.random(n) < right, "cat", "dog")
        return [row(f"{who}{k}", who, str(label), item_id=k) for k, label in enumerate(said)]

    crowd = [one for k in range(4) for one in answers(f"good{k}", 0.95, 100)]
    found = known([*crowd, *answers("poor", 0.4, 100), *answers("new", 0.0, 5), *answers("fair", 0.68, 100)],
                  truths=truths)  # fmt: skip
    assert not found["poor"].trusted
    assert LEAST_WEIGHT <= found["poor"].weight < 0.3, "what is told of a vote is what it counts for"
    assert found["new"].trusted, "five answers are too few"
    assert found["fair"].trusted, "its interval reaches above the floor"
    assert {found[f"good{k}"].weight for k in range(4)} == {1.0}
    assert found["good0"].detail.classes[0][0] == "cat"


def test_labels_that_were_questioned_are_counted_for_their_annotator() -> None:
    def decided(outcome: str, kind: str = "label_error") -> DecidedLabel:
        return DecidedLabel("9", "i", 1, "1", kind, "cat", "dog", outcome, NOW)

    labels = [decided("accept"), decided("reject"), decided("unresolved"), decided("reject", "control")]
    found = known([], labels)["9"]
    assert (found.questioned, found.upheld, found.answers) == (2, 1, 0)


# --- in the service --------------------------------------------------------------------------------


def view(world: World) -> ReviewersView:
    with world.read() as unit:
        return reviewers_view(unit, world.project, world.settings.projects[NAME])


def reviewed(build: Build, n: int = 60, **sections: Any) -> World:
    """Many questions, answered: rita and ravi are right, "rolf" names whatever comes."""
    world = build(
        policy={"budget": 1000},
        review={"quorum": 3, "max_votes": 5},
        reviewers={"golden_share": 0.4, "trust_after": 20, **sections.pop("reviewers", {})},
        **sections,
    )
    world.some_right(each=20)
    truth = {f"{label} {k}": label for label in CLASSES for k in range(20)}
    for k in range(n):
        truly = ("dog", "cat")[k % 2]
        world.item(f"odd {k}", "cat", dog=0.9, cat=0.04, bird=0.06)
        truth[f"odd {k}"] = truly
    world.do(JobKind.SYNC)
    with world.services.store.begin() as unit:
        ids = [
            one.item_id
            for one in unit.items.labelled(world.project.id)
            if world.text_of(one.item_id)[:3] != "odd"
        ]
        texts = unit.items.data(ids)
        unit.golden.put(world.project.id, [(one, truth[texts[one]["text"]]) for one in ids], "cli", "me")
    world.do(JobKind.SCAN)
    world.do(JobKind.PUSH)
    rng = np.random.default_rng(7)

    def say(reviewer: str, text: str) -> dict[str, Any]:
        return {"label": str(rng.choice(CLASSES)) if reviewer == "rolf" else truth[text]}

    world.review_round(("rita", "ravi", "rolf"), say)
    world.settle()
    return world


@pytest.fixture
def lived(build: Build) -> World:
    world = reviewed(build)
    world.later(hours=2)
    return world


def test_a_reviewer_who_answers_at_random_is_found_and_told_of(lived: World) -> None:
    found = {one.person: one for one in view(lived).people}
    assert not found["rolf"].trusted
    assert found["rolf"].weight < 0.5
    assert found["rita"].trusted
    assert found["ravi"].reliability > 0.85
    assert [one for one in view(lived).warnings if "rolf" in one and "weigh" in one]


def test_it_is_told_once(lived: World) -> None:
    lived.later(hours=5)
    lived.later(hours=5)
    told = lived.audit("reviewer.weighs_less")
    assert [subject for _, subject, _ in told] == ["reviewer:rolf"]


def test_nobody_is_blocked(lived: World) -> None:
    """His answers are still taken and counted, with less weight."""
    with lived.read() as unit:
        rows = unit.people.answers(lived.project.id, 10_000)
    assert sum(1 for one in rows if one.reviewer == "rolf") > 50


def test_golden_answers_decide_nothing(lived: World) -> None:
    asked = [one for one in lived.issues() if one.kind is IssueKind.GOLDEN]
    assert asked
    with lived.read() as unit:
        assert all(unit.issues.decision(one.id) is None for one in asked)
        assert all(unit.corrections.all_of_issue(one.id) == [] for one in asked)


def test_each_day_has_its_figures_and_a_year_is_kept(lived: World) -> None:
    for _ in range(3):
        lived.later(days=1)
    with lived.read() as unit:
        days = [day for day, _ in unit.people.history(lived.project.id)["rita"]]
    assert days == sorted(set(days))
    assert len(days) == 4
    lived.clock.advance(days=400)
    lived.do(JobKind.REVIEWERS)
    with lived.read() as unit:
        assert len(unit.people.history(lived.project.id, days=10_000)["rita"]) == 1


def test_members_are_those_of_the_platform_or_those_expected(lived: World) -> None:
    assert view(lived).known_from == "platform"
    lived.reconfigure(reviewers={"expected": ["rita"]}, review={"quorum": 2})
    found = view(lived)
    assert (found.known_from, found.known_reviewers) == ("settings", 1)
    assert any("2 must agree" in one for one in found.warnings)


def test_two_accounts_of_one_person_are_one_reviewer(lived: World) -> None:
    before = view(lived).known_reviewers
    assert before is not None
    lived.reconfigure(reviewers={"same_person": {"rolf": "rita"}})
    assert view(lived).known_reviewers == before - 1


def test_it_is_counted_where_nobody_is_left_but_who_labeled_the_item(build: Build) -> None:
    world = build(review={"rule": "shares"}, reviewers={"expected": ["ann"]})
    world.some_right()
    world.wrong("odd", by="ann")
    world.wrong("other", by="zoe")
    world.settle()
    settings = world.settings.projects["animals"]
    with world.read() as unit:
        assert short_of_others(unit, world.project, settings, {"ann"}) == 1
        assert short_of_others(unit, world.project, settings, {"ann", "bob"}) == 0
    assert wording.own_answers(1).startswith("1 open question has nobody left but who labeled the item")
    assert wording.own_answers(0).startswith("others can review each open question")
    assert wording.own_answers(0, 0.8125).endswith("counts 0.81 of a vote")
    assert wording.own_answers(2, 1.0).endswith("whose answers count a whole vote")


def test_everybody_who_could_review_has_labeled_the_item(build: Build) -> None:
    """Nobody reviews their own label: where all have labeled it, the question waits in vain."""
    world = build(review={"quorum": 2}, reviewers={"expected": ["ann", "bob"]})
    world.some_right()
    world.wrong("odd", by="ann")
    world.wrong("other", by="zoe")
    world.settle()
    found = view(world)
    assert found.barred_tasks == 1
    assert any("1 review task waits in vain" in one for one in found.warnings)
