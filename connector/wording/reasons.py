"""Why something is held back, let go, not counted or not written, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, overload

from connector.model import Json
from connector.model.reasons import (
    ADOPTED,
    CLOSED_BY,
    REOPENED,
    BadPrediction,
    CleanVerdict,
    Code,
    HeldBack,
    LetGo,
    NotCounted,
    NotJudged,
    NotReopened,
    NotSearched,
    NotWritten,
    QualityAlarm,
    ScanDoubt,
    decoded,
)
from connector.wording import models, quality, scans
from connector.wording.decisions import decision_reason, reopened
from connector.wording.review import review_refused

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
    LetGo.CORRECTED: "the label was corrected before this database was restored from a backup",
    NotJudged.NO_PREDICTION: "no prediction",
    NotJudged.NO_COMPARISON: "no prediction, and no other annotator",
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
    NotWritten.OVERTAKEN: (
        "Secondlook saved the annotation last, and this correction is not in it: a request that had been"
        " held up wrote over it, or the platform was restored;"
        " release it to have it written again, or discard it"
    ),
    NotWritten.GONE: (
        "what was written was deleted or replaced on the platform, by somebody or by a request of ours that"
        " had been held up; release it to have it written again, or discard it"
    ),
    NotWritten.SUCCEEDED: (
        "a later correction of this label stands on the platform, from after the backup that this database"
        " was restored from"
    ),
    ADOPTED: (
        "its correction was found on the platform by its mark: this database was restored from a backup that"
        " is older, so who decided it, by which answers, and what the model thought is not known here"
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
    ScanDoubt.JUDGED_BY_TYPE: scans.judged_by_type(),
}
BAD_PREDICTIONS: Mapping[str, str] = {
    BadPrediction.NOT_EVERY_CLASS: "not a probability of every class",
    BadPrediction.NO_NUMBER: "no number, nor a probability of each rating",
    BadPrediction.BAD_REGION: "a region that cannot be read",
}
WORDED_BY: Mapping[str, Callable[..., str]] = {  # each is called with the parameters of its code
    ScanDoubt.TOO_FEW_LABELS: scans.too_few_labels,
    ScanDoubt.LOST_CLASS: scans.lost_class,
    ScanDoubt.FLAGS_LIMITED: models.flags_limited,
    ScanDoubt.JUDGED_BY_OTHERS: scans.judged_by_others,
    ScanDoubt.PREDICTIONS_DO_NOT_FIT: scans.predictions_do_not_fit,
    ScanDoubt.PREDICTIONS_FIT_LITTLE: scans.predictions_fit_little,
    ScanDoubt.NOT_ASKED_IN_PARTS: scans.not_asked_in_parts,
    ScanDoubt.NOT_STATED_OUT_OF_SAMPLE: scans.not_stated_out_of_sample,
    ScanDoubt.SEEN_LABELS: models.seen_labels,
    ScanDoubt.HELD_TOGETHER: scans.held_together,
    ScanDoubt.RARE_CLASSES: models.rare_classes,
    ScanDoubt.MODEL_TOO_WEAK: models.weak_model,
    ScanDoubt.SETS_TOO_WEAK: models.weak_model_of_sets,
    ScanDoubt.NUMBERS_TOO_WEAK: models.weak_model_of_numbers,
    ScanDoubt.MODEL_REUSED: models.model_reused,
    ScanDoubt.MODEL_NOT_KEPT: models.model_not_kept,
    ScanDoubt.TOO_MANY_TO_COMPARE: models.too_many_to_compare,
    ScanDoubt.LIBRARY_WARNED: models.library_warned,
    ScanDoubt.INPUT_ODD: "{said}".format,
    CleanVerdict.CLEAN_ENOUGH: quality.clean_enough,
    CleanVerdict.NOT_CLEAN_ENOUGH: quality.not_clean_enough,
    QualityAlarm.CLASS_LOSING: quality.class_losing,
    QualityAlarm.TOO_MUCH_HARM: quality.too_much_harm,
    QualityAlarm.ANCHORED: quality.anchored,
}


def _carried_now(now: str | None) -> str:
    return "the item carries no label now" if now is None else f"the item carries {now!r} now"


NOT_WRITTEN: Mapping[str, Callable[..., str]] = {
    NotWritten.DISCARDED: quality.discarded,
    NotWritten.NOT_REVERTED: "not reverted: {said}".format,
    NotWritten.ARRIVED_LATE: "it arrived late, and stands over a change by somebody else: {said}".format,
    NotWritten.OTHER_LABEL: _carried_now,
}
CALLED = {**WORDED_BY, **NOT_WRITTEN}


@overload
def reason_text(stored: str) -> str: ...
@overload
def reason_text(stored: None) -> None: ...
def reason_text(stored: str | None) -> str | None:
    """A stored reason in words; a text that is no code of ours is said as it is."""
    result = None if stored is None else decoded(stored)
    if stored is None or result is None:
        return stored
    code, params = result
    try:
        if not params:
            return SENTENCES[code]
        return CALLED[code](**params) if code in CALLED else _with(code, params)
    except (KeyError, TypeError):  # words of an earlier version, or a code of a later one
        return stored


def reason_texts(stored: Iterable[str]) -> tuple[str, ...]:
    """The same of several."""
    return tuple(reason_text(each) for each in stored)


def left_out_texts(skipped: Mapping[Code, int]) -> dict[str, int]:
    """What a scan left out, reason → how many, in words."""
    return {reason_text(reason): int(n) for reason, n in skipped.items()}


def quality_texts(figures: Json | None) -> Json | None:
    """Stored figures of quality, with what they come to in words."""
    if figures is None:
        return None
    texts: dict[str, Any] = {"alarms": list(reason_texts(figures.get("alarms", ())))}
    if "verdict" in figures:
        texts["verdict"] = reason_text(figures["verdict"])
    return {**figures, **texts}


def _with(code: str, params: Json) -> str:
    match code:
        case LetGo.REFUSED:
            return review_refused(params["said"])
        case NotJudged.UNUSABLE_PREDICTION:
            return f"prediction: {BAD_PREDICTIONS.get(params['why'], _spaced(params['why']))}"
        case NotJudged.UNREADABLE:
            return _spaced(params["why"])
        case NotJudged.OTHER_CONTROL:
            return scans.not_judged_yet(params["control"], params["kind"])
        case _ if code == CLOSED_BY:
            return f"closed by {params['by'].removeprefix('user:')}, without an answer"
        case _ if code == REOPENED:
            return reopened(reason_text(params["was"]), params["votes"])
        case _:
            return decision_reason(
                code, params["votes"], params["label"], params["given"], params["probability"]
            )


def _spaced(code: str) -> str:
    return code.replace("_", " ")
