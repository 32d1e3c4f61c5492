"""How far reviewers agree about regions: by the classes that they name, whoever drew the line."""

from __future__ import annotations

from datetime import UTC, datetime

from connector.model import LabelSchema
from connector.store.views.figures import CastVote
from workers.report.agreement import agreement, alpha, in_classes

SCHEMA = LabelSchema("box", "image", ("car", "dog"), (), "boxes")
AT = datetime(2026, 1, 1, tzinfo=UTC)


def box(label: str, x: int) -> str:
    return f"{label} {x},50 100x80 of 800x600"


def votes(*said: tuple[str, str]) -> list[CastVote]:
    """Each pair is what two people said of one task."""
    return [
        CastVote(f"t{n}", person, label, AT)
        for n, pair in enumerate(said)
        for person, label in zip("ab", pair, strict=True)
    ]


def test_boxes_drawn_by_two_hands_agree_and_others_are_told_apart() -> None:
    cast = votes(
        (box("dog", 50), box("dog", 53)),
        (box("dog", 50), box("car", 50)),
        (box("dog", 50), box("dog", 120)),
        (box("(nothing)", 50), box("(nothing)", 50)),
    )
    assert [vote.label for vote in in_classes(cast, SCHEMA)] == [
        *("dog", "dog"),
        *("dog", "car"),
        *("dog", "dog (at another place)"),
        *("(nothing)", "(nothing)"),
    ]
    found = agreement(cast, SCHEMA)
    assert (found.votes, found.tasks, found.pairwise.value) == (8, 4, 0.5)
    assert [one.label for one in found.by_class] == ["car", "dog", "dog (at another place)", "(nothing)"]


def test_answers_that_all_mean_the_same_agree_perfectly() -> None:
    cast = votes((box("dog", 50), box("dog", 52)), (box("car", 10), box("car", 12)))
    assert alpha(cast, SCHEMA) == 1
