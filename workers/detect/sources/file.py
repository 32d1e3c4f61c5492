"""Probabilities from a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from connector.errors import Misconfigured
from connector.model import LabelledItem
from connector.model.reasons import Code, NotJudged, coded
from workers.context import Context
from workers.detect.predictions.errors import NoPredictions
from workers.detect.predictions.uploaded import Uploaded, read_uploaded
from workers.detect.sources.base import PredictionSource, Probabilities, RowOfItem
from workers.detect.state import Basis


@dataclass(frozen=True, slots=True)
class UploadedFile:
    """The configured file as read for some items: `uploaded` has a column for each of `columns`."""

    path: Path
    uploaded: Uploaded
    columns: Sequence[str]

    @property
    def skipped(self) -> Mapping[Code, int]:
        missing = self.uploaded.missing
        return {coded(NotJudged.NOT_IN_FILE): missing} if missing else {}


def uploaded_for(
    context: Context, items: Sequence[LabelledItem], possible: Sequence[Sequence[str]]
) -> UploadedFile:
    """What the configured file says of items; Misconfigured where it cannot be used.

    `possible` are the columns that it may have: the first ones that it does count.
    """
    chosen = context.settings.predictions
    where = f"projects.{context.project.name}.predictions.path"
    if chosen.path is None:  # excluded by the settings
        raise Misconfigured("is missing", field=where, remedy="Name the file.")
    names = [item.remote_id for item in items]
    refused: NoPredictions | None = None
    for columns in possible:
        try:
            uploaded = read_uploaded(chosen.path, names, columns, ids_path=chosen.ids_path)
        except NoPredictions as error:
            refused = refused or error
        else:
            return UploadedFile(chosen.path, uploaded, columns)
    remedy = "Then scan again; nothing was changed."
    raise Misconfigured(str(refused), field=where, remedy=remedy) from refused


class FilePredictions(PredictionSource):
    def all(self, items: Sequence[LabelledItem]) -> Probabilities:
        known = uploaded_for(self.context, items, [self.schema.classes])
        kept = [items[int(row)] for row in known.uploaded.rows]
        return Probabilities(kept, known.uploaded.probs, known.path.name, skipped=known.skipped)

    def changed(self, items: Sequence[LabelledItem], basis: Basis) -> RowOfItem:
        chosen = self.context.settings.predictions
        if chosen.path is None or chosen.path.name != basis.model_version:
            return {}
        try:
            uploaded = uploaded_for(self.context, items, [self.schema.classes]).uploaded
        except Misconfigured:
            return {}  # the next scan says it to a person
        rows = zip(uploaded.rows, uploaded.probs, strict=True)
        return {items[int(row)].item_id: probs for row, probs in rows}
