"""From a stored correction to the order that a platform carries out."""

from __future__ import annotations

from connector.model import Correction, WriteOrder
from connector.store.unit_of_work import UnitOfWork


def order_for(unit: UnitOfWork, correction: Correction, installation: str) -> WriteOrder:
    evidence = correction.evidence
    return WriteOrder(
        marker=correction.id,
        mode=correction.mode,
        item=unit.items.ref(correction.item_id),
        annotation_id=unit.items.annotation_remote_id(correction.annotation_id),
        expected_label=correction.given,
        label=correction.label,
        score=evidence.probability if evidence.suggested == correction.label else None,
        before=correction.before,
        installation=installation,
        issue=correction.issue_id,
    )
