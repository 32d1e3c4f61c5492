"""The kinds of issue beside plain label errors: arrays in, frozen results out, one kind or family a file."""

from workers.issues.kinds.ambiguous import Ambiguous, ambiguous
from workers.issues.kinds.annotators import AnnotatorAnswers, Differs, Drift, differing, drifting
from workers.issues.kinds.balance import Balance, class_balance
from workers.issues.kinds.clusters import clusters
from workers.issues.kinds.disagreement import Disagreement, disagreements
from workers.issues.kinds.duplicates import unlikely_duplicates
from workers.issues.kinds.outliers import Outlying, outlying
from workers.issues.kinds.overlap import ClassOverlap, overlapping
from workers.issues.kinds.taxonomy import Change, ClassChange, class_changes
from workers.issues.kinds.worse import WorseGroup, worse_groups

__all__ = [
    "Ambiguous",
    "AnnotatorAnswers",
    "Balance",
    "Change",
    "ClassChange",
    "ClassOverlap",
    "Differs",
    "Disagreement",
    "Drift",
    "Outlying",
    "WorseGroup",
    "ambiguous",
    "class_balance",
    "class_changes",
    "clusters",
    "differing",
    "disagreements",
    "drifting",
    "outlying",
    "overlapping",
    "unlikely_duplicates",
    "worse_groups",
]
