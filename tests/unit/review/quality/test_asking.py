"""Which questions are opened first, by what is kept of the crowd."""

from __future__ import annotations

from collections.abc import Callable

from connector.config.project import ReviewSettings
from connector.model import CHOICE, Issue, IssueState
from tests.support.world import World
from workers.consensus.shares import AnswerSet, GroupPath, ShareVote, Terms, count, fit
from workers.label_types.registry import label_type
from workers.review.quality.asking import next_to_ask
from workers.review.quality.crowd import KnownCrowd, crowd_fact, written
from workers.review.quality.repairs import group_path

Build = Callable[..., World]


def test_by_shares_the_pair_that_people_change_is_opened_first_and_else_the_order_stays(build: Build) -> None:
    world = build()
    world.some_right()
    world.wrong("cat once", given="cat", truly="dog")
    world.wrong("cat twice", given="cat", truly="dog")
    world.wrong("dog", given="dog", truly="bird")
    world.settle()
    waiting = list(world.issues(IssueState.IN_REVIEW))
    waiting.sort(key=lambda issue: issue.given)  # as if the flags of cats were more suspicious
    with world.services.store.begin() as unit:

        def opened(**review: int) -> list[str]:
            issues = next_to_ask(unit, world.project, ReviewSettings(**review), waiting, 3)
            return [issue.given for issue in issues]

        assert opened() == ["cat", "cat", "dog"]
        prior = fit([answered(issue, changes=issue.given == "dog") for issue in waiting for _ in range(20)])
        unit.facts.put(crowd_fact(world.project), written(KnownCrowd(prior, 1, 60)))
        assert opened() == ["dog", "cat", "cat"]
        assert opened(quorum=2) == ["cat", "cat", "dog"]


def answered(issue: Issue, *, changes: bool) -> tuple[GroupPath, AnswerSet]:
    terms = Terms(issue.given, issue.suggested, frozenset())
    vote = ShareVote(issue.suggested if changes else issue.given)
    return group_path(issue, label_type(CHOICE)), count([vote] * 3, terms).answers
