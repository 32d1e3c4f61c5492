"""Every sentence that a person reads. Pure: facts in, text out; callers never build sentences.

Labels, names and notes are data that someone typed: they are shortened and kept on one line here, and
escaped where the text becomes HTML.
"""

from __future__ import annotations

from connector.wording.decisions import decision_reason
from connector.wording.flags import FlagFacts, blind_context, flag_context, review_title
from connector.wording.guidelines import NOTE_CHARS, guideline_block
from connector.wording.reasons import (
    BUDGET,
    CLASS_CAP,
    CLASS_GONE,
    EDITED,
    ITEM_GONE,
    LABEL_CHANGED,
    NO_ALTERNATIVE,
    NO_ANSWER,
    NO_LONGER_FLAGGED,
    OWN_LABEL,
    RARE_CLASS,
    SKIPPED,
    SUPERSEDED,
    TASK_GONE,
    UNKNOWN_LABEL,
)
from connector.wording.review import (
    REASON_CHARS,
    TITLE_CHARS,
    review_instructions,
    review_project_title,
    review_refused,
)
from connector.wording.scans import lost_class, not_stated_out_of_sample, too_few_labels
from connector.wording.text import LABEL_CHARS, ago, counted, listing, one_line, percent, quoted

__all__ = [
    "BUDGET",
    "CLASS_CAP",
    "CLASS_GONE",
    "EDITED",
    "ITEM_GONE",
    "LABEL_CHANGED",
    "LABEL_CHARS",
    "NOTE_CHARS",
    "NO_ALTERNATIVE",
    "NO_ANSWER",
    "NO_LONGER_FLAGGED",
    "OWN_LABEL",
    "RARE_CLASS",
    "REASON_CHARS",
    "SKIPPED",
    "SUPERSEDED",
    "TASK_GONE",
    "TITLE_CHARS",
    "UNKNOWN_LABEL",
    "FlagFacts",
    "ago",
    "blind_context",
    "counted",
    "decision_reason",
    "flag_context",
    "guideline_block",
    "listing",
    "lost_class",
    "not_stated_out_of_sample",
    "one_line",
    "percent",
    "quoted",
    "review_instructions",
    "review_project_title",
    "review_refused",
    "review_title",
    "too_few_labels",
]
