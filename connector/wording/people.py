"""What is said of reviewers, annotators and golden items."""

from __future__ import annotations

from collections.abc import Sequence

from connector.wording.text import listing, number_of, one_line, percent, quoted

FEW_GOLDEN, MANY_GOLDEN = 100, 500
NAME_CHARS = 60
ENOUGH_FOR_A_RATE = 5  # labels: fewer are counted, not rated


def rate(mean: float, low: float, high: float) -> str:
    """'84% (95% interval 78% to 89%)'."""
    return f"{percent(mean)} (95% interval {percent(low)} to {percent(high)})"


def weighs_less(name: str, mean: float, low: float, high: float, answers: int, weight: float) -> str:
    return (
        f"Votes of {one_line(name, NAME_CHARS)} weigh {weight:.1f} instead of 1: right in "
        f"{rate(mean, low, high)} of {number_of(answers, 'measured answer')}. "
        "Talk to them, or look at their answers; nobody is blocked by this."
    )


def getting_worse(name: str, change: float) -> str:
    return (
        f"The newest answers of {one_line(name, NAME_CHARS)} are right less often than those before: by "
        f"{abs(change) * 100:.0f} percentage points."
    )


def too_few_reviewers(people: int, needed: int, *, by_shares: bool, lost: float | None = None) -> str:
    """What fewer reviewers than a change needs mean, by either rule; `lost` of the repairs, by shares."""
    who = "Nobody is" if people == 0 else f"Only {number_of(people, 'person is', 'people are')}"
    if by_shares:
        cost = "" if lost is None else f" That costs {lost:.0%} of the labels that more would repair."
        return (
            f"{who} known who could review here, and the first changes ask {needed} who agree: until fewer "
            f"suffice, labels stay and questions stay open.{cost} Invite more people, set "
            "review.deadline_hours to close such questions, or count votes with review.quorum."
        )
    return (
        f"{who} known who could review here, and {needed} must agree: no decision can be reached. "
        "Invite more people, or lower review.quorum."
    )


def too_few_votes(most: int, needed: int, *, ever: bool) -> str:
    """That no more are asked than a change needs, at first or ever."""
    until = "no label is ever changed" if ever else "labels stay until fewer suffice"
    return (
        f"review.max_votes = {most} asks fewer people than the first changes need, {needed} who agree: "
        f"{until}. Raise it, or name review.adjudicators."
    )


def own_answers(short: int, worth: float = 0.5) -> str:
    """Who reviews where answers about one's own label count, and what such an answer is worth (0..1)."""
    vote = {0.5: "half a vote", 1.0: "a whole vote"}.get(worth, f"{worth:.2g} of a vote")
    if not short:
        return f"others can review each open question; whoever labeled the item counts {vote}"
    questions = number_of(short, "open question has", "open questions have")
    return f"{questions} nobody left but who labeled the item, whose answers count {vote}"


def barred_tasks(tasks: int, quorum: int) -> str:
    wait = number_of(tasks, "review task waits", "review tasks wait")
    return (
        f"{wait} in vain: of the known reviewers fewer than {quorum} did not label the item themselves, and "
        "nobody reviews their own label. Invite people who did not label."
    )


def golden_size(n: int) -> str | None:
    """Advice on how many golden items there are; None where it is a good number."""
    items = number_of(n, "golden item")
    if n < FEW_GOLDEN:
        return (
            f"{items}: with fewer than {FEW_GOLDEN} the same ones come back soon, and people remember them."
        )
    if n > MANY_GOLDEN:
        return (
            f"{items}: more than {MANY_GOLDEN} tell nothing new about reviewers, and must all be kept right."
        )
    return None


def golden_doubted(n: int, project: str) -> str:
    items = number_of(n, "golden item is", "golden items are")
    return (
        f"{items} contradicted by most reviewers, and not used until somebody has looked: "
        f"`secondlook golden report {project}` names them. Confirm with `secondlook golden add`, or remove."
    )


# --- golden items that are refused ---------------------------------------------------------------


def golden_line(line: int, field: str, value: str, problem: str, remedy: str) -> str:
    shown = f" {quoted(value)}" if value else ""
    return f"line {line}, {field}{shown}: {problem}. {remedy}"


def no_such_item() -> tuple[str, str]:
    return "the project has no such item", "Give the platform's id of the item; sync first if it is new."


def no_such_class(classes: Sequence[str]) -> tuple[str, str]:
    return "no such class", f"Classes: {listing([quoted(each) for each in classes[:12]])}."


def golden_conflict(before: str, label: str) -> tuple[str, str]:
    return (
        f"it is golden already as {quoted(before)}, not {quoted(label)}",
        "Find out which is right; `secondlook golden remove` takes the old one away.",
    )


def golden_twice(line: int, same: bool) -> tuple[str, str]:  # noqa: FBT001 - which of two sentences
    if same:
        return f"line {line} says the same", "Remove one of the two lines."
    return f"line {line} gives it another label", "Find out which is right, and remove the other line."


# --- the feedback sheet ----------------------------------------------------------------------------


def feedback_title(name: str) -> str:
    return f"A second look at labels by {one_line(name, NAME_CHARS)}"


def feedback_opening(name: str, decided: int, upheld: int, mean: float, low: float, high: float) -> str:
    """What reviewers said of the labels of one annotator that were questioned."""
    if not decided:
        return (
            f"No label by {one_line(name, NAME_CHARS)} has been decided about yet. There is nothing to say, "
            "and nothing to do."
        )
    labels = number_of(decided, "label")
    chance = (
        f" ({mean:.0%}; allowing for chance, {low:.0%} to {high:.0%})" if decided >= ENOUGH_FOR_A_RATE else ""
    )
    return (
        f"Reviewers looked again at {labels} of yours and confirmed {upheld or 'none'}{chance}. A model had "
        "disagreed with these labels, so this says nothing of your other labels: most of them were never "
        "in doubt."
    )


def feedback_trend(change: float, low: float, high: float) -> str:
    """How the share of confirmed labels moved between the older and the newer half."""
    if low > 0:
        return f"More of your newer labels were confirmed than of your older ones: {change:+.0%}. Well done."
    if high < 0:
        return f"Fewer of your newer labels were confirmed than of your older ones: {change:+.0%}."
    return "Between your older and your newer labels no difference can be told from chance."


def feedback_pair(given: str, decided: str, n: int) -> str:
    times = "once" if n == 1 else number_of(n, "time")
    return f"You chose {quoted(given)}, reviewers agreed on {quoted(decided)}: {times}."


def feedback_no_note(given: str, decided: str) -> str:
    return (
        f"No published guideline tells {quoted(given)} from {quoted(decided)} yet. If the examples do not "
        "convince you, say so: a rule is missing."
    )


def feedback_no_confusions() -> str:
    return "No label of yours was changed to another one."
