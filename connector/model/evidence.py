"""What bears an issue and a correction: kept with it as JSON, with the version of its shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from connector.model.platform import Json

VERSION = 1  # of both shapes; rows that were stored before there was one lack names, and are read as it


@dataclass(frozen=True, slots=True)
class FlagEvidence:
    """What was known of a label when it was flagged.

    `near` are classes with their probabilities (0..1), most probable first, neither given nor suggested;
    `options` the classes to choose from; `others` (annotator, label) of the other annotations; `similar` the
    labels of the most similar items, `neighbours` these items (our ids) and their distances, in the same
    order, where they are known; `about` the facts of the finding that is asked about, if one is.
    """

    blind: bool = False
    given_probability: float | None = None
    near: tuple[tuple[str, float], ...] = ()
    options: tuple[str, ...] = ()
    others: tuple[tuple[str, str], ...] = ()
    similar: tuple[str, ...] = ()
    neighbours: tuple[tuple[int, float], ...] = ()
    about: Json | None = None

    def to_json(self) -> Json:
        result: dict[str, Any] = {
            "version": VERSION,
            "blind": self.blind,
            "given_probability": self.given_probability,
            "near": [list(pair) for pair in self.near],
            "options": list(self.options),
            "others": [list(pair) for pair in self.others],
            "similar": list(self.similar),
            "neighbours": [list(pair) for pair in self.neighbours],
        }
        return result if self.about is None else result | {"about": dict(self.about)}

    @classmethod
    def from_json(cls, stored: Json) -> Self:
        """As it is stored; what an earlier version did not keep is as if nothing had been known of it."""
        given = stored.get("given_probability")
        return cls(
            blind=bool(stored.get("blind")),
            given_probability=None if given is None else float(given),
            near=tuple((str(label), float(p)) for label, p in stored.get("near", ())),
            options=tuple(map(str, stored.get("options", ()))),
            others=tuple((str(annotator), str(label)) for annotator, label in stored.get("others", ())),
            similar=tuple(map(str, stored.get("similar", ()))),
            neighbours=tuple((int(item), float(far)) for item, far in stored.get("neighbours", ())),
            about=stored.get("about"),
        )


@dataclass(frozen=True, slots=True)
class CorrectionEvidence:
    """What a correction rests on: the flag, the decision, and the votes as the record shows them."""

    issue_kind: str | None = None
    method: str | None = None
    model_version: str | None = None
    suggested: str | None = None
    probability: float | None = None  # of the suggested label, by the model
    quality: float | None = None
    scan: str | None = None
    decided_probability: float | None = None  # of the label decided on
    votes: tuple[Mapping[str, Any], ...] = ()  # reviewer, label, problems, blind, origin, answer

    def to_json(self) -> Json:
        result: dict[str, Any] = {name: getattr(self, name) for name in self.__slots__}
        return result | {"version": VERSION, "votes": [dict(vote) for vote in self.votes]}

    @classmethod
    def from_json(cls, stored: Json) -> Self:
        """As it is stored; names that an earlier version did not keep are None."""
        known = {name: stored[name] for name in cls.__slots__ if name in stored}
        return cls(**known | {"votes": tuple(stored.get("votes", ()))})
