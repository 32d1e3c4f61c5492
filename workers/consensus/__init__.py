"""Consensus: votes in, frozen decisions out."""

from workers.consensus.active import active_score
from workers.consensus.agreement_by import (
    PairAgreement,
    agreement_by_class,
    agreement_by_pair,
    agreement_over_time,
)
from workers.consensus.anytime import anytime_interval
from workers.consensus.ballot import LEAST_WEIGHT, QuorumVote
from workers.consensus.binomial import Share, difference, exact_interval
from workers.consensus.bootstrap import Interval, bootstrap_interval, interval_of
from workers.consensus.library.agreement import (
    cohen_kappa,
    fleiss_kappa,
    krippendorff_alpha,
    pairwise_agreement,
)
from workers.consensus.library.calibration import best_temperature, tempered
from workers.consensus.library.crowdlab import Crowdlab, crowdlab
from workers.consensus.library.dawid_skene import DawidSkene, dawid_skene
from workers.consensus.library.flow import Flow, class_flow, confusion_matrix
from workers.consensus.library.majority import majority
from workers.consensus.library.weighted import weighted_vote
from workers.consensus.library.whom_to_ask import ActiveLab, active_scores, whom_to_ask
from workers.consensus.measures import alpha_sums, fleiss_sums, pairwise_sums
from workers.consensus.numeric import (
    Centre,
    NumberConsensus,
    Scale,
    difference_sums,
    number_alpha,
    number_alpha_sums,
    number_consensus,
    set_alpha_sums,
)
from workers.consensus.posterior import Prior, Trust, measured_accuracy, posterior
from workers.consensus.quorum import QuorumOutcome, QuorumPolicy, Reason, Situation, Verdict, decide
from workers.consensus.regions import (
    AgreedBoxes,
    AgreedSpans,
    BoxAnswers,
    SpanAnswers,
    SpanConsensus,
    box_consensus,
    box_f1_sums,
    box_iou_sums,
    span_consensus,
    span_f1_sums,
    span_overlap_sums,
)
from workers.consensus.reliability import (
    Reliability,
    drift,
    reliability,
)
from workers.consensus.sets import SetConsensus, jaccard, jaccard_sums, mean_jaccard, set_consensus
from workers.consensus.votes import Consensus, InvalidVotes, Votes

__all__ = [
    "LEAST_WEIGHT",
    "ActiveLab",
    "AgreedBoxes",
    "AgreedSpans",
    "BoxAnswers",
    "Centre",
    "Consensus",
    "Crowdlab",
    "DawidSkene",
    "Flow",
    "Interval",
    "InvalidVotes",
    "NumberConsensus",
    "PairAgreement",
    "Prior",
    "QuorumOutcome",
    "QuorumPolicy",
    "QuorumVote",
    "Reason",
    "Reliability",
    "Scale",
    "SetConsensus",
    "Share",
    "Situation",
    "SpanAnswers",
    "SpanConsensus",
    "Trust",
    "Verdict",
    "Votes",
    "active_score",
    "active_scores",
    "agreement_by_class",
    "agreement_by_pair",
    "agreement_over_time",
    "alpha_sums",
    "anytime_interval",
    "best_temperature",
    "bootstrap_interval",
    "box_consensus",
    "box_f1_sums",
    "box_iou_sums",
    "class_flow",
    "cohen_kappa",
    "confusion_matrix",
    "crowdlab",
    "dawid_skene",
    "decide",
    "difference",
    "difference_sums",
    "drift",
    "exact_interval",
    "fleiss_kappa",
    "fleiss_sums",
    "interval_of",
    "jaccard",
    "jaccard_sums",
    "krippendorff_alpha",
    "majority",
    "mean_jaccard",
    "measured_accuracy",
    "number_alpha",
    "number_alpha_sums",
    "number_consensus",
    "pairwise_agreement",
    "pairwise_sums",
    "posterior",
    "reliability",
    "set_alpha_sums",
    "set_consensus",
    "span_consensus",
    "span_f1_sums",
    "span_overlap_sums",
    "tempered",
    "weighted_vote",
    "whom_to_ask",
]
