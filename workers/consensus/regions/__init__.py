"""Regions that several people marked: who means the same thing, and what they agree on."""

from workers.consensus.regions.agreement import (
    box_f1_sums,
    box_iou_sums,
    span_f1_sums,
    span_overlap_sums,
)
from workers.consensus.regions.answers import BoxAnswers, SpanAnswers
from workers.consensus.regions.boxes import AgreedBoxes, box_consensus
from workers.consensus.regions.spans import AgreedSpans, SpanConsensus, span_consensus

__all__ = [
    "AgreedBoxes",
    "AgreedSpans",
    "BoxAnswers",
    "SpanAnswers",
    "SpanConsensus",
    "box_consensus",
    "box_f1_sums",
    "box_iou_sums",
    "span_consensus",
    "span_f1_sums",
    "span_overlap_sums",
]
