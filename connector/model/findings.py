"""What a scan finds besides labels that are probably wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from connector.model.platform import Json


class FindingKind(StrEnum):
    """In the order in which they are listed: what concerns all of the data first, single items last."""

    TAXONOMY_CHANGE = "taxonomy_change"  # a class that starts, stops or shifts at a date
    ANNOTATOR_DIFFERS = "annotator_differs"
    ANNOTATOR_DRIFT = "annotator_drift"
    WORSE_GROUP = "worse_group"  # items of one source, date, cluster... flagged far more often
    OVERLAP = "overlap"  # two classes confused both ways
    IMBALANCE = "imbalance"  # a class with far less than an even share
    RARE_CLASS = "rare_class"  # a class with too few items, or none
    LABEL_CONFLICT = "label_conflict"  # near duplicates with different labels
    DISAGREEMENT = "disagreement"  # annotators of one item differ
    INVALID_LABEL = "invalid_label"  # not in the taxonomy, empty, cancelled...
    OUTLIER = "outlier"
    AMBIGUOUS = "ambiguous"  # two classes nearly equal
    NEAR_DUPLICATE = "near_duplicate"


@dataclass(frozen=True, slots=True)
class Finding:
    """One of them. `facts` hold what its sentence and its evidence are made of; `score` is 0..1."""

    id: str
    project_id: int
    scan_id: str
    kind: FindingKind
    item_id: int | None  # of the item, where it is about one
    subject: str  # a class, two classes, an annotator, a group, or the platform's id of the item
    score: float
    facts: Json
    created_at: datetime | None = None
