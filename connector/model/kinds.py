"""The closed sets of words: statuses, states, outcomes, modes."""

from __future__ import annotations

from enum import StrEnum


class LabelStatus(StrEnum):
    """Whether an annotation carries a label that can be judged, and if not, why."""

    VALID = "valid"
    CANCELLED = "cancelled"  # skipped by the annotator
    EMPTY = "empty"  # submitted without an answer for the label control
    SEVERAL = "several"  # more than one value in a single-choice control
    UNKNOWN_CLASS = "unknown_class"  # a class that the labelling config does not have
    UNREADABLE = "unreadable"  # not the shape that the control produces
    MISPLACED = "misplaced"  # a span whose text is not what stands at its offsets


class DetectionMethod(StrEnum):
    """Rules of confident learning that choose which labels are flagged."""

    PRUNE_BY_NOISE_RATE = "prune_by_noise_rate"
    PRUNE_BY_CLASS = "prune_by_class"
    BOTH = "both"
    CONFIDENT_LEARNING = "confident_learning"
    PREDICTED_NEQ_GIVEN = "predicted_neq_given"
    LOW_NORMALIZED_MARGIN = "low_normalized_margin"
    LOW_SELF_CONFIDENCE = "low_self_confidence"


class IssueKind(StrEnum):
    LABEL_ERROR = "label_error"
    LABEL_CONFLICT = "label_conflict"  # a duplicate of it is labelled otherwise
    DISAGREEMENT = "disagreement"  # its annotators differ
    AMBIGUOUS = "ambiguous"  # the model cannot decide between two classes
    GOLDEN = "golden"  # its label is known: the answers measure who gives them
    CONTROL = "control"  # not flagged: mixed in at random to measure what flags miss
    ADOPTED = "adopted"  # known by its correction on the platform alone: what it was flagged as is lost


class IssueState(StrEnum):
    OPEN = "open"
    IN_REVIEW = "in_review"
    ACCEPTED = "accepted"  # reviewers agreed on another label
    REJECTED = "rejected"  # reviewers agreed on the given label
    UNRESOLVED = "unresolved"  # reviewers could not agree, or said that no single label fits
    MEASURED = "measured"  # a golden item that was answered: nothing is decided by it
    STALE = "stale"  # the label changed, or the item vanished, before a decision
    SUPPRESSED = "suppressed"  # flagged, but held back by the triage policy


class ReviewState(StrEnum):
    PLANNED = "planned"
    PUSHED = "pushed"
    DECIDED = "decided"
    WITHDRAWING = "withdrawing"
    WITHDRAWN = "withdrawn"


class Problem(StrEnum):
    """What a reviewer may say instead of naming one label."""

    AMBIGUOUS = "ambiguous"
    NONE_FITS = "none of the classes"
    SEVERAL_FIT = "several fit"
    BAD_DATA = "bad data"
    CANNOT_TELL = "cannot tell"


class Outcome(StrEnum):
    ACCEPT = "accept"
    REJECT = "reject"
    ASK_MORE = "ask_more"
    ESCALATE = "escalate"
    UNRESOLVED = "unresolved"


class CorrectionState(StrEnum):
    PENDING = "pending"
    HELD = "held"  # its class would lose too much: a person releases or discards it
    APPLIED = "applied"
    CONFLICT = "conflict"
    FAILED = "failed"
    DRY_RUN = "dry_run"
    WAITING = "waiting"  # until the correction before it is taken back
    CANCELLED = "cancelled"  # its decision was reopened before anything was written
    REVERTING = "reverting"
    REVERTED = "reverted"


class WriteMode(StrEnum):
    GROUND_TRUTH = "ground_truth"  # a new ground-truth annotation beside the original
    UPDATE = "update"  # the original annotation is changed in place
    REPLACE = "replace"  # a new ground-truth annotation; the original is cancelled
    PREDICTION = "prediction"  # only a prediction is added
    DRY_RUN = "dry_run"  # nothing is written


class Role(StrEnum):
    """Which of a project's two remote projects a webhook or cursor belongs to."""

    SOURCE = "source"
    REVIEW = "review"
