"""What an item's regions are held against: a model's regions, or what the other annotators agree on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from connector.model import LabelledItem, LabelSchema, Prediction
from connector.model.reasons import BadPrediction, Code, NotJudged, ScanDoubt, coded
from connector.wording.text import number_of, quoted
from workers.issues import RegionFit
from workers.label_types.base import Suspicions, odd_input
from workers.label_types.regions.keys import Keys, RegionPart

UNKNOWN = 0.5  # of a predicted region to which the model gives no score
MOST_NAMED = 5  # labels that the control does not have

S = TypeVar("S")
Marked = Sequence[tuple[RegionPart[S], float]]  # regions with their probabilities
Agree = Callable[[Sequence[Sequence[RegionPart[S]]]], Marked[S]]  # what several people's regions come to


@dataclass(frozen=True, slots=True)
class ComparedItem(Generic[S]):
    """One item: `row` it is, the regions `given`, and those to compare them with."""

    row: int
    given: Sequence[RegionPart[S]]
    against: Marked[S]


@dataclass(frozen=True, slots=True)
class ComparedItems(Generic[S]):
    """All items that can be judged; how many cannot by reason, and what is to be said of the others."""

    looks: Sequence[ComparedItem[S]]
    unusable: Mapping[Code, int]
    warnings: tuple[Code, ...]

    @property
    def rows(self) -> list[int]:
        """The items that are judged."""
        return [look.row for look in self.looks]


def looks_at(
    keys: Keys[S],
    items: Sequence[LabelledItem],
    predictions: Sequence[Prediction | None],
    schema: LabelSchema,
    agree: Agree[S],
) -> ComparedItems[S]:
    """Each item beside its prediction, else beside what its other annotators agree on."""
    looks: list[ComparedItem[S]] = []
    unusable: Counter[Code] = Counter()
    unknown: Counter[str] = Counter()
    by_others = 0
    for row, (item, prediction) in enumerate(zip(items, predictions, strict=True)):
        given = keys.parts(item.label)
        if prediction is not None and prediction.class_scores is not None:
            predicted = _predicted(keys, prediction)
            unknown.update(part.label for part, _ in predicted if part.label not in schema.classes)
            known = [each for each in predicted if each[0].label in schema.classes]
            looks.append(ComparedItem(row, given, known))
        elif item.others:
            by_others += 1
            looks.append(ComparedItem(row, given, agree([keys.parts(label) for _, label in item.others])))
        elif prediction is not None:
            unusable[coded(NotJudged.UNUSABLE_PREDICTION, why=BadPrediction.BAD_REGION.value)] += 1
        else:
            unusable[coded(NotJudged.NO_COMPARISON)] += 1
    warnings = (coded(ScanDoubt.JUDGED_BY_OTHERS, n_items=by_others),) if by_others else ()
    odd = odd_input(
        f"{number_of(n, 'predicted region has', 'predicted regions have')} the label "
        f"{quoted(label)}, which the control does not have."
        for label, n in unknown.most_common(MOST_NAMED)
    )
    if len(looks) > by_others and not any(look.against for look in looks):
        odd += odd_input(["The predictions hold no region that can be used: nothing can be found by them."])
    return ComparedItems(looks, dict(unusable), (*warnings, *odd))


def without_misfits(found: Suspicions, fit: RegionFit) -> Suspicions:
    """The same; where the predictions cannot be about the labels, a warning instead of false alarms."""
    if fit.doubt is not None:
        why, n, total = fit.doubt
        weak = coded(ScanDoubt.PREDICTIONS_FIT_LITTLE, why=why.value, n=n, total=total)
        return replace(found, warnings=(*found.warnings, weak))
    if fit.misfit is None:
        return found
    why, n, total = fit.misfit
    doubt = coded(ScanDoubt.PREDICTIONS_DO_NOT_FIT, why=why.value, n=n, total=total)
    return replace(found, suspicions=[], warnings=(*found.warnings, doubt))


def _predicted(keys: Keys[S], prediction: Prediction) -> list[tuple[RegionPart[S], float]]:
    result = ((keys.part(line), score) for line, score in (prediction.class_scores or {}).items())
    usual = UNKNOWN if prediction.score is None else prediction.score
    return [
        (part, min(1.0, max(0.0, usual if score < 0 else score)))
        for part, score in result
        if part is not None
    ]
