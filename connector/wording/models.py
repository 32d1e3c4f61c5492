"""How good the model is that judges labels, and what follows where it is not."""

from __future__ import annotations

from collections.abc import Sequence

from connector.wording.text import listing, number_of, quoted


def rare_classes(classes: Sequence[tuple[str, int]], more: int, n_folds: int) -> str:
    """Classes (name, items) that some fold's model has hardly seen, and how many `more` there are."""
    named = [f"{quoted(name)} ({count})" for name, count in classes]
    if more:
        named.append(f"{more} more")
    n_classes = len(classes) + more
    one = n_classes == 1
    have = "A class has" if one else number_of(n_classes, "class has", "classes have")
    return (
        f"{have} fewer items than the {n_folds} folds, "
        f"so {'its' if one else 'their'} probabilities mean little: class (items) {listing(named)}"
    )


def weak_model(accuracy: float, largest: float) -> str:
    return (
        f"the model is too weak to judge labels: {accuracy:.1%} of items are predicted as labelled, and "
        f"always naming the largest class would give {largest:.1%}"
    )


def weak_model_of_sets(gain: float) -> str:
    return (
        f"the model is too weak to judge labels: it tells items with a class from those without {gain:.0%} "
        "of the way from chance to certainty. Give probabilities of a better one"
    )


def weak_model_of_numbers(r2: float) -> str:
    return (
        f"the model is too weak to judge numbers: it explains {max(r2, 0):.0%} of their variance. "
        "Give predictions of a better one"
    )


def seen_labels(agreement: float, sureness: float) -> str:
    return (
        f"the model predicts {agreement:.2%} of items exactly as labelled, with a mean probability of "
        f"{sureness:.3f}: it has probably been trained on these labels"
    )


def flags_limited(kept: int, found: int) -> str:
    """A weak model's flags are cut to the most suspicious."""
    return (
        f"Because the model is weak, only the {kept:,} most suspicious of "
        f"{number_of(found, 'flagged label')} are put forward. Label more items, or take "
        "predictions of a better model."
    )


def model_reused(changed: int, fitted: int) -> str:
    return (
        f"The model was not trained again: {number_of(changed, 'item')} came, went or changed since it was "
        f"trained on {fitted}, no more than predictions.refit_after_share allows."
    )


def model_not_kept(reason: str) -> str:
    return f"The model cannot be stored, so each scan trains it again: {reason}"


def library_warned(kind: str, times: int, message: str) -> str:
    """What the model's own library warned of while learning."""
    return f"{kind} ({number_of(times, 'time')} while learning): {message}"


def too_many_to_compare(n_items: int) -> str:
    return (
        f"{number_of(n_items, 'item is', 'items are')} too many to compare with each other, so "
        "similar items and near duplicates are "
        "not looked for, and outliers by probabilities only: install secondlook[neighbours]."
    )
