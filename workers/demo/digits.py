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
MISTAKE_SHARE = 0.05  # how often a simulated reviewer is wrong about a region
SLIP_SHARE = 0.02  # and about any digit
TOGETHER = 0.85  # of the errors on a hard digit: all take it for the same other one
MOST_ERROR = 0.15  # of a digit: as CIFAR-10H, whose right flagged labels one answer in nine contradicts
HARDNESS = 0.3  # error that a digit would have all of whose neighbours are others
NEIGHBOURS = 20  # digits that look most alike: by them it is known how hard one is
# People err together on hard digits. Answers cost nothing here, and of some twenty right labels that are
# flagged none is to be lost: a tenth of the harm allowed by default, for .6 answers a question more.
HARM_LIMIT = 0.0003
VOTES_PER_QUESTION = 3.5
REVIEW = {"harm_limit": HARM_LIMIT, "votes_per_question": VOTES_PER_QUESTION}
NOTE_EVERY = 12  # a simulated reviewer leaves a note on every so many answers
BRIGHTEST = 16.0  # scikit-learn's digits hold 0..16

LABEL_CONFIG = (
    '<View><Image name="image" value="$image" width="240px" maxWidth="240px" smoothing="false"/>'
    '<Choices name="digit" toName="image" choice="single-radio" layout="inline">'
    + "".join(f'<Choice value="{name}"/>' for name in CLASSES)
    + "</Choices></View>"
)


@dataclass(frozen=True, slots=True)
class View:
    """How people see a digit: what it is, how often they err (0..1), and what those mostly take it for."""

    truth: str
    error: float
    lookalike: str

    @property
    def share_hard(self) -> float:
        """Of the errors, the share that comes from how hard the digit is."""
        return 1 - SLIP_SHARE / self.error


def views(pixels: NDArray[np.float64], truth: NDArray[np.int64]) -> tuple[View, ...]:
    """How people see each digit (N, P): as hard as others are usual among the most similar."""
    norm = (pixels**2).sum(axis=1)
    distance = norm[:, None] + norm[None] - 2 * pixels @ pixels.T
    np.fill_diagonal(distance, np.inf)
    near = np.argsort(distance, axis=1)[:, :NEIGHBOURS]
    result = []
    for digit, row in zip(truth.tolist(), near, strict=True):
        others = np.bincount(truth[row], minlength=len(CLASSES)) / NEIGHBOURS
        alike = 1 - float(others[digit])
        others[digit] = -1
        error = min(MOST_ERROR, SLIP_SHARE + HARDNESS * alike)
        result.append(View(CLASSES[digit], error, CLASSES[int(others.argmax())]))
    return tuple(result)


@dataclass(frozen=True)
class Digits:
    """`truth` and `given` are class numbers (N,), `annotator` (N,) who gave the label, `images` data URIs."""

    images: tuple[str, ...]
    truth: NDArray[np.int64]
    given: NDArray[np.int64]
    annotator: NDArray[np.int64]
    views: tuple[View, ...]

    @property
    def wrong(self) -> NDArray[np.bool_]:
        return np.asarray(self.truth != self.given)

    def view_of(self) -> dict[str, View]:
        """Image → how people see it."""
        return dict(zip(self.images, self.views, strict=True))


def seen_by(rng: np.random.Generator, view: View) -> str:
    """What a simulated reviewer takes a digit for: wrong on hard ones, and there wrong as others are."""
    if rng.random() >= view.error:
        return view.truth
    if rng.random() < TOGETHER * view.share_hard:
        return view.lookalike
    return str(rng.choice([name for name in CLASSES if name != view.truth]))


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
        views=views(np.asarray(data.data, dtype=np.float64), truth),
    )


def _data_uri(pixels: NDArray[np.float64]) -> str:
    grey = np.round(255 - pixels * (255 / BRIGHTEST)).astype(np.uint8)  # dark ink on white
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, format="PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
