"""The demo's boxes and spans: generated pictures and sentences, with wrong regions planted on purpose.

What a detector or a tagger would say of them is simulated too: it misses things, draws beside them, and
sees what is not there.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

WIDTH, HEIGHT = 320, 240
CELL = 80  # a thing stands in each of some cells, so that none hides another
SHAPES = {"circle": "#2e7d32", "square": "#1565c0"}
N_ITEMS = 240
WRONG_SHARE = 0.12  # of all items, with one wrong region each
MISSED, INVENTED = 0.04, 0.02  # by the simulated model, of regions
SAME_BOX = 0.7  # overlap from which two boxes are one
BOX_CONFIG = (
    '<View><Image name="object" value="$object"/><RectangleLabels name="region" toName="object">'
    '<Label value="circle"/><Label value="square"/></RectangleLabels></View>'
)
SPAN_CONFIG = (
    '<View><Text name="object" value="$object"/><Labels name="region" toName="object">'
    '<Label value="PER"/><Label value="LOC"/></Labels></View>'
)
PEOPLE = ("Ada", "Ben", "Cleo", "Dan", "Eva", "Finn")
TOWNS = ("Rome", "Oslo", "Lima", "Cairo", "Delhi", "Quito")
SENTENCES = (
    "{p} flew from {t} to {u} and met {q}.",
    "In {t} lives {p}, a friend of {q} from {u}.",
    "The train from {t} was late, so {p} and {q} stayed in {u}.",
)


@dataclass(frozen=True)
class Marked:
    """One region: a class, and x, y, width, height in pixels, or start and end in characters."""

    label: str
    place: tuple[float, ...]


@dataclass(frozen=True)
class Scenes:
    """N items: what is shown of each, its true regions, those that were given, and a model's with scores."""

    config: str
    kind: str
    shown: tuple[str, ...]
    truth: tuple[tuple[Marked, ...], ...]
    given: tuple[tuple[Marked, ...], ...]
    predicted: tuple[tuple[tuple[Marked, float], ...], ...]

    @property
    def n_wrong(self) -> int:
        """Items with a wrong region."""
        return sum(given != truth for given, truth in zip(self.given, self.truth, strict=True))


def same(one: Marked, other: Marked) -> bool:
    """Whether two regions mark the same thing alike."""
    if one.label != other.label or len(one.place) != len(other.place):
        return False
    return one.place == other.place if len(one.place) == 2 else overlap(one, other) >= SAME_BOX


def overlap(one: Marked, other: Marked) -> float:
    """Of two boxes, 0..1."""
    x, y, w, h = one.place
    u, v, r, s = other.place
    shared = max(0.0, min(x + w, u + r) - max(x, u)) * max(0.0, min(y + h, v + s) - max(y, v))
    return shared / (w * h + r * s - shared)


def all_right(marked: Sequence[Marked], truth: Sequence[Marked]) -> bool:
    """Whether the regions are the true ones, one for one."""
    left = list(truth)
    for one in marked:
        result = next((other for other in left if same(one, other)), None)
        if result is None:
            return False
        left.remove(result)
    return not left


def planted_scenes(kind: str, rng: np.random.Generator) -> Scenes:
    """Pictures (`boxes`) or sentences (`spans`) with one wrong region in a share of them."""
    make, spoil, beside = _MAKERS[kind]
    result = [make(rng) for _ in range(N_ITEMS)]
    wrong = set(rng.choice(N_ITEMS, size=round(WRONG_SHARE * N_ITEMS), replace=False).tolist())
    given = [
        spoil(rng, shown, list(truth)) if row in wrong else truth for row, (shown, truth) in enumerate(result)
    ]
    return Scenes(
        config=BOX_CONFIG if kind == "boxes" else SPAN_CONFIG,
        kind=kind,
        shown=tuple(shown for shown, _ in result),
        truth=tuple(truth for _, truth in result),
        given=tuple(map(tuple, given)),
        predicted=tuple(tuple(_seen(rng, shown, truth, beside)) for shown, truth in result),
    )


def _seen(
    rng: np.random.Generator, shown: str, truth: Sequence[Marked], beside: Callable[..., Marked]
) -> list[tuple[Marked, float]]:
    seen = [
        (beside(rng, shown, one), float(rng.uniform(0.75, 0.99))) for one in truth if rng.random() >= MISSED
    ]
    if seen and rng.random() < INVENTED:
        one, _ = seen[0]
        other = next(name for name in _other_names(one.label))
        seen[0] = (Marked(other, one.place), float(rng.uniform(0.5, 0.7)))
    return seen


def _other_names(label: str) -> list[str]:
    names = [*SHAPES] if label in SHAPES else ["PER", "LOC"]
    return [name for name in names if name != label]


# --- pictures ---


def _picture(rng: np.random.Generator) -> tuple[str, tuple[Marked, ...]]:
    image = Image.new("RGB", (WIDTH, HEIGHT), "#f4f1ea")
    draw = ImageDraw.Draw(image)
    cells = rng.choice((WIDTH // CELL) * (HEIGHT // CELL), size=int(rng.integers(2, 5)), replace=False)
    truth = []
    for cell in cells.tolist():
        w, h = (int(n) for n in rng.integers(36, 60, size=2))
        x = cell % (WIDTH // CELL) * CELL + int(rng.integers(4, CELL - w - 4))
        y = cell // (WIDTH // CELL) * CELL + int(rng.integers(4, CELL - h - 4))
        label = str(rng.choice([*SHAPES]))
        outline = draw.ellipse if label == "circle" else draw.rectangle
        outline((x, y, x + w, y + h), fill=SHAPES[label])
        truth.append(Marked(label, (float(x), float(y), float(w), float(h))))
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode(), tuple(truth)


def _spoiled_boxes(rng: np.random.Generator, shown: str, truth: list[Marked]) -> list[Marked]:
    del shown
    at, kind = int(rng.integers(len(truth))), int(rng.integers(4))
    one = truth[at]
    x, y, w, h = one.place
    if kind == 0:
        return truth[:at] + truth[at + 1 :]
    if kind == 1:
        return [*truth[:at], Marked(_other_names(one.label)[0], one.place), *truth[at + 1 :]]
    if kind == 2:
        moved = Marked(one.label, (x + 0.3 * w, y + 0.3 * h, w, h))
        return [*truth[:at], moved, *truth[at + 1 :]]
    free = ((x + WIDTH / 2) % WIDTH, (y + HEIGHT / 2) % HEIGHT)
    away = Marked(one.label, (min(free[0], WIDTH - 30.0), min(free[1], HEIGHT - 30.0), 26.0, 26.0))
    return [*truth, away]


def _box_beside(rng: np.random.Generator, shown: str, one: Marked) -> Marked:
    """A detector is off by a pixel or two."""
    del shown
    x, y, w, h = (float(n) for n in np.array(one.place) + rng.normal(0, 0.7, size=4))
    return Marked(one.label, (max(0.0, x), max(0.0, y), w, h))


# --- sentences ---


def _sentence(rng: np.random.Generator) -> tuple[str, tuple[Marked, ...]]:
    people, towns = (rng.choice(names, size=2, replace=False).tolist() for names in (PEOPLE, TOWNS))
    number = int(rng.integers(10_000))
    text = str(rng.choice(SENTENCES)).format(p=people[0], q=people[1], t=towns[0], u=towns[1])
    text = f"{text} ({number})"
    named = [("PER", name) for name in people] + [("LOC", name) for name in towns]
    places = [Marked(label, (text.index(name), text.index(name) + len(name))) for label, name in named]
    return text, tuple(sorted(places, key=lambda one: one.place))


def _spoiled_spans(rng: np.random.Generator, shown: str, truth: list[Marked]) -> list[Marked]:
    at, kind = int(rng.integers(len(truth))), int(rng.integers(4))
    one = truth[at]
    start, end = (int(n) for n in one.place)
    if kind == 0:
        return truth[:at] + truth[at + 1 :]
    if kind == 1:
        return [*truth[:at], Marked(_other_names(one.label)[0], one.place), *truth[at + 1 :]]
    if kind == 2 and start > 3:
        wider = Marked(one.label, (shown.rfind(" ", 0, start - 1) + 1, end))
        return [*truth[:at], wider, *truth[at + 1 :]]
    closing = shown.index("(")
    return [*truth, Marked("LOC", (closing + 1, len(shown) - 1))]


def _span_beside(rng: np.random.Generator, shown: str, one: Marked) -> Marked:
    del rng, shown
    return one


_MAKERS: dict[str, tuple[Any, Any, Any]] = {
    "boxes": (_picture, _spoiled_boxes, _box_beside),
    "spans": (_sentence, _spoiled_spans, _span_beside),
}
