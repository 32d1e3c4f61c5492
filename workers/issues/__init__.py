"""Detection: arrays in, frozen results out, one idea a file."""

from workers.issues.boxes import BoxFindings, BoxIssues, BoxKind, BoxMethod, box_issues, box_scores
from workers.issues.detection import LabelIssues, label_issues
from workers.issues.item_scores import ItemScore
from workers.issues.joint import confident_joint
from workers.issues.methods import Method
from workers.issues.multilabel import MultilabelIssues, multilabel_issues
from workers.issues.quality import (
    adjusted,
    confidence_weighted_entropy,
    corrected_weighted_entropy,
    normalized_margin,
    self_confidence,
)
from workers.issues.region_fit import Misfit, RegionFit, box_fit, span_fit
from workers.issues.regression import NumberIssues, NumberMethod, number_issues
from workers.issues.spans import (
    SpanFindings,
    SpanIssues,
    SpanKind,
    SpanTable,
    TokenIssues,
    sentence_scores,
    span_findings,
    span_issues,
    token_issues,
)
from workers.issues.thresholds import confident_thresholds
from workers.issues.triage import TriagePlan, TriagePolicy, triage
from workers.issues.validation import InvalidInput

__all__ = [
    "BoxFindings",
    "BoxIssues",
    "BoxKind",
    "BoxMethod",
    "InvalidInput",
    "ItemScore",
    "LabelIssues",
    "Method",
    "Misfit",
    "MultilabelIssues",
    "NumberIssues",
    "NumberMethod",
    "RegionFit",
    "SpanFindings",
    "SpanIssues",
    "SpanKind",
    "SpanTable",
    "TokenIssues",
    "TriagePlan",
    "TriagePolicy",
    "adjusted",
    "box_fit",
    "box_issues",
    "box_scores",
    "confidence_weighted_entropy",
    "confident_joint",
    "confident_thresholds",
    "corrected_weighted_entropy",
    "label_issues",
    "multilabel_issues",
    "normalized_margin",
    "number_issues",
    "self_confidence",
    "sentence_scores",
    "span_findings",
    "span_fit",
    "span_issues",
    "token_issues",
    "triage",
]
