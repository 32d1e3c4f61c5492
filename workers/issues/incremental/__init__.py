"""Detection that follows single changes: the answer of `label_issues`, without computing it again."""

from workers.issues.incremental.saving import UnusableState
from workers.issues.incremental.state import LabelIssueState

__all__ = ["LabelIssueState", "UnusableState"]
