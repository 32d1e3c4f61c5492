"""What reviews say of all labels, in sentences. Shares are 0..1; None means that nothing is known yet."""

from __future__ import annotations

from collections.abc import Mapping

from connector.wording.text import number_of, quoted


def share(value: float | None) -> str:
    """A share with one decimal, as measured: '0.8%'; a small one is not rounded to nothing."""
    if value is None:
        return "unknown"
    return "less than 0.1%" if 0 < value < 0.0005 else f"{value:.1%}"


def held_by_others(n_annotations: int, project: str) -> str:
    """That a correction goes to one annotation, and others of its item have the same error."""
    which = number_of(n_annotations, "annotation of somebody else has", "of others have")
    return (
        f"{which} an error that was corrected in another of the same item, and the platform's exports hold "
        f"both: `secondlook export {project}` writes one label an item, the corrected one."
    )


def clean_enough(
    items: int, high: float, target: float, likely: float | None, anytime: float, needed: int | None
) -> str:
    """That the labels are; the last three are those of the outlook."""
    return (
        f"Clean enough: with 95% confidence at most {share(high)} of {number_of(items, 'label')} "
        "can be wrong "
        f"(target {share(target)}).{_outlook(likely, anytime, needed, target)}"
    )


def not_clean_enough(
    items: int,
    high: float,
    target: float,
    waiting: int,
    wrong: int,
    controls: int,
    unwritten: int,
    likely: float | None,
    anytime: float,
    needed: int | None,
) -> str:
    """Why it cannot be said yet; so many of the `controls` were `wrong`, `unwritten` are the labels that
    reviewers found wrong and that still stand, the last three are those of the outlook."""
    lacking = _lacking(items, high, target, waiting, wrong, controls, unwritten)
    return f"{lacking}{_outlook(likely, anytime, needed, target)}"


def _lacking(
    items: int, high: float, target: float, waiting: int, wrong: int, controls: int, unwritten: int
) -> str:
    if not items:
        return "Nothing was scanned yet, so nothing can be said of the labels."
    if not controls:
        return (
            "It is not known how many labels are wrong: no control was answered yet. "
            "Controls are unflagged items, mixed into the reviews at random (policy.control_share)."
        )
    flagged = (
        "no flagged item waits"
        if not waiting
        else f"{number_of(waiting, 'item is', 'items are')} flagged and not decided"
    )
    return (
        f"Not yet clean enough: up to {share(high)} of {number_of(items, 'label')} can be wrong "
        f"(target {share(target)}). "
        f"{_controls(wrong, controls)}; {flagged}{_unwritten(unwritten)}."
    )


def _outlook(likely: float | None, anytime: float, needed: int | None, target: float) -> str:
    """What is likeliest (None: not known), what holds at any look, and how many more answers show the
    target (0: it is shown)."""
    if likely is None:
        return ""
    shares = f" Likeliest: {share(likely)}; at any look at most {share(anytime)} (95%)."
    if needed == 0:
        return shares
    if needed is None:
        return (
            f"{shares} No number of controls shows {share(target)} while they are answered as those so far: "
            "more labels are to be repaired first."
        )
    return (
        f"{shares} {number_of(needed, 'more control')}, answered as those so far, and the flags "
        f"that wait show {share(target)}: "
        "see quality.seek_target and `secondlook controls`."
    )


def pair_belief(pair: str, asked: int, changing: float) -> str:
    """What answers show of the flags of one pair of labels."""
    return f"flags of {pair}: of {asked:,} asked, most people would change {changing:.0f}"


def _controls(wrong: int, n: int) -> str:
    bad = number_of(wrong, "was", "were") if wrong else "none was"
    return f"Of {number_of(n, 'control')}, {bad} wrong"


def _unwritten(n: int) -> str:
    if not n:
        return ""
    return f"; {number_of(n, 'label found wrong still stands', 'labels found wrong still stand')}"


def measured_harm(changes: int, expected: float, overturned: int, low: float, high: float) -> str:
    """How many changes are expected to be wrong, and how many were overturned (99 % interval)."""
    if not changes:
        return "no label was changed yet"
    interval = f"99% interval {share(low)} to {share(high)}"
    of_changes = f"of {number_of(changes, 'change')} {expected:.1f} are expected to be wrong"
    return f"{of_changes}; {overturned:,} overturned later ({interval})"


def checked_harm(changes: int, expected: float, overturned: int) -> str:
    """The same of the changes that first answers to calibration questions would have made."""
    early = f"of {number_of(changes, 'change')} that first answers would have made, {overturned:,} overturned"
    return f"{early} by those asked by lot ({expected:.1f} expected)"


def anchored(effect: float, low: float, high: float, limit: float, *, blind: bool) -> str:
    """Seeing the suggestion changes answers by more than the limit."""
    done = (
        "New review tasks show no suggestion."
        if blind
        else "Set quality.blind_when_anchored = true to ask without it."
    )
    return (
        f"Reviewers who see the suggestion choose it {points(effect)} more often than those who do not "
        f"(95% interval {points(low)} to {points(high)}, limit {points(limit)}). {done}"
    )


def points(value: float) -> str:
    """A difference of shares, in percentage points."""
    return f"{value * 100:.1f} points"


def class_losing(label: str, held: int) -> str:
    """Corrections of a class that wait for a person: they would take too much, or did too much harm."""
    return (
        f"Corrections that take labels from the class {quoted(label)} wait for a person; "
        f"{number_of(held, 'correction is', 'corrections are')} held. "
        "See `secondlook held list`, then release or discard them."
    )


def too_much_harm(changes: int, expected: float, overturned: int, *, early: bool = False) -> str:
    """More changes were overturned than their own probabilities allow for.

    `early` are those that the first answers to calibration questions would have made.
    """
    of_what = (
        f"Of {number_of(changes, 'change')} that first answers to calibration questions would "
        "have made all answers "
        f"together overturn {overturned:,}"
        if early
        else f"Of {number_of(changes, 'changed label')} {number_of(overturned, 'was', 'were')} overturned"
    )
    return (
        f"{of_what}, where {expected:.1f} were expected to be wrong. Changes ask more people from now on and "
        "wait for a person: look at `secondlook held list`, and at who reviews."
    )


def discarded(by: str) -> str:
    """Why a held correction was never written."""
    return f"held for a person to look at, and discarded by {quoted(by)}"


def changes(change: Mapping[str, int]) -> str:
    """What corrections did to each class: "'cat' +3, 'dog' -3"."""
    return ", ".join(f"{quoted(name)} {n:+d}" for name, n in change.items()) or "none"
