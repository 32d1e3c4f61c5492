"""The votes on a question as rules of consensus take them: the label type says which answers are the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from connector.model import Issue, LabelSchema, Vote
from workers.consensus.ballot import QuorumVote
from workers.consensus.shares import GroupPath
from workers.label_types.registry import kind_of
from workers.review.quality.repairs import group_path


@dataclass(frozen=True, slots=True)
class Ballots:
    """How the votes of a project become ballots; `quorum` is how many must agree where votes are counted."""

    schema: LabelSchema | None
    person_of: Callable[[str], str]
    quorum: int

    def cast(self, issue: Issue, votes: Sequence[Vote]) -> list[QuorumVote]:
        """The votes, each for the label that it counts for."""
        plain = [quorum_vote(vote, self.person_of) for vote in votes]
        detail = {one.reviewer: one.label for one in plain if one.label is not None and not one.problems}
        if self.schema is None or not detail:
            return plain
        positions = kind_of(self.schema).positions(detail, issue.given, self.quorum)
        return [replace(one, label=positions.get(one.reviewer, one.label)) for one in plain]

    def path(self, issue: Issue) -> GroupPath:
        """The groups of questions that this one belongs to."""
        return group_path(issue, kind_of(self.schema))

    def suggested(self, issue: Issue, ballot: Sequence[QuorumVote]) -> str:
        """The label that stands for the suggestion: itself, or what people name that means the same.

        Of several the one that most name.
        """
        named = Counter(one.label for one in ballot if one.label is not None and one.label != issue.given)
        if self.schema is None or issue.suggested in named:
            return issue.suggested
        kind = kind_of(self.schema)
        for label, _ in sorted(named.items(), key=lambda one: (-one[1], one[0])):
            two = kind.positions({"named": label, "suggested": issue.suggested}, issue.given, self.quorum)
            if two["named"] == two["suggested"] != issue.given:
                return label
        return issue.suggested


def quorum_vote(vote: Vote, person_of: Callable[[str], str]) -> QuorumVote:
    """A stored vote as it was given."""
    problems = tuple(problem.value for problem in vote.problems)
    return QuorumVote(person_of(vote.reviewer), vote.label, problems)
