"""What was found besides suspicious labels: one sentence for each kind, from its facts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from connector.model.findings import FindingKind
from connector.wording.reasons import reason_text
from connector.wording.text import are, listing, number_of, one_line, percent, quoted

Facts = Mapping[str, Any]

TITLES: Mapping[FindingKind, str] = {
    FindingKind.TAXONOMY_CHANGE: "Classes that change at a date",
    FindingKind.ANNOTATOR_DIFFERS: "Annotators who differ",
    FindingKind.ANNOTATOR_DRIFT: "Annotators who drift",
    FindingKind.WORSE_GROUP: "Groups that are worse",
    FindingKind.OVERLAP: "Classes that overlap",
    FindingKind.IMBALANCE: "Classes far smaller than others",
    FindingKind.RARE_CLASS: "Classes with too few items",
    FindingKind.LABEL_CONFLICT: "Duplicates with different labels",
    FindingKind.DISAGREEMENT: "Annotators disagree",
    FindingKind.INVALID_LABEL: "Annotations without a usable label",
    FindingKind.OUTLIER: "Outliers",
    FindingKind.AMBIGUOUS: "Ambiguous items",
    FindingKind.NEAR_DUPLICATE: "Near duplicates",
}

STATUSES: Mapping[str, str] = {
    "cancelled": "The annotation was cancelled.",
    "empty": "The annotation is empty.",
    "several": "The annotation carries several labels where one is asked for.",
    "unreadable": "The annotation cannot be read as a label.",
    "misplaced": "The annotation has a span whose text is not what stands at its offsets.",
}


def finding_sentence(kind: FindingKind, facts: Facts) -> str:
    """What was found, for whoever looks after the data."""
    return _SENTENCES[kind](facts)


def finding_title(kind: FindingKind) -> str:
    return TITLES[kind]


def not_searched_text(kinds: Sequence[FindingKind], why: str) -> str:
    """That some kinds were not looked for, and why: a code, or words."""
    names = listing([TITLES[kind].lower() for kind in kinds])
    return f"Not looked for: {names} ({reason_text(why)})."


def conflict_question(facts: Facts) -> str:
    """Why an item is asked about whose like is labeled otherwise."""
    return f"{_conflict(facts)} Please verify."


def disagreement_question(facts: Facts) -> str:
    return f"{_disagreement(facts)} Please decide."


def ambiguity_question(facts: Facts) -> str:
    return f"{_ambiguous(facts)} It is labeled {quoted(facts['given'])}. Please verify."


def _taxonomy_change(facts: Facts) -> str:
    label, day = quoted(facts["label"]), _day(facts["at"])
    before, after = _times(facts["before"]), _times(facts["after"])
    due = (
        f"; by the items themselves about {round(facts['before_expected']):,} and "
        f"{round(facts['after_expected']):,} were to be expected"
    )
    detail = {
        "started": f"{label} is in use since {day} only: given {before} before and {after} since",
        "stopped": f"{label} is not in use any more since {day}: given {before} up to then and {after} since",
        "rose": f"{label} is given more often since {day}: {before} before and {after} since",
        "fell": f"{label} is given less often since {day}: {before} before and {after} since",
    }
    return f"{detail[facts['change']]}{due}. Was the guideline changed?"


def _annotator_differs(facts: Facts) -> str:
    pairs = [f"{quoted(text)} for {quoted(meant)} ({n})" for meant, text, n in facts["pairs"]]
    most = f" Most often: {listing(pairs)}." if pairs else ""
    return (
        f"{one_line(facts['annotator'])} labels {facts['unlike']:,} of "
        f"{number_of(facts['labels'], 'item')} unlike "
        f"the model, where others would {round(facts['expected']):,} of these.{most}"
    )


def _annotator_drift(facts: Facts) -> str:
    way = "more" if facts["worse"] else "less"
    return (
        f"{one_line(facts['annotator'])} labels unlike the model {way} often since {_day(facts['at'])}: "
        f"{facts['before_unlike']:,} of {number_of(facts['before'], 'label')} before, "
        f"{facts['after_unlike']:,} of {facts['after']:,} since."
    )


def _worse_group(facts: Facts) -> str:
    share = percent(facts["flagged"] / max(facts["items"], 1))
    return (
        f"{_group(facts)}: {facts['flagged']:,} of {number_of(facts['items'], 'label')} "
        f"{are(facts['flagged'])} suspicious ({share}), elsewhere {percent(facts['rest_share'])}."
    )


def _group(facts: Facts) -> str:
    factor, group = facts["factor"], one_line(str(facts["group"]))
    if factor == "cluster":
        common = facts.get("labels") or []
        like = f" (mostly {listing([quoted(label) for label in common])})" if common else ""
        return f"Cluster {group} of items that look alike{like}"
    if factor in ("month", "week"):
        return f"Labeled in {group}"
    return f"Items with {one_line(str(factor))} {quoted(group)}"


def _overlap(facts: Facts) -> str:
    first, second = quoted(facts["first"]), quoted(facts["second"])
    one_way = number_of(facts["first_as_second"], f"item labeled {first} is", f"items labeled {first} are")
    return (
        f"{first} and {second} are confused both ways: about {one_way} {second}, "
        f"and {facts['second_as_first']:,} the other way. "
        "The guideline may not tell them apart."
    )


def _imbalance(facts: Facts) -> str:
    return (
        f"{quoted(facts['label'])} has {number_of(facts['items'], 'item')}, "
        f"{_share(facts['share'])} of all; an even "
        f"share would be {_share(facts['even'])}. Errors in it weigh more and are harder to find."
    )


def _rare_class(facts: Facts) -> str:
    if facts["items"] == 0:
        return f"No item is labeled {quoted(facts['label'])}."
    return (
        f"{quoted(facts['label'])} has {number_of(facts['items'], 'item')}; with fewer than {facts['least']} "
        "its labels cannot be judged."
    )


def _conflict(facts: Facts) -> str:
    others = [f"{one_line(item)} is labeled {quoted(label)}" for item, label in facts["others"]]
    like = "the same content" if facts["exact"] else "almost the same content"
    return f"Another item has {like} and another label: {listing(others)}, this one {quoted(facts['label'])}."


def _disagreement(facts: Facts) -> str:
    answers = listing([f"{quoted(label)} ({n})" for label, n in facts["answers"]])
    return f"Annotators disagree: {answers}."


def _invalid_label(facts: Facts) -> str:
    who = f" By {one_line(facts['annotator'])}." if facts.get("annotator") else ""
    if facts["status"] == "unknown_class":
        label = f" {quoted(facts['label'])}" if facts.get("label") else ""
        return f"The label{label} is not in the labelling config.{who}"
    return f"{STATUSES[facts['status']]}{who}"


def _outlier(facts: Facts) -> str:
    if facts["by"] == "probabilities":
        return "The model places it in no class, unlike all other items. It may not belong here."
    return (
        f"It is unlike all other items: {facts['times']:.1f} times as far from the nearest ones as usual. "
        "It may not belong here."
    )


def _ambiguous(facts: Facts) -> str:
    first, second = quoted(facts["first"]), quoted(facts["second"])
    return (
        f"The model cannot decide between {first} ({percent(facts['first_probability'])}) "
        f"and {second} ({percent(facts['second_probability'])})."
    )


def _near_duplicate(facts: Facts) -> str:
    items = listing([one_line(item) for item in facts["others"]])
    more = facts["count"] - len(facts["others"])
    also = f" and {more:,} more" if more > 0 else ""
    like = "the same content as" if facts["exact"] else "almost the same content as"
    return f"It has {like} {'item' if facts['count'] == 1 else 'items'} {items}{also}."


def _day(moment: str) -> str:
    return moment[:10]


def _times(n: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(n, f"{n:,} times")


def _share(share: float) -> str:
    return f"{share:.1%}" if share >= 0.001 else "less than 0.1%"


_SENTENCES: Mapping[FindingKind, Callable[[Facts], str]] = {
    FindingKind.TAXONOMY_CHANGE: _taxonomy_change,
    FindingKind.ANNOTATOR_DIFFERS: _annotator_differs,
    FindingKind.ANNOTATOR_DRIFT: _annotator_drift,
    FindingKind.WORSE_GROUP: _worse_group,
    FindingKind.OVERLAP: _overlap,
    FindingKind.IMBALANCE: _imbalance,
    FindingKind.RARE_CLASS: _rare_class,
    FindingKind.LABEL_CONFLICT: _conflict,
    FindingKind.DISAGREEMENT: _disagreement,
    FindingKind.INVALID_LABEL: _invalid_label,
    FindingKind.OUTLIER: _outlier,
    FindingKind.AMBIGUOUS: _ambiguous,
    FindingKind.NEAR_DUPLICATE: _near_duplicate,
}
