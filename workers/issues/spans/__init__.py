"""Spans in text: which tokens and which spans are probably wrong."""

from workers.issues.spans.findings import NO_SPAN, SPAN_KINDS, SpanFindings, SpanKind, span_findings
from workers.issues.spans.reading import Joining, SpanIssues, span_issues
from workers.issues.spans.table import SpanTable, Tags, read_tags, spans_of_tags
from workers.issues.spans.tokens import Pooling, SentenceScores, TokenIssues, sentence_scores, token_issues

__all__ = [
    "NO_SPAN",
    "SPAN_KINDS",
    "Joining",
    "Pooling",
    "SentenceScores",
    "SpanFindings",
    "SpanIssues",
    "SpanKind",
    "SpanTable",
    "Tags",
    "TokenIssues",
    "read_tags",
    "sentence_scores",
    "span_findings",
    "span_issues",
    "spans_of_tags",
    "token_issues",
]
