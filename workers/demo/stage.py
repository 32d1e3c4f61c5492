"""What the demo needs of a platform: the digits on it, their labels, and simulated reviewers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

from connector.errors import Misconfigured
from workers.demo.digits import Digits
from workers.demo.home import Progress

PLATFORMS = ("label_studio", "argilla")


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
def open_stage(platform: str, folder: Path, digits: Digits, say: Progress) -> Iterator[Stage]:
    """Start the platform and load the digits; it ends with the block."""
    if platform not in PLATFORMS:
        raise Misconfigured(
            f"there is no demo on {platform!r}", field="--platform", remedy=f"Use {' or '.join(PLATFORMS)}."
        )
    if platform == "argilla":
        from workers.demo.argilla_platform import argilla_stage

        with argilla_stage(folder, digits, say) as argilla:
            yield argilla
        return
    from workers.demo.platform import label_studio_stage

    with label_studio_stage(folder, digits, say) as label_studio:
        yield label_studio
