"""Why something is held back, let go, not counted or not written, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import overload

from connector.model import Json
from connector.model.reasons import (
    REOPENED,
    HeldBack,
    LetGo,
    NotCounted,
    NotJudged,
    NotReopened,
    NotSearched,
    NotWritten,
    decoded,
)
from connector.wording.decisions import decision_reason, reopened
from connector.wording.quality import discarded
from connector.wording.review import review_refused
from connector.wording.scans import not_judged_yet

SENTENCES: Mapping[str, str] = {
    HeldBack.BUDGET: "waits for a free place in the review queue",
    HeldBack.CLASS_CAP: "its class has reached the cap of flags",
    HeldBack.RARE_CLASS: "its class has too few examples to be judged",
    HeldBack.NO_ALTERNATIVE: "the model's own guess is the given label",
    LetGo.NO_LONGER_FLAGGED: "a later scan no longer flags it",
    LetGo.LABEL_CHANGED: "the label changed before a decision",
    LetGo.ITEM_GONE: "the item or its annotation was deleted before a decision",
    LetGo.CLASS_GONE: "its class is not in the labelling config any more",
    LetGo.ITEM_EDITED: "the item was edited while it was reviewed: answers to what it was do not count",
    LetGo.TASK_GONE: "the review task was deleted on the platform",
    NotJudged.NO_PREDICTION: "no prediction",
    NotJudged.NOT_IN_FILE: "not in the file",
    NotCounted.OWN_LABEL: "the reviewer labeled this item before",
    NotCounted.EDITED: "someone else edited this answer",
    NotCounted.SKIPPED: "skipped",
    NotCounted.SUPERSEDED: "the same reviewer answered again later",
    NotCounted.OTHER_ACCOUNT: "the same person answered later from another account",
    NotCounted.NO_ANSWER: "neither a label nor a problem was chosen",
    NotCounted.UNKNOWN_LABEL: "the label is not among the project's classes",
    NotWritten.DECISION_WITHDRAWN: "the decision behind it was reopened before it was written",
    NotWritten.ITEM_EDITED: "the item was edited after it was decided about: the answers were to what it was",
    NotWritten.PUT_BACK: "what was there before stands again: somebody saved a page that had been open",
    NotWritten.NOT_TAKEN_BACK: "the correction before it could not be taken back: see there why",
    NotWritten.ITEM_DELETED: "the item was deleted on the platform, and its label with it",
    NotWritten.TAKEN_AWAY: (
        "the platform was restored from a backup that is older than this correction:"
        " release it to have it written again, or discard it"
    ),
    NotReopened.TOO_LATE: "the votes came too late to reopen the decision",
    NotReopened.REOPENED_ENOUGH: "it was reopened as often as it may be, and there is no adjudicator to ask",
    NotReopened.REVERTED_BY_HAND: "a person has taken the correction back",
    NotReopened.OTHER_QUESTION: "another question about the item is open",
    NotSearched.NO_PROBABILITIES: "there are no probabilities",
    NotSearched.WEAK_MODEL: "the model is too weak to judge by",
    NotSearched.NO_FEATURES: "the items' features are not known",
    NotSearched.FEW_ITEMS: "there are too few items",
    NotSearched.TOO_MANY_ITEMS: (
        "there are too many items to compare each with each; install the extra 'neighbours'"
    ),
    NotSearched.ONE_ANSWER: "no item has answers of two people",
    NotSearched.NO_ANNOTATORS: "it is not known who labeled",
    NotSearched.ONE_ANNOTATOR: "all labels are by one person",
    NotSearched.NO_DATES: "it is not known when labels were given",
    NotSearched.ONE_DATE: "all labels were given at one moment",
    NotSearched.NO_GROUPS: "no data field, date or cluster divides the items",
    NotSearched.NO_LABELS: "no item has a label",
    NotSearched.SCANNED_IN_PARTS: "the project is scanned in parts, of which none holds all items",
}


@overload
def reason_said(stored: str) -> str: ...
@overload
def reason_said(stored: None) -> None: ...
def reason_said(stored: str | None) -> str | None:
    """A stored reason in words; a text that is no code of ours is said as it is."""
    found = None if stored is None else decoded(stored)
    if stored is None or found is None:
        return stored
    code, params = found
    try:
        return SENTENCES[code] if not params else _with(code, params)
    except (KeyError, TypeError):  # words of an earlier version, or a code of a later one
        return stored


def left_out_said(skipped: Mapping[str, int]) -> dict[str, int]:
    """What a scan left out, reason → how many, in words."""
    return {reason_said(reason): int(n) for reason, n in skipped.items()}


def _with(code: str, params: Json) -> str:
    match code:
        case LetGo.REFUSED:
            return review_refused(params["said"])
        case NotJudged.UNUSABLE_PREDICTION:
            return f"prediction: {params['why'].replace('_', ' ')}"
        case NotJudged.OTHER_CONTROL:
            return not_judged_yet(params["control"], params["kind"])
        case NotWritten.DISCARDED:
            return discarded(params["by"])
        case NotWritten.NOT_REVERTED:
            return f"not reverted: {params['said']}"
        case NotWritten.OTHER_LABEL:
            now = params["now"]
            return f"the item carries {now!r} now" if now is not None else "the item carries no label now"
        case _ if code == REOPENED:
            return reopened(reason_said(params["was"]), params["votes"])
        case _:
            return decision_reason(
                code, params["votes"], params["label"], params["given"], params["probability"]
            )
