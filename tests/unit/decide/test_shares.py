"""The default rule of decision in the service: most reviewers, asked without end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from connector.actions.golden import Line, store
from connector.actions.held import discard
from connector.config.project import DecisionRule, ReviewSettings
from connector.config.project.review import FIRST_CHANGES_ASK
from connector.model import (
    CorrectionState,
    DispositionKind,
    Issue,
    IssueKind,
    IssueState,
    LabelSchema,
    Outcome,
    ReviewState,
    Vote,
)
from connector.model.jobs import JobKind
from connector.model.reasons import NotCounted, QualityAlarm
from tests.support.world import CLASSES, World
from workers.consensus.ballot import QuorumVote
from workers.consensus.shares import End, PositionRole, SharePrior, fit
from workers.decide.ballots import Ballots
from workers.decide.learned import answered_twice, learn
from workers.decide.shares import counted_answers, crowd_rules, drawn
from workers.review.quality.crowd import KnownCrowd, pairs_of, stored
from workers.review.quality.figures import figures
from workers.review.quality.own_answers import OWN_WEIGHT, AnsweredTwice

NOTHING = KnownCrowd(SharePrior(), 0, 0)
BALLOTS = Ballots(None, str, 2)
Build = Callable[..., World]
PEOPLE = [f"reviewer {n}" for n in range(15)]
SHARES = {"rule": "shares", "calibration_share": 0.0}


def asking_in(world: World, *names: str) -> World:
    world.some_right()
    for name in names or ("odd",):
        world.wrong(name, given="cat", truly="dog")
    world.settle()
    return world


@pytest.fixture
def asking(build: Build) -> World:
    return asking_in(build(review=SHARES))


def say(world: World, text: str, *labels: str) -> None:
    """One answer after the other, each taken in before the next."""
    for number, label in enumerate(labels):
        world.answer(text, PEOPLE[number], label)
        world.later(seconds=61)


# --- which rule holds --------------------------------------------------------------------------


def test_shares_decide_unless_votes_are_to_be_counted() -> None:
    assert ReviewSettings().decided_by is DecisionRule.SHARES
    assert ReviewSettings(quorum=3).decided_by is DecisionRule.QUORUM
    assert ReviewSettings(confidence=0.9).decided_by is DecisionRule.QUORUM
    assert ReviewSettings(rule=DecisionRule.SHARES, quorum=2).decided_by is DecisionRule.SHARES
    assert (ReviewSettings().most_votes, ReviewSettings(quorum=2).most_votes) == (15, 3)


def test_the_settings_set_how_sure_a_decision_must_be() -> None:
    strict = crowd_rules(ReviewSettings(harm_limit=0.0001), NOTHING).policy
    usual = crowd_rules(ReviewSettings(), NOTHING).policy
    cheap = crowd_rules(ReviewSettings(votes_per_question=1), NOTHING).policy
    fixed = crowd_rules(ReviewSettings(change_confidence=0.6, keep_confidence=0.7), NOTHING).policy
    assert usual.most_spoiled > strict.most_spoiled
    assert cheap.price > usual.price == 0
    assert (fixed.change_confidence, fixed.keep_confidence) == (0.6, 0.7)
    both = crowd_rules(ReviewSettings(change_confidence=0.6, harm_limit=0.0001), NOTHING).policy
    assert fixed.most_spoiled == 1
    assert both.most_spoiled <= strict.most_spoiled


def test_own_answers_that_mean_the_given_label_are_no_contradiction(asking: World) -> None:
    ratings = LabelSchema("stars", "text", tuple("12345"), (), "rating")
    issue = replace(asking.issue("odd"), given="3", suggested="1")

    def answer(who: str, label: str, *, own: bool) -> Vote:
        reason = NotCounted.OWN_LABEL if own else None
        now = datetime(2026, 1, 1, tzinfo=UTC)
        return Vote("key", who, who, label, (), None, now, now, False, None, not own, reason)

    votes = [answer("ann", "4", own=True), answer("bob", "3", own=False), answer("eve", "1", own=False)]
    assert answered_twice(issue, votes, Ballots(ratings, str, 2)) == AnsweredTwice(1, 0, 2, 1)
    assert answered_twice(issue, votes, BALLOTS) == AnsweredTwice(1, 1, 2, 1)


# --- what was known before anyone was asked ----------------------------------------------------


def test_labels_of_other_annotators_are_answers_that_count_for_half_and_decide_nothing_alone(
    asking: World,
) -> None:
    rules = crowd_rules(ReviewSettings(), NOTHING)
    bare = asking.issue("odd")
    annotated = replace(bare, evidence=replace(bare.evidence, others=(("bob", "cat"), ("eve", "cat"))))

    def stated(issue: Issue, *voters: str) -> tuple[End, float]:
        ballot = [QuorumVote(who, "cat") for who in voters]
        conclusion, probabilities = rules.weigh("key", issue, ballot, {}, BALLOTS, frozenset())
        return conclusion.end, probabilities["cat"]

    assert stated(annotated)[0] is End.ASK
    assert stated(bare, "rita")[1] < stated(annotated, "rita")[1] < stated(bare, "rita", "sam", "tom")[1]
    assert stated(annotated, "bob", "eve") == stated(bare, "bob", "eve"), "nobody counts twice"


def test_labels_of_other_annotators_say_nothing_of_another_kind_of_finding(asking: World) -> None:
    other = replace(asking.issue("odd"), kind=IssueKind.LABEL_CONFLICT)
    facts = replace(other, evidence=replace(other.evidence, others=(("another item", "cat"),)))
    ballot = [QuorumVote("rita", "cat")]
    for issue in (other, facts):
        counts, asked = counted_answers(issue, ballot, {}, str, frozenset(), "dog")
        assert (counts.answers.n_votes, asked) == (1, 1)


# --- what becomes of questions -----------------------------------------------------------------


def test_one_person_is_asked_at_first_and_one_vote_for_the_label_keeps_it(asking: World) -> None:
    assert asking.task("odd").overlap == 1
    say(asking, "odd", "cat")

    assert asking.issue("odd").state is IssueState.REJECTED
    decision = asking.decision("odd")
    assert decision is not None
    assert decision.reason.startswith("most_would_keep ")
    assert decision.probability is not None
    assert decision.probability > 0.93


def test_the_first_changes_ask_as_many_people_as_the_doctor_says(asking: World) -> None:
    say(asking, "odd", *["dog"] * (FIRST_CHANGES_ASK - 1))
    assert asking.issue("odd").state is IssueState.IN_REVIEW
    assert asking.task("odd").overlap == FIRST_CHANGES_ASK

    asking.answer("odd", PEOPLE[10], "dog")
    asking.later(seconds=61)

    assert asking.issue("odd").state is IssueState.ACCEPTED
    assert asking.labels("odd")[-1][1] == "dog"


def test_torn_items_are_not_changed_not_asked_again_and_are_listed(asking: World) -> None:
    say(asking, "odd", *["dog", "cat"] * 7, "bird")

    assert asking.issue("odd").state is IssueState.UNRESOLVED
    assert asking.labels("odd") == [("ann", "cat")]
    with asking.read() as unit:
        listed = unit.dispositions.of_issue(asking.issue("odd").id)
    assert {one.kind for one in listed} == {DispositionKind.MULTI_LABEL, DispositionKind.GUIDELINE_QUESTION}
    decision = asking.decision("odd")
    assert decision is not None
    assert decision.reason.startswith("torn ")
    before = asking.task("odd").overlap
    asking.later(days=1)
    assert asking.task("odd").overlap == before


def test_a_vote_that_is_withdrawn_takes_its_decision_along(asking: World) -> None:
    say(asking, "odd", "cat")
    (vote,) = asking.votes("odd")
    asking.delete_answer(vote.remote_id)
    asking.later(seconds=61)

    assert asking.issue("odd").state is IssueState.IN_REVIEW
    assert asking.decision("odd") is None
    assert asking.labels("odd") == [("ann", "cat")]


def test_a_change_whose_votes_are_all_withdrawn_stands_until_the_next_decision(asking: World) -> None:
    say(asking, "odd", *["dog"] * FIRST_CHANGES_ASK)
    for vote in asking.votes("odd"):
        asking.delete_answer(vote.remote_id)
    asking.later(seconds=61)
    assert asking.issue("odd").state is IssueState.IN_REVIEW
    assert asking.decision("odd") is None
    assert asking.labels("odd")[-1][1] == "dog"

    asking.answer("odd", PEOPLE[9], "cat")
    asking.later(seconds=61)
    assert asking.issue("odd").state is IssueState.REJECTED
    assert asking.labels("odd") == [("ann", "cat")]


def test_a_later_vote_against_a_kept_label_opens_the_question_again(asking: World) -> None:
    say(asking, "odd", "cat")
    asking.answer("odd", PEOPLE[5], "dog")
    asking.later(seconds=61)

    assert asking.issue("odd").state is IssueState.IN_REVIEW
    assert asking.task("odd").state is ReviewState.PUSHED


def test_a_class_with_a_quorum_of_its_own_keeps_it(build: Build) -> None:
    world = asking_in(build(review={**SHARES, "class_quorum": {"dog": 5}}))
    say(world, "odd", "dog", "dog", "dog", "dog")
    assert world.issue("odd").state is IssueState.IN_REVIEW
    world.answer("odd", PEOPLE[9], "dog")
    world.later(seconds=61)
    assert world.issue("odd").state is IssueState.ACCEPTED


@pytest.mark.parametrize("n_labels", [2, 3])
def test_people_who_answer_at_random_change_hardly_any_label(build: Build, n_labels: int) -> None:
    world = build(review={"rule": "shares"})
    rng = np.random.default_rng(1)
    for n in range(60):
        given, suggested = (CLASSES[(n + k) % n_labels] for k in range(2))
        rest = {name: 0.04 for name in CLASSES if name not in (given, suggested)}
        world.item(f"odd {n}", given, **{suggested: 0.9, given: 0.06, **rest})
        world.item(f"plain {n}", given, **{given: 0.94, suggested: 0.03, **rest})
    world.settle()
    for _ in range(8):
        world.review_round(
            [f"p{n}" for n in range(6)], lambda _who, _text: {"label": str(rng.choice(CLASSES[:n_labels]))}
        )
        world.later(seconds=61)
    assert sum(issue.state is IssueState.ACCEPTED for issue in world.issues()) <= 1


def test_an_adjudicator_settles_what_the_others_could_not(build: Build) -> None:
    world = asking_in(build(review={**SHARES, "max_votes": 2, "adjudicators": ["judge"]}))
    say(world, "odd", "dog", "dog")
    assert world.task("odd").escalated_at is not None
    world.answer("odd", "judge", "dog")
    world.later(seconds=61)
    assert world.issue("odd").state is IssueState.ACCEPTED


def test_a_team_of_three_leaves_the_label_until_the_deadline_closes_the_question(build: Build) -> None:
    world = asking_in(build(review={**SHARES, "deadline_hours": 24.0}))
    say(world, "odd", "dog", "dog", "dog")
    assert world.issue("odd").state is IssueState.IN_REVIEW
    world.later(hours=25)
    assert world.issue("odd").state is IssueState.UNRESOLVED
    assert world.labels("odd") == [("ann", "cat")]


def test_a_team_in_which_everybody_labeled_the_item_may_review_it_for_half_a_vote(asking: World) -> None:
    asking.answer("odd", "ann", "dog")  # who labeled it cat
    asking.later(seconds=61)
    assert asking.task("odd").overlap == 2
    say(asking, "odd", "dog", "dog", "dog")
    assert asking.issue("odd").state is IssueState.ACCEPTED
    decision = asking.decision("odd")
    assert decision is not None
    assert len(decision.votes) == 4


def test_an_answer_about_ones_own_label_counts_for_less_than_that_of_another(build: Build) -> None:
    stated = []
    for who in ("ann", "rita"):
        world = asking_in(build(review={**SHARES, "keep_confidence": 0.6}))
        world.answer("odd", who, "cat")
        world.later(seconds=61)
        decision = world.decision("odd")
        assert decision is not None
        assert decision.probability is not None
        stated.append(decision.probability)
    assert stated[0] < stated[1]


def test_with_own_answers_off_nobody_reviews_their_own_label(build: Build) -> None:
    world = asking_in(build(review={**SHARES, "own_answers": False}))
    world.answer("odd", "ann", "cat")
    world.later(seconds=61)
    assert world.issue("odd").state is IssueState.IN_REVIEW


def test_labels_of_other_annotators_are_half_draws_of_the_same_crowd(asking: World) -> None:
    issue = asking.issue("odd")
    labeled = replace(issue, evidence=replace(issue.evidence, others=(("bob", "dog"), ("eve", "cat"))))

    def groups(*who: str) -> tuple[dict[PositionRole, tuple[float, ...]], int]:
        ballot = [QuorumVote(one, "dog") for one in who]
        counts, asked = counted_answers(labeled, ballot, {}, str, frozenset(), "dog")
        return dict(counts.answers.groups), asked

    both = {PositionRole.GIVEN: (0.5,), PositionRole.SUGGESTED: (0.0, 0.5)}
    assert groups("rita") == (both, 1)
    assert groups("bob") == ({**both, PositionRole.SUGGESTED: (0.0,)}, 1)  # who reviews counts once
    assert groups() == ({**both, PositionRole.SUGGESTED: (0.5,)}, 0)


# --- what is learned ---------------------------------------------------------------------------


def test_what_was_learned_is_kept_with_a_version_and_the_same_when_made_anew(build: Build) -> None:
    names = [f"odd {n}" for n in range(25)]
    world = asking_in(build(review=SHARES), *names)
    for name in names:
        world.answer(name, "rita", "cat")
    world.later(seconds=61)

    learned = [detail for _, _, detail in world.audit("crowd.learned")]
    assert [one["version"] for one in learned] == [1]
    with world.read() as unit:
        known = learn(unit, world.project, {}, BALLOTS, ReviewSettings())
    assert known.version == 1
    assert known.prior.asked == 25
    weights = known.prior.weights()
    assert np.isclose(weights.sum(), 1)
    with world.services.store.begin() as unit:
        unit.facts.put(f"crowd:{world.project.id}", '{"form": 1, "version": 7}')  # of an earlier release
        again = learn(unit, world.project, {}, BALLOTS, ReviewSettings())
    assert np.allclose(again.prior.weights(), weights)
    assert again.version == 8


def test_votes_that_did_not_suffice_may_do_so_once_more_is_known(build: Build) -> None:
    names = [f"odd {n}" for n in range(21)]
    world = asking_in(build(review=SHARES), *names)
    say(world, names[0], "dog", "dog", "dog")
    assert world.issue(names[0]).state is IssueState.IN_REVIEW
    for name in names[1:]:
        for number in range(4):
            world.answer(name, PEOPLE[number], "dog")
    world.later(seconds=61)
    world.later(seconds=61)
    assert {world.issue(name).state for name in names} == {IssueState.ACCEPTED}


@pytest.mark.parametrize(("own", "worth"), [("cat", "less"), ("dog", "more")])
def test_what_an_answer_about_ones_own_label_is_worth_is_measured(build: Build, own: str, worth: str) -> None:
    names = [f"odd {n}" for n in range(8)]
    world = asking_in(build(review=SHARES), *names)
    for name in names:
        world.answer(name, "ann", own)
        world.answer(name, "rita", "dog")
    world.later(seconds=61)
    with world.read() as unit:
        known = stored(unit, world.project)
    assert known is not None
    assert known.votes == 16
    assert (known.own_weight < OWN_WEIGHT) == (worth == "less")


def test_what_was_learned_is_told_of_each_pair(build: Build) -> None:
    names = [f"item {number}" for number in range(12)]
    world = asking_in(build(review=SHARES), *names)
    for name in names:
        world.answer(name, "rita", "cat")
    world.later(seconds=61)
    with world.read() as unit:
        (pair,) = pairs_of(unit, world.project)
    assert (pair.pair, pair.asked) == ("cat → dog", 12)
    assert 0 <= pair.changing < 1


def overturned(world: World) -> dict[Outcome, int]:
    with world.read() as unit:
        return {one.outcome: one.overturned for one in unit.quality.stated(world.project.id)}


def test_a_decision_that_later_votes_turn_counts_as_overturned(asking: World) -> None:
    say(asking, "odd", "cat")
    assert overturned(asking) == {Outcome.REJECT: 0}
    for name in PEOPLE[5:13]:
        asking.answer("odd", name, "dog")
        asking.later(seconds=61)
    assert asking.labels("odd")[-1][1] == "dog"
    assert overturned(asking) == {Outcome.REJECT: 1, Outcome.ACCEPT: 0}


def test_a_change_that_the_golden_set_contradicts_counts_as_overturned(build: Build) -> None:
    world = asking_in(build(review=SHARES))
    say(world, "odd", *["dog"] * FIRST_CHANGES_ASK)
    with world.services.store.begin() as unit:
        assert figures(unit, world.project, world.settings.projects["animals"].quality).harm.overturned == 0
        store(unit, world.project, [Line(1, world.held("odd").item.remote_id, "cat")], "cli", "me")
        harm = figures(unit, world.project, world.settings.projects["animals"].quality).harm
    assert (harm.changes, harm.overturned) == (1, 1)


def test_before_enough_is_answered_the_cold_start_holds(asking: World) -> None:
    say(asking, "odd", "cat")
    with asking.read() as unit:
        known = learn(unit, asking.project, {}, BALLOTS, ReviewSettings())
    assert known.version == 0
    assert np.array_equal(known.prior.weights(), fit([]).weights())


def test_by_lot_some_questions_are_asked_further_than_would_suffice(build: Build) -> None:
    world = asking_in(build(review={**SHARES, "calibration_share": 1.0}))
    say(world, "odd", "cat", "cat")
    assert world.issue("odd").state is IssueState.IN_REVIEW
    world.answer("odd", PEOPLE[9], "cat")
    world.later(seconds=61)
    assert world.issue("odd").state is IssueState.REJECTED


def test_what_first_answers_to_calibration_questions_would_have_decided_is_held_against_all(
    build: Build,
) -> None:
    names = [f"odd {n}" for n in range(8)]
    world = asking_in(build(review={**SHARES, "calibration_share": 1.0}), *names)
    for name in names:
        for who, label in zip(PEOPLE, ["cat", "cat", "cat"], strict=False):
            world.answer(name, who, label)
    world.later(seconds=61)
    with world.read() as unit:
        known = stored(unit, world.project)
        harm = figures(unit, world.project, world.settings.projects["animals"].quality).harm
    assert known is not None
    assert sum(one.n for one in known.checked) == 8
    assert sum(one.overturned for one in known.checked) == 0
    assert harm.checked is not None
    assert harm.checked.changes == 0


def test_the_first_questions_are_asked_further_until_it_is_known_whether_people_agree() -> None:
    def share(review: ReviewSettings, **known: int) -> float:
        return crowd_rules(review, replace(NOTHING, **known)).calibration_share

    usual, off = ReviewSettings(), ReviewSettings(calibration_share=0.0)
    assert share(usual) == 1
    assert share(usual, repeated=5) == 0.5
    assert share(usual, repeated=1000) == usual.calibration_share
    assert share(off) == share(off, repeated=1000) == 0


@pytest.mark.parametrize(("people", "ends_with"), [(1, 1), (2, 2), (3, 3)])
def test_a_calibration_question_asks_no_more_people_than_there_are(
    build: Build, people: int, ends_with: int
) -> None:
    names = [f"odd {n}" for n in range(12)]
    world = asking_in(build(review={**SHARES, "calibration_share": 1.0, "min_votes": 1}), *names)
    for name in names[1:]:
        for who in PEOPLE[:people]:
            world.answer(name, who, "cat")
    world.later(seconds=61)
    for n in range(ends_with):
        assert world.issue(names[0]).state is IssueState.IN_REVIEW
        world.answer(names[0], PEOPLE[n], "cat")
        world.later(seconds=61)
    assert world.issue(names[0]).state is IssueState.REJECTED


def test_a_calibration_question_asks_no_more_people_than_any_question_may() -> None:
    usual = ReviewSettings(max_votes=2, min_votes=1, calibration_share=1.0)
    assert crowd_rules(usual, NOTHING)._policy_of("any").min_votes == 2
    assert crowd_rules(usual.model_copy(update={"max_votes": 9}), NOTHING)._policy_of("any").min_votes == 3


def test_the_lot_of_a_key_is_even_and_stays() -> None:
    lots = [drawn(str(n)) for n in range(2000)]
    assert np.histogram(lots, bins=4, range=(0, 1))[0].min() > 400
    assert drawn("7") == lots[7]


def test_the_service_runs_by_shares_where_nothing_is_set(build: Build) -> None:
    world = asking_in(build(review={"rule": None}))
    assert world.do(JobKind.DECIDE)["run"]
    assert world.task("odd").overlap == 1


# --- harm --------------------------------------------------------------------------------------


def test_changes_that_are_overturned_more_often_than_expected_make_the_next_ones_wait(build: Build) -> None:
    names = [f"odd {n}" for n in range(4)]
    world = asking_in(build(review={**SHARES, "change_confidence": 0.85}), *names)
    for name in names[:3]:
        say(world, name, "dog", "dog")
        world.revert(world.corrected(name).id)
    say(world, names[3], *["dog"] * 5)

    held = world.correction(names[3])
    assert held is not None
    assert held.state is CorrectionState.HELD
    with world.read() as unit:
        _, kept = unit.quality.figures(world.project.id) or (None, {})
    assert kept["harm"]["overturned"] == 3
    assert any(alarm.startswith(QualityAlarm.TOO_MUCH_HARM) for alarm in kept["alarms"])


def test_a_change_that_a_person_discards_counts_as_overturned_and_not_as_known_to_be_wrong(
    build: Build,
) -> None:
    world = asking_in(build(review=SHARES))
    quality = world.settings.projects["animals"].quality
    say(world, "odd", *["dog"] * FIRST_CHANGES_ASK)
    with world.services.store.begin() as unit:
        unit.corrections.set_state(world.corrected("odd").id, CorrectionState.HELD)
        before = figures(unit, world.project, quality)
        assert (before.harm.overturned, before.unwritten) == (0, 1)
        discard(unit, world.project, "cat", "eve")
        now = figures(unit, world.project, quality)
    assert (now.harm.changes, now.harm.overturned, now.unwritten) == (1, 1, 0)


def test_a_team_that_reviews_only_its_own_labels_is_decided_once_more_is_known(build: Build) -> None:
    names = [f"odd {n}" for n in range(21)]
    world = build(review={**SHARES, "keep_confidence": 0.9})
    world.some_right()
    for name in names:
        world.wrong(name, given="cat", truly="dog", by="ann")
    world.settle()
    world.answer(names[0], "ann", "cat")
    world.later(seconds=61)
    assert world.issue(names[0]).state is IssueState.IN_REVIEW
    for name in names[1:]:
        world.answer(name, "ann", "cat")
        world.answer(name, "rita", "cat")
    world.later(seconds=61)
    world.later(seconds=61)
    assert world.issue(names[0]).state is IssueState.REJECTED
