"""Probabilities from a file."""

from __future__ import annotations

from collections.abc import Sequence

from connector.errors import Misconfigured
from connector.model import LabelledItem
from connector.model.reasons import NotJudged, coded
from workers.detect.predictions.errors import NoPredictions
from workers.detect.predictions.uploaded import read_uploaded
from workers.detect.sources.base import PredictionSource, Probabilities, RowOfItem
from workers.detect.state import Basis


class FilePredictions(PredictionSource):
    def all(self, items: Sequence[LabelledItem]) -> Probabilities:
        chosen = self.context.settings.predictions
        if chosen.path is None:  # excluded by the settings
            raise Misconfigured("is missing", field="predictions.path", remedy="Name the file.")
        names = [item.remote_id for item in items]
        try:
            uploaded = read_uploaded(chosen.path, names, self.schema.classes, ids_path=chosen.ids_path)
        except NoPredictions as error:
            raise Misconfigured(
                str(error),
                field=f"projects.{self.context.project.name}.predictions.path",
                remedy="Then scan again; nothing was changed.",
            ) from error
        kept = [items[int(row)] for row in uploaded.rows]
        skipped = {coded(NotJudged.NOT_IN_FILE): uploaded.missing} if uploaded.missing else {}
        return Probabilities(kept, uploaded.probs, chosen.path.name, skipped=skipped)

    def changed(self, items: Sequence[LabelledItem], basis: Basis) -> RowOfItem:
        chosen = self.context.settings.predictions
        if chosen.path is None or chosen.path.name != basis.model_version:
            return {}
        names = [item.remote_id for item in items]
        try:
            uploaded = read_uploaded(chosen.path, names, self.schema.classes, ids_path=chosen.ids_path)
        except NoPredictions:
            return {}  # the next scan says it to a person
        rows = zip(uploaded.rows, uploaded.probs, strict=True)
        return {items[int(row)].item_id: probs for row, probs in rows}
