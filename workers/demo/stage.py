"""What the demo needs of a platform: the digits on it, their labels, and simulated reviewers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from connector.errors import Misconfigured
from workers.demo.digits import ANNOTATORS, planted
from workers.demo.home import Progress

PLATFORMS = ("label_studio", "argilla")
KINDS = ("choice", "boxes", "spans")


class DemoReviewer(Protocol):
    """Not a person: knows the true digit, and errs on hard ones as the others do, from a seed of its own."""

    def answer_next(self) -> bool:
        """Take the next review task from the queue and answer it; False when there is none."""
        ...

    def close(self) -> None: ...


class Stage(Protocol):
    """A running platform on which the digits stand, each labeled once."""

    name: str  # as people call it
    counted_in: str  # where the labels are read from

    @property
    def token(self) -> str:
        """Of the service user."""
        ...

    @property
    def truth(self) -> Sequence[str]:
        """The right label of each row."""
        ...

    def project(self) -> Mapping[str, Any]:
        """Where the digits are: platform, url and project, and what else the configuration needs."""
        ...

    def labels(self) -> dict[int, str]:
        """Row of the digit → the label that it carries, a correction before an annotator's."""
        ...

    def reviewers(self, review_link: str, seed: int) -> Sequence[DemoReviewer]:
        """The simulated people who answer there."""
        ...

    def places(self) -> Mapping[str, str]:
        """Where a person can look, and how to log in."""
        ...


@contextmanager
def open_stage(platform: str, kind: str, folder: Path, seed: int, say: Progress) -> Iterator[Stage]:
    """Start the platform and load digits, pictures or sentences; it ends with the block."""
    if kind not in KINDS or (kind != KINDS[0] and platform != PLATFORMS[0]):
        raise Misconfigured(
            f"there is no demo of {kind!r} on {platform!r}",
            field="--type",
            remedy=f"Use {' or '.join(KINDS)}; boxes and spans are shown on Label Studio.",
        )
    if platform not in PLATFORMS:
        raise Misconfigured(
            f"there is no demo on {platform!r}", field="--platform", remedy=f"Use {' or '.join(PLATFORMS)}."
        )
    if kind != KINDS[0]:
        from workers.demo.region_platform import region_stage

        with region_stage(folder, kind, seed, say) as regions:
            yield regions
        return
    digits = planted(np.random.default_rng(seed), len(ANNOTATORS))
    if platform == "argilla":
        from workers.demo.argilla_platform import argilla_stage

        with argilla_stage(folder, digits, say) as argilla:
            yield argilla
        return
    from workers.demo.platform import label_studio_stage

    with label_studio_stage(folder, digits, say) as label_studio:
        yield label_studio
