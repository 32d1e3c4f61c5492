"""Detection over shards: maps that see one shard each, and reductions that see only their summaries.

The answer is that of `label_issues` on all rows at once, to the last bit: mask, quality, order, suggestions
and warnings, for every method, both types, ties included, however the rows are split. Shards hold
consecutive rows; everywhere below they are given in that order. One run goes:

    trust = [read_trust(labels, probs, first_row=start) for each shard]          # map 1
    cuts = cuts_of(trust, method)                                                # reduce 1
    evidence = [read_evidence(labels, probs, cuts, first_row=start) for ...]     # map 2
    found = Reduction(cuts, trust, evidence)                                     # reduce 2
    answers = []
    if found.question is not None:                                               # seldom
        answers = [read_margins(labels, probs, cuts, found.question) for ...]    # map 3
    issues = found.issues(answers)                                               # LabelIssues of all rows

Every part has `to_bytes()` and `from_bytes(content)`: versioned, checksummed, no code in it; `from_bytes`
raises `UnusableState` for anything else. A map is a pure function of its arguments, so that one that was cut
off may be run again. `cuts`, `evidence` and `answers` are worth nothing when any shard's labels or
probabilities have changed since map 1: begin anew.

| part | bytes a row (float64, up to 127 classes) | what it holds |
|---|---|---|
| `ShardTrust` | 9 | given classes and their probabilities |
| `Cuts` | – (8 a class) | method, thresholds |
| `ShardEvidence` | about 2 to 8 (`low_normalized_margin`: 10) | predictions, who disagrees, margins, counts |
| `Question` | – (8 a pair) | pairs of classes that the summaries leave undecided |
| `ShardMargins` | 8 for each row of a pair's given class | the margins asked for |

A question comes up where the boundary between issue and none is tied, or lies among rows that agree with
their label; rounded probabilities tie often. `Reduction` holds about 12 bytes a row.

Thresholds are means in row order, so they need every self-confidence; the joint is sums of integers; and of
the margins only the clearly positive ones of rows that disagree can be chosen (Northcutt et al. 2021,
arXiv:1911.00068, sections 3.1 and 3.2).
"""

from workers.issues.incremental.saving import UnusableState
from workers.issues.sharded.maps import read_evidence, read_margins, read_trust
from workers.issues.sharded.parts import Cuts, PairQuestion, ShardEvidence, ShardMargins, ShardTrust
from workers.issues.sharded.reduction import Reduction, cuts_of

__all__ = [
    "Cuts",
    "PairQuestion",
    "Reduction",
    "ShardEvidence",
    "ShardMargins",
    "ShardTrust",
    "UnusableState",
    "cuts_of",
    "read_evidence",
    "read_margins",
    "read_trust",
]
