"""Predictions of the built-in tagger, for labels that are places in a text."""

from __future__ import annotations

from collections.abc import Sequence

from connector.errors import Misconfigured
from connector.model import LabelledItem, LabelSchema, Prediction
from connector.model.item_data import value_at
from connector.model.item_text import labelled_text
from workers.context import Context
from workers.detect.predictions.errors import NoPredictions
from workers.detect.sources import trained
from workers.detect.sources.base import SEED
from workers.label_types.base import LabelTags, LabelType


def tagged(
    context: Context, kind: LabelType, schema: LabelSchema, items: Sequence[LabelledItem]
) -> tuple[list[Prediction | None], float]:
    """What a tagger reads in each text that has not seen it, and its F1 against what is marked there.

    An item without a text has no prediction. Misconfigured for too few texts to learn from.
    """
    from workers.detect.predictions.tagging import out_of_sample_tags  # scikit-learn, only where it is asked

    chosen = context.settings.predictions
    with context.read() as unit:
        data = unit.items.data([item.item_id for item in items])
    fields = [data[item.item_id] for item in items]
    texts = [value_at(held, chosen.field) if chosen.field else labelled_text(schema, held) for held in fields]
    rows = [row for row, text in enumerate(texts) if isinstance(text, str) and text]
    tags = kind.tags([str(texts[row]) for row in rows], [items[row].label for row in rows], schema)
    if tags is None:
        raise TypeError(f"labels of type {schema.kind} are no places in a text")

    def progress(done: int, total: int) -> None:
        context.progress(done, total, "folds")

    try:
        read = out_of_sample_tags(
            tags.words, tags.tags, tags.n_tags, folds=chosen.folds, seed=SEED, progress=progress
        )
    except NoPredictions as error:
        raise Misconfigured(
            str(error),
            field=f"projects.{context.project.name}.predictions",
            remedy="Mark more texts, or take predictions from the platform.",
        ) from error
    now = context.services.clock.now()
    predictions: list[Prediction | None] = [None] * len(items)
    for at, (row, probs) in enumerate(zip(rows, read.probs, strict=True)):
        predictions[row] = Prediction("", trained.VERSION, None, None, tags.scores(at, probs), now)
    return predictions, _f1(kind, [items[row] for row in rows], tags, read.probs)


def _f1(kind: LabelType, items: Sequence[LabelledItem], tags: LabelTags, probs: Sequence[object]) -> float:
    """Of the parts that are read and those that are marked, equal in place and label, 0..1."""
    read = [set(tags.scores(row, each)) for row, each in enumerate(probs)]
    marked = [set(kind.parts(item.label)) for item in items]
    both = sum(len(one & other) for one, other in zip(read, marked, strict=True))
    total = sum(map(len, read)) + sum(map(len, marked))
    return 2 * both / total if total else 0.0
