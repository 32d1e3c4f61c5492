"""Which items are alike: one neighbour graph, and what it tells.

`knn` computes the graph once; `outlier_scores`, `near_duplicates` and the evidence of similar items read it.
"""

from workers.issues.neighbours.approximate import Index, installed_index
from workers.issues.neighbours.cells import by_cells
from workers.issues.neighbours.conflicts import DuplicateRow, LabelConflicts, label_conflicts
from workers.issues.neighbours.duplicates import DuplicateSets, exact_groups, near_duplicates
from workers.issues.neighbours.ood import OodMethod, ood_scores
from workers.issues.neighbours.outliers import outlier_scores
from workers.issues.neighbours.reduced import searchable
from workers.issues.neighbours.result import Metric, Neighbours
from workers.issues.neighbours.search import EXACT_ROWS, knn, too_many_rows

__all__ = [
    "EXACT_ROWS",
    "DuplicateRow",
    "DuplicateSets",
    "Index",
    "LabelConflicts",
    "Metric",
    "Neighbours",
    "OodMethod",
    "by_cells",
    "exact_groups",
    "installed_index",
    "knn",
    "label_conflicts",
    "near_duplicates",
    "ood_scores",
    "outlier_scores",
    "searchable",
    "too_many_rows",
]
