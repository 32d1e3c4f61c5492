"""A platform of any size that makes its items when they are asked for: only what was changed is held."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
from sqlalchemy import Engine, text

from connector.model import (
    Annotation,
    Annotator,
    Item,
    ItemRef,
    LabelSchema,
    LabelStatus,
    ObjectTag,
    Page,
    Prediction,
    SourceInfo,
)
from connector.platforms.memory import MemoryServer, MemorySource
from connector.wiring import Services
from workers.label_types.registry import codecs_of

N_CLASSES = 10
CLASSES = tuple(f"class-{k}" for k in range(N_CLASSES))
SCHEMA = LabelSchema("label", "text", CLASSES, (ObjectTag("text", "Text", "text"),))
START = datetime(2026, 1, 1, tzinfo=UTC)
WRONG = 0.03  # of the labels
UNSURE = 0.05  # of the predictions: about another class than the right one
PAGE = 1000


class PreparedSource(MemorySource):
    """`n_items` texts with one label and one prediction each, the same ones each time."""

    def __init__(self, server: MemoryServer, n_items: int) -> None:
        super().__init__(server, server.add_project(SCHEMA, "Prepared"), codecs=codecs_of("memory"))
        self._n_items = n_items
        self._changed: dict[str, Item] = {}

    def describe(self) -> SourceInfo:
        return SourceInfo("Prepared", SCHEMA, "service", self._n_items)

    def annotators(self) -> Sequence[Annotator]:
        return [Annotator(name, name) for name in ("ann", "rita", "ravi")]

    def changes_since(self, cursor: str | None) -> Iterator[Page]:
        first = int(cursor or 0)
        if first >= self._n_items:
            yield Page((), str(first))
        for start in range(first, self._n_items, PAGE):
            items = tuple(self._made(start))
            yield Page(items, str(start + len(items)))

    def fetch(self, remote_ids: Sequence[str]) -> Sequence[Item]:
        return [self.item(int(remote_id)) for remote_id in remote_ids]

    def item_refs(self) -> Iterator[Sequence[ItemRef]]:
        for start in range(0, self._n_items, PAGE):
            numbers = range(start, min(start + PAGE, self._n_items))
            yield [ItemRef(str(number), _moment(number)) for number in numbers]

    def item(self, number: int) -> Item:
        """An item as it is now."""
        known = self._changed.get(str(number))
        return known or self._made(number - number % PAGE)[number % PAGE]

    def relabelled(self, number: int, label: str) -> Item:
        """An item after its label was changed."""
        was = self.item(number)
        later = was.updated_at + timedelta(days=400 + number % 7)
        given = replace(was.annotations[0], label=label, result=[{"label": label}], updated_at=later)
        self._changed[was.remote_id] = replace(was, updated_at=later, annotations=(given,))
        return self._changed[was.remote_id]

    def _made(self, start: int) -> list[Item]:
        """A page of items, whose content follows from their numbers."""
        chance = np.random.default_rng(start)
        size = min(PAGE, self._n_items - start)
        truth = (start + np.arange(size)) % N_CLASSES
        given = np.where(chance.random(size) < WRONG, chance.integers(0, N_CLASSES, size), truth)
        believed = np.where(chance.random(size) < UNSURE, chance.integers(0, N_CLASSES, size), truth)
        probs = chance.standard_exponential((size, N_CLASSES))
        probs[np.arange(size), believed] += chance.gamma(4, 8, size)
        probs /= probs.sum(axis=1, keepdims=True)
        return [
            _item(start + n, CLASSES[given[n]], dict(zip(CLASSES, probs[n].tolist(), strict=True)))
            for n in range(size)
        ]


def _moment(number: int) -> datetime:
    return START + timedelta(seconds=number)


def _item(number: int, label: str, scores: dict[str, float]) -> Item:
    at = _moment(number)
    annotation = Annotation(
        f"a{number}", "ann", label, LabelStatus.VALID, [{"label": label}], at, at, updated_by="ann"
    )
    prediction = Prediction(f"p{number}", "prepared", None, None, scores, at)
    return Item(str(number), at, at, {"text": f"text {number}"}, (annotation,), (prediction,))


def vacuumed(services: Services) -> None:
    """The database as PostgreSQL leaves it by itself within minutes: then indexes alone answer counts."""
    engine: Engine = services.store._engine  # noqa: SLF001 - no step of the service does it
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE" if engine.dialect.name == "postgresql" else "ANALYZE"))
