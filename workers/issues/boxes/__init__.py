"""Boxes on pictures: which are probably overlooked, badly located, swapped or spurious."""

from workers.issues.boxes.issues import BoxIssues, BoxMethod, box_issues, box_scores
from workers.issues.boxes.kinds import KINDS, NO_BOX, NO_LABEL, BoxFindings, BoxKind
from workers.issues.boxes.objectlab import ObjectlabScores
from workers.issues.boxes.precision import average_precision

__all__ = [
    "KINDS",
    "NO_BOX",
    "NO_LABEL",
    "BoxFindings",
    "BoxIssues",
    "BoxKind",
    "BoxMethod",
    "ObjectlabScores",
    "average_precision",
    "box_issues",
    "box_scores",
]
