"""Boxes and spans of Label Studio's tasks (JSON)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connector.platforms.results import BY, dicts, marks_on, written_by_us
from connector.wording import are, number_of
from workers.cli.offline.dataset import Columns
from workers.cli.offline.fields import choose_fields, flattened
from workers.cli.offline.formats.entries import FileEntries
from workers.cli.offline.kinds import FileKind
from workers.cli.offline.label_studio import corrections_notice, tasks_of
from workers.cli.offline.outcome import FileIssue
from workers.cli.offline.record import LeftOut, person
from workers.cli.offline.regions.builder import TextSpans
from workers.cli.offline.regions.controls import region_kind
from workers.cli.offline.regions.data import (
    NO_SCORES,
    PERCENT,
    Region,
    RegionAnswer,
    RegionData,
    RegionItem,
    Remarks,
)
from workers.cli.offline.regions.pictures import address_among
from workers.cli.offline.regions.texts import span_in, text_of
from workers.detect.predictions.region_values import (
    BEYOND,
    FARTHEST,
    NO_LABEL,
    box_from_percent,
    is_beyond,
    labels_of,
)

PICTURE = "data:image/"  # a picture in place
SAMPLE = 200  # tasks that show which field holds the text
IDS_TWICE = "region whose id another of its annotation has: the editor merges them"
DANGLING = "relation with a region that is not there: Label Studio cannot open such a task"
NO_SIZE = "box without original_width and original_height: compared in percent"
SIZE_MISSING = "turned box without original_width and original_height"

Raw = Mapping[str, Any]


def read_label_studio(entries: FileEntries, columns: Columns, control: str, kind: FileKind) -> RegionData:
    """The boxes or spans of one control, annotation by annotation."""
    tasks, left_out = tasks_of(entries.rows)
    reader = _Tasks(control, kind, left_out)
    field = _named_field(tasks, columns.fields) if columns.fields else _text_field(tasks, control, kind)
    times = Counter(str(task.get("id", place)) for place, task in tasks)
    items = []
    for place, task in tasks:
        identity = str(task.get("id", place))
        name = f"{identity} ({place})" if times[identity] > 1 else identity
        items += reader.items(task, name, field)
    repeated = sum(count > 1 for count in times.values())
    if repeated:
        reader.remarks.add("task id that occurs more than once: told apart by its place", "", repeated)
    return RegionData(
        kind,
        tuple(items),
        control,
        (field,) if field else (),
        tuple(reader.left_out),
        tuple(reader.faults),
        (
            *entries.notes,
            *reader.remarks.sentences(),
            *corrections_notice(sum(one.ours for item in items for one in item.answers)),
            *_others(tasks, control),
        ),
    )


def regions_of_task(task: Raw, control: str, kind: FileKind) -> tuple[list[RegionItem], list[LeftOut]]:
    """The boxes or spans of one task, and what of it cannot be read."""
    reader = _Tasks(control, kind, ())
    field = _text_field([("", task)], control, kind)
    return reader.items(task, str(task.get("id")), field), reader.left_out


def _others(tasks: Sequence[tuple[str, Raw]], control: str) -> tuple[str, ...]:
    """What other controls hold, in words: it is stored, and not judged here."""
    times: Counter[tuple[str, str]] = Counter()
    for _, task in tasks:
        for annotation in dicts(task.get("annotations")):
            for region in dicts(annotation.get("result")):
                if region.get("from_name") not in (control, None) and region.get("type") != "relation":
                    times[str(region.get("from_name")), str(region.get("type"))] += 1
    return tuple(
        f"{number_of(n, 'result')} of '{name}' ({kind}) {are(n)} not judged: one control at a time."
        for (name, kind), n in times.items()
    )


def _named_field(tasks: Sequence[tuple[str, Raw]], wanted: Sequence[str]) -> str:
    return choose_fields([flattened(task["data"]) for _, task in tasks], wanted)[0]


def _text_field(tasks: Sequence[tuple[str, Raw]], control: str, kind: FileKind) -> str:
    """The field in which most spans find the text that they say; else the first text."""
    if kind is FileKind.BOXES:
        return ""
    hits: Counter[str] = Counter()
    for _, task in tasks[:SAMPLE]:
        for name, held in flattened(task["data"]).items():
            hits[name] += 0
            for region in _all_regions(task, control):
                text = text_of(held, html=_is_html(region))
                marked = region["value"].get("text")
                spot = span_in(region["value"], held) if text is not None else ""
                if text is not None and isinstance(spot, tuple):
                    hits[name] += 1 if marked is None else 2 * (text[slice(*spot)] == marked)
    return max(hits, key=lambda name: (hits[name], name == "text")) if hits else ""


def _all_regions(task: Raw, control: str) -> Iterator[Raw]:
    for annotation in (*dicts(task.get("annotations")), *dicts(task.get("predictions"))):
        for region in dicts(annotation.get("result")):
            if region.get("from_name") == control and region_kind(region) is FileKind.SPANS:
                yield region


def _is_html(region: Raw) -> bool:
    return str(region.get("type")).lower() == "hypertextlabels" or "globalOffsets" in region["value"]


class _Tasks:
    """Reads tasks one after the other, and remembers what was odd."""

    def __init__(self, control: str, kind: FileKind, left_out: Sequence[LeftOut]) -> None:
        self.control, self.kind = control, kind
        self.left_out = list(left_out)
        self.faults: list[FileIssue] = []
        self.remarks = Remarks()

    def items(self, task: Raw, name: str, field: str) -> list[RegionItem]:
        """The task; of one with several pictures each with regions, at least the first."""
        place = f"task {name}"
        answered = []
        for annotation in dicts(task.get("annotations")):
            if annotation.get("was_cancelled") or annotation.get("skipped"):
                self.left_out.append(LeftOut(place, "annotation cancelled"))
            else:
                answered.append(annotation)
        if not answered:
            self.left_out.append(LeftOut(place, "not labelled"))
            return []
        for annotation in answered:
            self._look_at(annotation, place)
        predicted = _newest(dicts(task.get("predictions")))
        if self.kind is FileKind.SPANS:
            return self._text(task, name, place, field, answered, predicted)
        pages = sorted(
            {_page(region) for one in answered for region in self._mine(one)}, key=lambda p: p or 0
        )
        return [self._picture(task, name, page, answered, predicted) for page in pages or [None]]

    def _look_at(self, annotation: Raw, place: str) -> None:
        """Ids and relations, which are no labels and break a task all the same."""
        result = dicts(annotation.get("result"))
        spots: dict[str, set[str]] = {}
        for region in result:
            if region.get("id") is not None and region_kind(region) is not None:
                value = region["value"]
                spot = str([value.get(key) for key in ("x", "y", "start", "end", "startOffset")])
                spots.setdefault(str(region["id"]), set()).add(spot)
        twice = sum(len(each) - 1 for each in spots.values())
        if twice:
            self.remarks.add(IDS_TWICE, place, twice)
        ids = {str(region.get("id")) for region in result}
        for region in result:
            if (
                region.get("type") == "relation"
                and not {str(region.get("from_id")), str(region.get("to_id"))} <= ids
            ):
                self.remarks.add(DANGLING, place)

    def _mine(self, annotation: Raw) -> Iterator[Raw]:
        for region in dicts(annotation.get("result")):
            if region.get("from_name") == self.control and region_kind(region) is self.kind:
                yield region

    def _picture(
        self, task: Raw, name: str, page: int | None, answered: Sequence[Raw], predicted: Raw | None
    ) -> RegionItem:
        place = f"task {name}" if page is None else f"task {name}, picture {page + 1}"
        everything = [*answered, *([predicted] if predicted is not None else [])]
        size = _size([region for one in everything for region in self._mine(one) if _page(region) == page])
        answers = tuple(
            RegionAnswer(
                person(one.get("completed_by")),
                tuple(self._boxes(one, size, place, page)),
                bool(one.get("ground_truth")),
                _text_id(one),
                _is_ours(one),
            )
            for one in answered
        )
        model = None if predicted is None else tuple(self._boxes(predicted, size, place, page, scored=True))
        held = [value for value in task["data"].values() if isinstance(value, str)]
        return RegionItem(
            name if page is None else f"{name}/{page + 1}",
            place,
            answers,
            name=address_among(held),
            size=size,
            predictions=model,
            image=next((value for value in held if value.startswith(PICTURE)), None),
        )

    def _boxes(
        self,
        annotation: Raw,
        size: tuple[float, float] | None,
        place: str,
        page: int | None,
        *,
        scored: bool = False,
    ) -> Iterator[Region]:
        for region in self._mine(annotation):
            if _page(region) != page:
                continue
            spot: tuple[float, ...] | str = box_from_percent(region["value"], size or PERCENT)
            if size is None and isinstance(spot, tuple):
                spot = SIZE_MISSING if spot[4] % 360 else spot
                self.remarks.add(NO_SIZE, place)
            if isinstance(spot, str):
                self.left_out.append(LeftOut(_at(place, region), spot))
                continue
            if is_beyond(spot, size or PERCENT):
                self.remarks.add(BEYOND, _at(place, region))
            yield from self._labelled(region, annotation, spot, place, scored=scored)

    def _labelled(
        self, region: Raw, annotation: Raw, spot: tuple[float, ...], place: str, *, scored: bool
    ) -> Iterator[Region]:
        labels = labels_of(region["value"])
        if not labels:
            self.left_out.append(LeftOut(_at(place, region), NO_LABEL))
        if len(labels) > 1:
            self.remarks.add("region with several labels: each is judged", place)
        score = _score(region, annotation) if scored else None
        if scored and score is None:
            self.remarks.add(NO_SCORES, place)
            score = 1.0
        for label in labels:
            yield Region(label, spot, _text_id(region), score)

    def _text(
        self, task: Raw, name: str, place: str, field: str, answered: Sequence[Raw], predicted: Raw | None
    ) -> list[RegionItem]:
        held = flattened(task["data"]).get(field)
        html = any(_is_html(region) for one in answered for region in self._mine(one))
        text = text_of(held, html=html)
        if not text:
            self.left_out.append(LeftOut(place, f"no text in '{field}'"))
            return []
        spans = TextSpans(name, place, text, self.left_out, self.faults, self.remarks)
        answers = []
        for one in answered:
            who = person(one.get("completed_by"))
            regions = [each for region in self._mine(one) for each in self._spans(region, held, spans, who)]
            truth, ours = bool(one.get("ground_truth")), _is_ours(one)
            answers.append(RegionAnswer(who, tuple(regions), truth, _text_id(one), ours))
        model = None
        if predicted is not None:
            quiet = TextSpans(name, place, text, self.left_out, [], self.remarks)
            model = tuple(
                Region(each.label, each.spot, each.id, 1.0 if score is None else score)
                for region in self._mine(predicted)
                for score in [_score(region, predicted)]
                for each in self._spans(region, held, quiet, None)
            )
        return [RegionItem(name, place, tuple(answers), text=text, predictions=model)]

    def _spans(self, region: Raw, held: Any, spans: TextSpans, who: str | None) -> Iterator[Region]:
        value = region["value"]
        marked = value.get("text")
        yield from spans.regions(
            span_in(value, held),
            marked if isinstance(marked, str) and marked else None,
            labels_of(value),
            _text_id(region),
            who,
        )


def _is_ours(annotation: Raw) -> bool:
    """Whether we made it beside the one that it corrects, and nobody has saved it since."""
    who, result = annotation.get("completed_by"), annotation.get("result")
    made = {str(who.get("id")), person(who)} if isinstance(who, Mapping) else {person(who)}
    by = {str(mark.get(BY)) for region in dicts(result) for mark in marks_on(region)}
    return bool(by & made) and written_by_us(result, person(annotation.get("updated_by")))


def _page(region: Raw) -> int | None:
    page = region.get("item_index")
    return page if isinstance(page, int) and not isinstance(page, bool) else None


def _size(regions: Sequence[Raw]) -> tuple[float, float] | None:
    """Of the picture: any of its regions says it."""
    for region in regions:
        width, height = region.get("original_width"), region.get("original_height")
        numbers = isinstance(width, int | float) and isinstance(height, int | float)
        if numbers and width and height and 0 < width <= FARTHEST and 0 < height <= FARTHEST:
            return float(width), float(height)
    return None


def _newest(predictions: Sequence[Raw]) -> Raw | None:
    """The last by date, of equal ones the last of the list."""
    ordered = sorted(predictions, key=lambda one: str(one.get("updated_at") or one.get("created_at") or ""))
    return ordered[-1] if ordered else None


def _score(region: Raw, prediction: Raw) -> float | None:
    for held in (region.get("score"), prediction.get("score")):
        if isinstance(held, int | float) and not isinstance(held, bool) and 0 <= held <= 1:
            return float(held)
    return None


def _text_id(value: Raw) -> str | None:
    held = value.get("id")
    return None if held is None else str(held)


def _at(place: str, region: Raw) -> str:
    return f"{place}, region {region['id']}" if region.get("id") is not None else place
