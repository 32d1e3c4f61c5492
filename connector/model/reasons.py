"""Why something is held back, let go, not counted or not written: codes as stored, worded when shown."""

from __future__ import annotations

import json
import re
from enum import StrEnum
from typing import Any, NewType

from connector.model.platform import Json

Code = NewType("Code", str)  # as `coded` makes it; what an earlier version stored in words is read as one too


class HeldBack(StrEnum):
    """Why a flagged label is not asked about now."""

    BUDGET = "budget"  # no free place in the review queue
    CLASS_CAP = "class_cap"
    RARE_CLASS = "rare_class"
    NO_ALTERNATIVE = "no_alternative"  # the model's own guess is the given label


class LetGo(StrEnum):
    """Why a question was closed before a decision."""

    NO_LONGER_FLAGGED = "no_longer_flagged"
    LABEL_CHANGED = "label_changed"
    ITEM_GONE = "item_gone"
    CLASS_GONE = "class_gone"
    ITEM_EDITED = "item_edited"  # what reviewers see of it
    TASK_GONE = "task_gone"
    CORRECTED = "corrected"  # before our database was restored; the correction was found on the platform
    REFUSED = "refused"  # by the platform; `said`: its message


class NotJudged(StrEnum):
    """Why a scan left a label out, beside the status of an annotation (`LabelStatus`)."""

    NO_PREDICTION = "no_prediction"
    NO_COMPARISON = "no_comparison"  # neither a prediction nor another annotator
    UNUSABLE_PREDICTION = "unusable_prediction"  # `why`: a `BadPrediction`
    UNREADABLE = "unreadable"  # by the model that is trained here; `why`: a code of what it could not read
    NOT_IN_FILE = "not_in_file"  # of predictions
    OTHER_CONTROL = "other_control"  # answers to another question; `control`, `kind`: its name and kind


class BadPrediction(StrEnum):
    """What is wrong with a prediction that cannot be used."""

    UNKNOWN_CLASS = "unknown_class"  # it names a class that the labelling config does not have
    NO_LABEL = "no_label"
    NO_SCORE = "no_score"
    BAD_SCORE = "bad_score"  # not a finite number, negative, or above 1
    BAD_SUM = "bad_sum"  # class scores that are no distribution
    NOT_EVERY_CLASS = "not_every_class"  # of a control that allows several
    NO_NUMBER = "no_number"
    BAD_REGION = "bad_region"  # one that cannot be read: no place, two labels, or words that stand elsewhere


class ScanDoubt(StrEnum):
    """What a scan says of itself beside its figures; parameters are those of the sentence in wording."""

    TOO_FEW_LABELS = "too_few_labels"
    LOST_CLASS = "lost_class"
    FLAGS_LIMITED = "flags_limited"
    JUDGED_BY_TYPE = "judged_by_type"
    JUDGED_BY_OTHERS = "judged_by_others"
    PREDICTIONS_DO_NOT_FIT = "predictions_do_not_fit"
    PREDICTIONS_FIT_LITTLE = "predictions_fit_little"
    NOT_ASKED_IN_PARTS = "not_asked_in_parts"
    NOT_STATED_OUT_OF_SAMPLE = "not_stated_out_of_sample"
    SEEN_LABELS = "seen_labels"
    HELD_TOGETHER = "held_together"
    RARE_CLASSES = "rare_classes"
    MODEL_TOO_WEAK = "model_too_weak"
    SETS_TOO_WEAK = "sets_too_weak"
    NUMBERS_TOO_WEAK = "numbers_too_weak"
    MODEL_REUSED = "model_reused"
    MODEL_NOT_KEPT = "model_not_kept"
    TOO_MANY_TO_COMPARE = "too_many_to_compare"
    LIBRARY_WARNED = "library_said"
    INPUT_ODD = "input_odd"  # `said`: what detection noticed about the arrays


class NotCounted(StrEnum):
    """Why an answer is no vote."""

    OWN_LABEL = "own_label"
    EDITED = "edited"  # by someone else
    SKIPPED = "skipped"
    SUPERSEDED = "superseded"
    OTHER_ACCOUNT = "other_account"
    NO_ANSWER = "no_answer"
    UNKNOWN_LABEL = "unknown_label"


class NotWritten(StrEnum):
    """Why a correction does not stand, where the platform was not the one to say so."""

    DECISION_WITHDRAWN = "decision_withdrawn"
    ITEM_EDITED = "item_edited"  # what reviewers were shown of it
    NOT_TAKEN_BACK = "not_taken_back"  # the correction before it
    PUT_BACK = "put_back"  # a page that had been open before it was saved afterwards
    DISCARDED = "discarded"  # `by`: who discarded it
    TAKEN_AWAY = "taken_away"  # it was written; the platform was restored from an older backup since
    OVERTAKEN = "overtaken"  # it was written; we saved the annotation later, and it is not in there
    SUCCEEDED = "succeeded"  # by a later correction of ours, of the time after the backup of our database
    GONE = "gone"  # it was written; it was deleted or replaced on the platform, not by a revert here
    ITEM_DELETED = "item_deleted"  # it was taken back; there is nothing to restore
    OTHER_LABEL = "other_label"  # it was taken back; `now`: what the item carries, by somebody else
    NOT_REVERTED = "not_reverted"  # it does stand; `said`: why it could not be reverted
    ARRIVED_LATE = "arrived_late"  # it does stand, over a change by somebody; `said`: what that was


class NotReopened(StrEnum):
    """Why a decision stands although the votes say something else now."""

    TOO_LATE = "too_late"
    REOPENED_ENOUGH = "reopened_enough"
    REVERTED_BY_HAND = "reverted_by_hand"
    OTHER_QUESTION = "other_question"
    LABEL_CHANGED = "label_changed"


class NotSearched(StrEnum):
    """Why a kind of finding was not looked for."""

    NO_PROBABILITIES = "no_probabilities"
    WEAK_MODEL = "weak_model"
    NO_FEATURES = "no_features"
    FEW_ITEMS = "few_items"
    TOO_MANY_ITEMS = "too_many_items"
    ONE_ANSWER = "one_answer"
    NO_ANNOTATORS = "no_annotators"
    ONE_ANNOTATOR = "one_annotator"
    NO_DATES = "no_dates"
    ONE_DATE = "one_date"
    NO_GROUPS = "no_groups"
    NO_LABELS = "no_labels"
    SCANNED_IN_PARTS = "scanned_in_parts"


class CleanVerdict(StrEnum):
    """Whether labels are clean enough; parameters are those of the sentence in wording."""

    CLEAN_ENOUGH = "clean_enough"
    NOT_CLEAN_ENOUGH = "not_clean_enough"


class QualityAlarm(StrEnum):
    """What a person should look at; parameters are those of the sentence in wording."""

    CLASS_LOSING = "class_losing"
    TOO_MUCH_HARM = "too_much_harm"
    ANCHORED = "anchored"


CLOSED_BY = "closed_by"  # a person ended the question; `by`: who
ADOPTED = "adopted"  # decided before our database was restored; known by what stands on the platform
REOPENED = "reopened"  # `was`: the reason of the decision until then, `votes`: what the answers say now

_CODED = re.compile(r"([a-z_]+)(?: (\{.*\}))?", re.DOTALL)


def coded(code: str, **params: Any) -> Code:
    """A reason as it is stored: its code, and its parameters as JSON where it has any."""
    name = str(code)
    return Code(f"{name} {json.dumps(params, ensure_ascii=False, sort_keys=True)}" if params else name)


def decoded(text: str) -> tuple[str, Json] | None:
    """Code and parameters of a stored reason; None for a text that is none (of an earlier version)."""
    match = _CODED.fullmatch(text)
    if match is None:
        return None
    try:
        return match[1], json.loads(match[2] or "{}")
    except ValueError:
        return None
