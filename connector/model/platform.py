"""What an annotation platform holds, and what it says has changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from connector.model.kinds import LabelStatus, WriteMode

Json = Mapping[str, Any]

CHOICE = "choice"  # the label type of one class an item, and of what was stored before there were others


@dataclass(frozen=True, slots=True)
class ObjectTag:
    """One object tag of a labelling config: `<Text name="t" value="$text"/>` → t, Text, text."""

    name: str
    kind: str
    field: str
    text_key: str = "text"  # of what is said in each utterance of a dialogue


@dataclass(frozen=True, slots=True)
class LabelSchema:
    """A label control that Secondlook judges, with its classes in the config's order.

    `kind` names its label type. Labels are text, the type's keys: what a key means, and which are valid,
    the type knows.
    """

    control: str
    to_name: str
    classes: tuple[str, ...]
    objects: tuple[ObjectTag, ...]
    kind: str = CHOICE
    texts: tuple[tuple[str, str], ...] = ()  # (class, how the platform words it), where they differ
    tag: str = ""  # of the control, where one type has several

    def text(self, label: str) -> str:
        """A class as people read it on the platform."""
        return dict(self.texts).get(label, label)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a result says in one label control: the label's key, or why there is none."""

    label: str | None
    status: LabelStatus


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What a source project says of itself."""

    title: str
    schema: LabelSchema
    service_user: str
    n_items: int
    unjudged: Mapping[str, str] = field(default_factory=dict)  # other controls: name → kind


@dataclass(frozen=True, slots=True)
class Annotation:
    """One person's answer for one item. `marker` is set where Secondlook wrote it."""

    remote_id: str
    annotator: str | None
    label: str | None
    status: LabelStatus
    result: Sequence[Any]
    created_at: datetime
    updated_at: datetime
    updated_by: str | None = None
    ground_truth: bool = False
    marker: str | None = None


@dataclass(frozen=True, slots=True)
class Prediction:
    """A model's answer for one item. `class_scores` are probabilities by class, where given."""

    remote_id: str
    model_version: str
    label: str | None
    score: float | None
    class_scores: Mapping[str, float] | None
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class WriteOrigin:
    """What a mark says of the correction that left it: enough to own up to it without our database.

    `item` and `annotation` are remote ids, of what was corrected: a copy of the mark stands elsewhere.
    """

    installation: str
    issue: str
    item: str
    annotation: str
    mode: WriteMode
    given: str
    label: str

    def to_json(self) -> Json:
        return {name: str(getattr(self, name)) for name in self.__slots__}

    @classmethod
    def from_json(cls, stored: Any) -> Self | None:
        """As a mark holds it; None for what is none, of an earlier version or of somebody else."""
        if not isinstance(stored, Mapping) or not all(isinstance(stored.get(n), str) for n in cls.__slots__):
            return None
        if stored["mode"] not in tuple(WriteMode):
            return None
        return cls(**{name: stored[name] for name in cls.__slots__} | {"mode": WriteMode(stored["mode"])})


@dataclass(frozen=True, slots=True)
class OwnWrite:
    """What stands on the platform with a marker of ours. `before` and `after` are as a write records them.

    `untouched`: nobody else has saved since what holds it. Only a part of it may stand all the same.
    """

    remote_id: str
    marker: str
    untouched: bool = True
    origin: WriteOrigin | None = None
    before: Json = field(default_factory=dict)
    after: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to be labelled. A platform may reuse `remote_id`; with `created_at` it is unique."""

    remote_id: str
    created_at: datetime
    updated_at: datetime
    data: Json
    annotations: tuple[Annotation, ...] = ()
    predictions: tuple[Prediction, ...] = ()
    own_writes: tuple[OwnWrite, ...] = ()  # corrections that stand; one that is a prediction no model said


@dataclass(frozen=True, slots=True)
class ItemRef:
    remote_id: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Annotator:
    remote_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Page:
    """Some changed items and the cursor that continues after them; save both in one transaction."""

    items: tuple[Item, ...]
    cursor: str


@dataclass(frozen=True, slots=True)
class Hint:
    """What a webhook says has changed. Only a hint: entities are fetched again by API."""

    action: str
    item_ids: tuple[str, ...] = ()
    annotation_ids: tuple[str, ...] = ()
    schema_changed: bool = False
    deleted: bool = False
    own: bool = False  # an event of our own write
    place: str | None = None  # remote id of the project or dataset that it is about, where the event says it
