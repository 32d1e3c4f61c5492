"""What an annotator can learn from the labels that reviewers looked at again."""

from __future__ import annotations

from workers.feedback.page import html, markdown
from workers.feedback.sheet import Confusion, Example, Sheet, sheets

__all__ = ["Confusion", "Example", "Sheet", "html", "markdown", "sheets"]
