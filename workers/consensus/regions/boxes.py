"""Several people's boxes on one picture become one set of boxes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from workers.consensus.arrays import Floats, Ints, Mask
from workers.consensus.regions.answers import BoxAnswers
from workers.issues.geometry import Boxes, areas, iou, median_box

JOINING = 0.3  # overlap with a cluster's median from which a box belongs to it; .5 loses recall
SHARE = 1 / 3  # of the people who drew it, from which a box stays: people miss more than they invent
ROUNDING = 1e-9  # shares are sums of fractions


@dataclass(frozen=True, slots=True)
class AgreedBoxes:
    """One entry a cluster, the best supported first.

    `boxes` (C, 5) are medians, `label` (C,) the class that most give it and `label_share` (C,) the share of
    those who drew it and do, `support` (C,) the share of all people who drew it, `closeness` (C,) the mean
    overlap of their boxes with the median, `tied` (C,) says that another class stood equal, `kept` (C,)
    which clusters have support enough. `cluster` (R,) is where each answer went.
    """

    boxes: Boxes
    label: Ints
    label_share: Floats
    support: Floats
    closeness: Floats
    tied: Mask
    kept: Mask
    cluster: Ints


def box_consensus(
    answers: BoxAnswers, *, share: float = SHARE, weights: Mapping[int, float] | None = None
) -> AgreedBoxes:
    """Find who drew the same thing, and what they agree on.

    Parameters
    ----------
    answers
        All boxes on the picture, whatever their classes: who names a thing differently still means it.
    share
        Of the people, or of their weight, that must have drawn a box for it to stay.
    weights
        What a person counts for; 1 for those who are not named.

    Returns
    -------
    AgreedBoxes
        Also the clusters that do not stay: they are questions.

    Notes
    -----
    Boxes are taken by falling area, whoever drew them, so that the answer does not depend on the order of
    people. Each joins the cluster whose median it overlaps most, by .3 at least, and in which its person has
    no box yet; or begins one. Classes are voted on inside the cluster; of equal ones the smallest is named.
    """
    members = _clusters(answers)
    weight = _weights(answers.people, weights)
    support = np.array([_share(answers, rows, weight) for rows in members])
    ranked = np.argsort(-support, kind="stable").tolist()
    cluster = np.zeros(len(answers.label), dtype=np.int64)
    for place, k in enumerate(ranked):
        cluster[members[k]] = place
    medians = np.array([median_box(answers.boxes[members[k]]) for k in ranked]).reshape(-1, 5)
    voice = weight[np.searchsorted(answers.people, answers.person)]
    label, label_share, tied = _classes(cluster, answers.label, voice, len(members))
    overlap = iou(answers.boxes, medians[cluster]) if members else np.zeros(0)
    closeness = np.bincount(cluster, overlap) / np.bincount(cluster) if members else np.zeros(0)
    kept = support[ranked] >= share - ROUNDING
    return AgreedBoxes(medians, label, label_share, support[ranked], closeness, tied, kept, cluster)


def _share(answers: BoxAnswers, rows: list[int], weight: Floats) -> float:
    """The share of all people's weight that stands behind a cluster."""
    drew = np.isin(answers.people, answers.person[rows])
    return float(weight[drew].sum() / max(weight.sum(), ROUNDING))


def _clusters(answers: BoxAnswers) -> list[list[int]]:
    """The rows of each cluster, in the order in which they are begun."""
    order = np.lexsort((answers.label, *answers.boxes.T[::-1], -areas(answers.boxes)))
    members: list[list[int]] = []
    people: list[set[int]] = []
    medians = np.empty_like(answers.boxes)  # as many clusters as boxes at most
    for row in order.tolist():
        box, person = answers.boxes[row], int(answers.person[row])
        overlap = iou(medians[: len(members)], np.broadcast_to(box, (len(members), 5)))
        overlap[[person in drawn for drawn in people]] = 0
        best = int(overlap.argmax()) if members else 0
        if members and overlap[best] >= JOINING:
            members[best].append(row)
            people[best].add(person)
        else:
            best = len(members)
            members.append([row])
            people.append({person})
        medians[best] = median_box(answers.boxes[members[best]])
    return members


def _weights(people: Ints, weights: Mapping[int, float] | None) -> Floats:
    named = weights or {}
    return np.array([named.get(person, 1.0) for person in people.tolist()], dtype=np.float64)


def _classes(cluster: Ints, label: Ints, weight: Floats, n_clusters: int) -> tuple[Ints, Floats, Mask]:
    """The class that most of a cluster's weight gives it, its share, and whether another stands equal."""
    n_labels = int(label.max(initial=0)) + 1
    votes = np.zeros((n_clusters, n_labels))
    np.add.at(votes, (cluster, label), weight)
    most = votes.max(axis=1, initial=0)
    tied: Mask = (votes >= most[:, None] - ROUNDING).sum(axis=1) > 1
    return votes.argmax(axis=1), most / np.maximum(votes.sum(axis=1), ROUNDING), tied
