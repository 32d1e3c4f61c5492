"""Every sentence that a person reads. Pure: facts in, text out; callers never build sentences.

Labels, names and notes are data that someone typed: they are shortened and kept on one line here, and
escaped where the text becomes HTML.
"""

from __future__ import annotations

from connector.wording.content import item_snippet
from connector.wording.decisions import DECISION_REASONS, decision_reason, reopened
from connector.wording.findings import (
    ambiguity_question,
    conflict_question,
    disagreement_question,
    finding_sentence,
    finding_title,
    not_searched_text,
)
from connector.wording.flags import FlagFacts, blind_context, flag_context, review_title
from connector.wording.guidelines import (
    NOTE_CHARS,
    Guideline,
    accepted_by_rule,
    example_item,
    guideline_block,
    guideline_instance,
    guideline_question,
    note_text,
)
from connector.wording.models import (
    flags_limited,
)
from connector.wording.people import (
    barred_tasks,
    feedback_no_confusions,
    feedback_no_note,
    feedback_opening,
    feedback_pair,
    feedback_title,
    feedback_trend,
    getting_worse,
    golden_conflict,
    golden_doubted,
    golden_line,
    golden_size,
    golden_twice,
    no_such_class,
    no_such_item,
    own_answers,
    rate,
    too_few_reviewers,
    too_few_votes,
    weighs_less,
)
from connector.wording.quality import (
    changes,
    checked_harm,
    measured_harm,
    pair_belief,
    points,
    share,
)
from connector.wording.reasons import left_out_texts, quality_texts, reason_text, reason_texts
from connector.wording.reports import guideline_effect, report_headline, report_reason
from connector.wording.review import (
    REASON_CHARS,
    TITLE_CHARS,
    review_instructions,
    review_project_title,
    review_refused,
)
from connector.wording.scans import (
    neighbours_approximate,
    not_judged_yet,
    other_controls,
)
from connector.wording.text import (
    LABEL_CHARS,
    ago,
    are,
    counted,
    listing,
    number_of,
    one_line,
    percent,
    quoted,
)

__all__ = [
    "DECISION_REASONS",
    "LABEL_CHARS",
    "NOTE_CHARS",
    "REASON_CHARS",
    "TITLE_CHARS",
    "FlagFacts",
    "Guideline",
    "accepted_by_rule",
    "ago",
    "ambiguity_question",
    "are",
    "barred_tasks",
    "blind_context",
    "changes",
    "checked_harm",
    "conflict_question",
    "counted",
    "decision_reason",
    "disagreement_question",
    "example_item",
    "feedback_no_confusions",
    "feedback_no_note",
    "feedback_opening",
    "feedback_pair",
    "feedback_title",
    "feedback_trend",
    "finding_sentence",
    "finding_title",
    "flag_context",
    "flags_limited",
    "getting_worse",
    "golden_conflict",
    "golden_doubted",
    "golden_line",
    "golden_size",
    "golden_twice",
    "guideline_block",
    "guideline_effect",
    "guideline_instance",
    "guideline_question",
    "item_snippet",
    "left_out_texts",
    "listing",
    "measured_harm",
    "neighbours_approximate",
    "no_such_class",
    "no_such_item",
    "not_judged_yet",
    "not_searched_text",
    "note_text",
    "number_of",
    "one_line",
    "other_controls",
    "own_answers",
    "pair_belief",
    "percent",
    "points",
    "quality_texts",
    "quoted",
    "rate",
    "reason_text",
    "reason_texts",
    "reopened",
    "report_headline",
    "report_reason",
    "review_instructions",
    "review_project_title",
    "review_refused",
    "review_title",
    "share",
    "too_few_reviewers",
    "too_few_votes",
    "weighs_less",
]
