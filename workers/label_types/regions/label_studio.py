"""Regions on Label Studio: what boxes and spans have in common there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar
from xml.etree import ElementTree as ET

from connector.model import Json, LabelSchema, LabelStatus, Reading, ReviewRequest, WriteMode
from connector.platforms.results import (
    REVIEW_CONTROL,
    REVIEW_TARGET,
    dicts,
    finite,
    meta_of,
    regions_of,
    values_in,
)
from connector.ports import ReviewContent
from workers.label_types.choices_tag import chosen
from workers.label_types.regions import ask, results
from workers.label_types.regions.ask import AskedKind
from workers.label_types.regions.keys import Keys, RegionPart

ORANGE, BLUE, GREY, PINK = "box", "model", "around", "spot"  # controls of a review project, by role
COLOURS = {ORANGE: "#ff7a00", BLUE: "#00c2ff", GREY: "#9a9a9a", PINK: "#ff00d4"}
UNNAMED = "?"  # the label of a blind question's place
UNDER_REVIEW = "review"  # the id of the region that is asked about
ANSWERS, GIVEN, SUGGESTED, SPOT = (f"secondlook_{name}" for name in ("answers", "given", "suggested", "spot"))

S = TypeVar("S")
Raw = dict[str, Any]


class RegionsOnLabelStudio(Generic[S]):
    """Implements PartsCodec; a type says how its places are read and written.

    `tag` is the control's in review projects, `held` the key of its labels in a region's value there; `tags`
    are those that a source may have.
    """

    tag: str
    tags: frozenset[str]
    held: str
    kind: str
    noun: str
    keys: Keys[S]
    write_mode = WriteMode.UPDATE  # a copy beside the original does not reach every export

    # --- what a type adds ---

    def fits(self, control: Any, config: Any) -> bool:
        """Whether a control of the right tag is about what the type can judge."""
        raise NotImplementedError

    def spot_of(self, region: Raw, size: tuple[float, float] | None) -> S | LabelStatus | None:
        """The place of a region; None, or why, where it cannot be read."""
        raise NotImplementedError

    def moved(self, value: Raw, spot: S, region: Raw) -> Raw:
        """The value of a region of a result, at this place; `region` is what it is put into."""
        raise NotImplementedError

    def item_of(self, spot: S) -> Raw:
        """What stands beside `value` in a new region."""
        raise NotImplementedError

    def size_of(self, regions: Sequence[Raw]) -> tuple[float, float] | None:
        """The size of the picture, where one of its regions names it."""
        del regions
        return None

    # --- the label of an annotation ---

    def control(self, schema: LabelSchema) -> ET.Element:
        """The least control that has this schema."""
        control = ET.Element(schema.tag or self.tag, {"name": schema.control, "toName": schema.to_name})
        for label in schema.classes:
            ET.SubElement(control, "Label", {"value": label})
        return control

    def controls(self, config: Any) -> Sequence[LabelSchema]:
        """The controls of the tag that are about such an object."""
        return [
            LabelSchema(
                str(one.name),
                (one.to_name or [""])[0],
                tuple(dict.fromkeys(map(str, one.labels))),
                (),
                self.kind,
                tag=str(one.tag),
            )
            for one in config.controls
            if one.tag in self.tags and self.fits(one, config)
        ]

    def valid(self, label: str, schema: LabelSchema) -> bool:
        """Whether it is a label, or a part of one."""
        return self.keys.valid(label, schema)

    def read(self, raw: Any, schema: LabelSchema) -> Reading:
        """The regions of the control. An annotation with one that cannot be read is not judged."""
        if not isinstance(raw, list) or (raw and not dicts(raw)):
            return Reading(None, LabelStatus.UNREADABLE)
        regions = regions_of(raw, schema.control)
        if not results.ids_are_unique(regions) or results.meets_another(raw, regions):
            return Reading(None, LabelStatus.UNREADABLE)
        parts = [self._part(region, self.size_of(regions)) for region in regions]
        wrong = next((part for part in parts if isinstance(part, LabelStatus)), None)
        if wrong is not None:
            return Reading(None, wrong)
        result = [part for part in parts if isinstance(part, RegionPart)]
        if any(part.label not in schema.classes for part in result):
            return Reading(None, LabelStatus.UNKNOWN_CLASS)
        return Reading(self.keys.key(result), LabelStatus.VALID)

    def scores(self, raw: Any, schema: LabelSchema) -> Mapping[str, float] | None:
        """The part → its score, below 0 where the model gives none; a region without a label says nothing.

        None where a region cannot be read: held against the rest of them, right labels would be doubted.
        """
        if not isinstance(raw, list):
            return None
        regions = regions_of(raw, schema.control)
        result: dict[str, float] = {}
        for region in regions:
            part = self._part(region, self.size_of(regions))
            if isinstance(part, RegionPart):
                score = finite(region.get("score"))
                result[str(part)] = max(result.get(str(part), -1.0), -1.0 if score is None else score)
            elif part is not LabelStatus.UNKNOWN_CLASS:
                return None
        return result

    def _part(self, region: Raw, size: tuple[float, float] | None) -> RegionPart[S] | LabelStatus:
        labels = values_in(region, self._held_in(region))
        if not isinstance(labels, list) or not labels:
            return LabelStatus.UNKNOWN_CLASS
        if len(labels) > 1:
            return LabelStatus.SEVERAL
        spot = self.spot_of(region, size)
        if isinstance(spot, LabelStatus):
            return spot
        if spot is None or not isinstance(labels[0], str):
            return LabelStatus.UNREADABLE
        # As it is written, so that it is equal to what is read again.
        return self.keys.part(str(RegionPart(labels[0], spot))) or LabelStatus.UNREADABLE

    def _held_in(self, region: Raw) -> str:
        """The key of the labels: that of the control, which a result names in lower case."""
        kind = str(region.get("type"))
        return kind if kind in {tag.lower() for tag in self.tags} else self.held

    # --- corrections ---

    def write(self, raw: Any, schema: LabelSchema, label: str, meta: Json) -> list[Raw]:
        """The result with this part added."""
        part = self.keys.part(label)
        if part is None or part.is_nothing:
            return list(dicts(raw))
        return results.added(raw, self._new(schema, part, meta, dicts(raw)))

    def carries(self, label: str, part: str) -> bool:
        """As the keys say."""
        return self.keys.carries(label, part)

    def follows(self, label: str, given: str, part: str, before: str = "") -> bool:
        """As the keys say."""
        return self.keys.follows(label, given, part, before)

    def patch(self, raw: Any, schema: LabelSchema, given: str, part: str, meta: Json) -> list[Raw]:
        """The result with one region changed, added or removed."""
        old, new = self.keys.part(given), self.keys.part(part)
        if old is None or new is None:
            return list(dicts(raw))
        if old.is_nothing:
            return self.write(raw, schema, part, meta)
        region = self._region(raw, schema, given)
        if region is None:
            return list(dicts(raw))
        belongs = results.belongs_to(region)
        if new.is_nothing:
            return results.removed(raw, belongs)
        return results.changed(raw, belongs, self._change(schema, old, new, meta))

    def _change(
        self, schema: LabelSchema, old: RegionPart[S], new: RegionPart[S], meta: Json
    ) -> Callable[[Raw], Raw]:
        """What is made of each item of a region: the control's own, and what else is said of it."""

        def change(item: Raw) -> Raw:
            value = dict(item.get("value") or {})
            if str(old.spot) != str(new.spot):
                value = self.moved(value, new.spot, item)
                item = {**self.item_of(new.spot), **item}
            if item.get("from_name") != schema.control:
                return {**item, "value": value}
            value[self._held_in(item)] = [new.label]
            named = {} if item.get("id") is not None else {"id": _new_id(meta)}
            return {**item, **named, "value": value, "meta": {**meta_of(item), **meta}}

        return change

    def restore(
        self, raw: Any, before: Any, schema: LabelSchema, given: str, part: str, meta: Json
    ) -> list[Raw]:
        """The result with the region as it stood before; what people have said of it since stays."""
        old, new = self.keys.part(given), self.keys.part(part)
        source = self._region(before, schema, given)
        if old is None or new is None or (source is None and not old.is_nothing):
            return list(dicts(raw))
        if new.is_nothing and source is not None:
            return results.put_back(raw, before, results.belongs_to(source))
        ours = _new_id(meta) if source is None or source.get("id") is None else source["id"]
        region = self._region(raw, schema, part, ours)
        if region is None:
            return list(dicts(raw))
        if source is None:
            return results.removed(raw, results.belongs_to(region))
        was, change = results.belongs_to(source), self._change(schema, old, new, meta)

        def undo(item: Raw) -> Raw:
            twin = next((one for one in dicts(before) if was(one) and results.are_one(one, item)), None)
            if twin is None:  # said since
                moved = self.moved(dict(item.get("value") or {}), old.spot, item)
                return {**item, "value": moved} if str(old.spot) != str(new.spot) else item
            return results.undone(item, twin, change(twin), meta)

        return results.changed(raw, results.belongs_to(region), undo)

    def _region(self, raw: Any, schema: LabelSchema, key: str, region_id: Any = None) -> Raw | None:
        """The region of that key; of several the one of this id, if it is among them."""
        regions = regions_of(raw, schema.control)
        size = self.size_of(regions)
        parts = ((region, self._part(region, size)) for region in regions)
        named = [region for region, part in parts if isinstance(part, RegionPart) and str(part) == key]
        return next((one for one in named if one.get("id") == region_id), next(iter(named), None))

    def _new(self, schema: LabelSchema, part: RegionPart[S], meta: Json, there: Sequence[Raw]) -> Raw:
        beside = next((item for item in there if item.get("from_name") == schema.control), {})
        kept: Raw = {key: beside[key] for key in ("original_width", "original_height") if key in beside}
        held = schema.tag.lower() or self.held
        region: Raw = {
            "id": _new_id(meta),
            "from_name": schema.control,
            "to_name": schema.to_name,
            "type": held,
            **self.item_of(part.spot),
            **kept,
        }
        value = self.moved({held: [part.label]}, part.spot, region)
        return {**region, "value": value, "meta": dict(meta)}

    # --- the review project ---

    def form(self, schema: LabelSchema, given: Any) -> Sequence[ET.Element]:  # noqa: ARG002 - the protocol's signature
        """The verdict, the region under review, and behind a curtain the roles that nobody draws."""
        verdict = ET.Element(
            "Choices",
            {
                "name": REVIEW_CONTROL,
                "toName": REVIEW_TARGET,
                "choice": "single-radio",
                "layout": "vertical",
                "required": "true",
                "requiredMessage": "Pick an answer",
                "value": f"${ANSWERS}",
            },
        )
        hidden = ET.Element("View", style="display:none")
        hidden.extend(self._role(role, schema.classes) for role in (BLUE, GREY))
        hidden.append(self._role(PINK, (UNNAMED,)))
        return [verdict, self._role(ORANGE, schema.classes), hidden]

    def _role(self, role: str, classes: Sequence[str]) -> ET.Element:
        control = ET.Element(self.tag, {"name": role, "toName": REVIEW_TARGET, **self.style(role)})
        for number, name in enumerate(classes, 1):
            key = {"hotkey": str(number)} if role == ORANGE and number < 10 else {}
            ET.SubElement(control, "Label", {"value": name, "background": COLOURS[role], **key})
        return control

    def style(self, role: str) -> dict[str, str]:
        """Attributes of a role's control."""
        del role
        return {}

    def content(self, request: ReviewRequest, form: Any) -> ReviewContent:  # noqa: ARG002 - the protocol's signature
        """The region under review first, the model's in blue, all others in grey; its own answers."""
        given = self.keys.part(request.given)
        suggested = self.keys.part(request.suggestion or request.given)
        if given is None or suggested is None:
            return ReviewContent({ANSWERS: []}, [])
        if request.blind:
            return self._blind(request, given, self.keys.part(request.suggested) or given)
        kind = ask.asked_kind(self.keys, given, suggested)
        choices = ask.answers(kind, given.label, suggested.label, self.noun)
        shown = suggested if kind is AskedKind.MISSING else given
        regions = [self._shown(shown, ORANGE, UNDER_REVIEW, request.suggestion_score)]
        if kind is AskedKind.POSITION:
            regions.append(self._shown(suggested, BLUE, "model"))
        around = [line for line in self.keys.lines(request.around) if line != request.given]
        parts = [part for part in map(self.keys.part, around) if part is not None]
        regions += [self._shown(part, GREY, f"around-{n}") for n, part in enumerate(parts)]
        fields = {GIVEN: str(given), SUGGESTED: str(suggested), ANSWERS: _buttons(choices)}
        return ReviewContent(fields, regions)

    def _blind(self, request: ReviewRequest, given: RegionPart[S], suggested: RegionPart[S]) -> ReviewContent:
        """Only the place, and what could stand there. Where the place itself is in doubt it is drawn."""
        spot, choices = RegionPart(UNNAMED, given.spot), ask.blind_answers(request.options)
        if ask.asked_kind(self.keys, given, suggested) is AskedKind.POSITION:
            spot = RegionPart(UNNAMED, self.keys.shape.around(given.spot, suggested.spot))
            choices = ask.drawn_answers(self.noun)
        fields = {SPOT: str(spot), ANSWERS: _buttons(choices)}
        return ReviewContent(fields, [self._shown(spot, PINK, PINK)])

    def _shown(self, part: RegionPart[S], role: str, region_id: str, score: float | None = None) -> Raw:
        region: Raw = {
            "id": region_id,
            "from_name": role,
            "to_name": REVIEW_TARGET,
            "type": self.held,
            **self.item_of(part.spot),
        }
        return {
            **region,
            "value": self.moved({self.held: [part.label]}, part.spot, region),
            **({} if role == ORANGE else {"readonly": True}),
            **({} if score is None else {"score": score}),
        }

    def answer(self, raw: Any) -> str | None:  # noqa: ARG002 - the protocol's signature
        """None: an answer about a region is read beside what was asked."""
        return None

    def answer_to(self, raw: Any, asked: Json) -> str | None:
        """The part that the verdict stands for."""
        codes = chosen(raw, REVIEW_CONTROL)
        if len(codes) != 1:
            return None
        regions = regions_of(raw, ORANGE)
        parts = [self._part(region, self.size_of(dicts(raw))) for region in regions]
        orange = [part for part in parts if isinstance(part, RegionPart)]
        if len(orange) != len(parts):
            return None
        spot = self.keys.part(str(asked.get(SPOT)))
        if spot is not None:
            return ask.answered_blind(self.keys, codes[0], spot, orange)
        given, suggested = (self.keys.part(str(asked.get(name))) for name in (GIVEN, SUGGESTED))
        if given is None or suggested is None:
            return None
        return ask.answered(self.keys, codes[0], given, suggested, orange)


def _buttons(choices: Sequence[ask.AnswerChoice]) -> list[Raw]:
    return [
        {"value": one.words, "alias": one.code, **({"hotkey": one.hotkey} if one.hotkey else {})}
        for one in choices
    ]


def _new_id(meta: Json) -> str:
    """The id of a region that a correction adds: text without the characters that the editor cuts off."""
    marker = str(meta.get("secondlook", "added"))
    return f"sl-{marker.replace('-', '')[:12]}"
