"""Majority votes with ties broken by the model, then by rarity, then by whose votes they are."""

from __future__ import annotations

import numpy as np

from workers.consensus.arrays import Floats, Ints, Mask, leading
from workers.consensus.library.crowd import Crowd


def most_voted(crowd: Crowd, probs: Floats) -> Ints:
    """(T,): the most frequent label of each task.

    Of equally frequent ones the one the model finds most probable; then the rarest among all votes; then the
    one whose voters agree most with the untied majorities; then the smallest, where cleanlab draws by lot.
    """
    counts = crowd.counts
    label, top, shared_lead = leading(np.ascontiguousarray(counts.T))
    tied = np.flatnonzero(shared_lead & (crowd.n_votes > 0))
    if not tied.size:
        return label
    modes = _greatest(counts[tied] == top[tied, None], probs[tied])
    modes = _greatest(modes, np.broadcast_to(-counts.sum(axis=0), modes.shape))
    left = np.flatnonzero(modes.sum(axis=1) > 1)
    if left.size:
        modes[left] = _by_voters(crowd, label, tied, tied[left], modes[left])
    label[tied] = modes.argmax(axis=1)
    return label


def _greatest(modes: Mask, score: Floats) -> Mask:
    """The modes whose score no other mode of the row exceeds."""
    scored = np.where(modes, score, -np.inf)
    return np.asarray(scored == scored.max(axis=1, keepdims=True)) & modes


def _by_voters(crowd: Crowd, label: Ints, tied: Ints, rows: Ints, modes: Mask) -> Mask:
    votes = crowd.votes
    settled = np.ones(len(label), dtype=np.bool_)
    settled[tied] = False
    counted = settled[votes.task]
    right = np.bincount(
        votes.annotator, counted & (label[votes.task] == votes.label), minlength=votes.n_annotators
    )
    answered = np.bincount(votes.annotator, counted, minlength=votes.n_annotators)
    if not answered.any():
        return modes
    skill = right / np.maximum(answered, 1)
    skill[answered == 0] = skill[answered > 0].mean()
    place = np.full(len(label), -1)
    place[rows] = np.arange(len(rows))
    inside = place[votes.task] >= 0
    cell = place[votes.task[inside]] * modes.shape[1] + votes.label[inside]
    total = np.bincount(cell, skill[votes.annotator[inside]], minlength=modes.size).reshape(modes.shape)
    return _greatest(modes, total / np.maximum(crowd.counts[rows], 1))
