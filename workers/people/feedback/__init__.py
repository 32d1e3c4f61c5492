"""What an annotator can learn from the labels that reviewers looked at again."""

from __future__ import annotations

from workers.people.feedback.page import html, markdown
from workers.people.feedback.sheet import Confusion, Sheet, SheetExample, sheets

__all__ = ["Confusion", "Sheet", "SheetExample", "html", "markdown", "sheets"]
