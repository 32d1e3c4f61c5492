"""The demo's data: scikit-learn's handwritten digits as images, with wrong labels planted on purpose."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.datasets import load_digits

ANNOTATORS = ("ada", "ben", "cleo", "dan")
REVIEWERS = tuple(f"rev-{n}" for n in range(1, 7))  # simulated
CLASSES = tuple(str(digit) for digit in range(10))
WRONG_SHARE = 0.06  # of all labels
MISTAKE_SHARE = 0.05  # how often a simulated reviewer is wrong
NOTE_EVERY = 12  # a simulated reviewer leaves a note on every so many answers
BRIGHTEST = 16.0  # scikit-learn's digits hold 0..16

LABEL_CONFIG = (
    '<View><Image name="image" value="$image" width="240px" maxWidth="240px" smoothing="false"/>'
    '<Choices name="digit" toName="image" choice="single-radio" layout="inline">'
    + "".join(f'<Choice value="{name}"/>' for name in CLASSES)
    + "</Choices></View>"
)


@dataclass(frozen=True)
class Digits:
    """`truth` and `given` are class numbers (N,), `annotator` (N,) who gave the label, `images` data URIs."""

    images: tuple[str, ...]
    truth: NDArray[np.int64]
    given: NDArray[np.int64]
    annotator: NDArray[np.int64]

    @property
    def wrong(self) -> NDArray[np.bool_]:
        return np.asarray(self.truth != self.given)

    def truth_by_image(self) -> dict[str, str]:
        """Image → the digit that it shows."""
        return {image: CLASSES[int(n)] for image, n in zip(self.images, self.truth, strict=True)}


def seen_by(rng: np.random.Generator, truth: str) -> str:
    """What a simulated reviewer takes a digit for."""
    if rng.random() >= MISTAKE_SHARE:
        return truth
    return str(rng.choice([name for name in CLASSES if name != truth]))


def note_on(label: str) -> str:
    """What a simulated reviewer notes down for the guideline."""
    return f"Look at the strokes, not at the size: this one is a {label}."


def planted(rng: np.random.Generator, n_annotators: int) -> Digits:
    """All digits, with `WRONG_SHARE` of the labels moved to another class at random."""
    data = load_digits()
    truth = np.asarray(data.target, dtype=np.int64)
    wrong = rng.choice(len(truth), size=round(WRONG_SHARE * len(truth)), replace=False)
    given = truth.copy()
    given[wrong] = (truth[wrong] + rng.integers(1, len(CLASSES), size=len(wrong))) % len(CLASSES)
    return Digits(
        images=tuple(_data_uri(image) for image in data.images),
        truth=truth,
        given=given,
        annotator=rng.integers(n_annotators, size=len(truth)),
    )


def _data_uri(pixels: NDArray[np.float64]) -> str:
    grey = np.round(255 - pixels * (255 / BRIGHTEST)).astype(np.uint8)  # dark ink on white
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, format="PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
