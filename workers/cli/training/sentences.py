"""CoNLL: a token and its tag a line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from connector.wording import number_of
from workers.cli.offline.regions.data import Region, RegionAnswer, RegionItem
from workers.cli.offline.regions.tokens import OUTSIDE, tagged
from workers.cli.training.shapes import TrainingExample
from workers.cli.training.writers import ExportPlan


class ConllFile:
    """Two columns in IOB2, an empty line between texts; a token half covered is in the span."""

    def __init__(self, path: Path, plan: ExportPlan) -> None:
        self._stream = path.open("w", encoding="utf-8", newline="\n")
        self._classes, self._text = list(plan.classes), plan.text
        self._lost = self._moved = self._unread = 0
        self._alike = Counter(map(_name, plan.classes))

    @property
    def remarks(self) -> Sequence[str]:
        texts = [
            f"{number_of(n, 'class is', 'classes are')} written as '{name}': a tag has no blanks."
            for name, n in self._alike.items()
            if n > 1
        ]
        if self._lost:
            lost = number_of(
                self._lost, "span that overlaps a longer one is", "spans that overlap a longer one are"
            )
            texts.append(f"{lost} left out: a token has one tag.")
        if self._moved:
            texts.append(
                f"{number_of(self._moved, 'span begins or ends', 'spans begin or end')} within a token: "
                "the whole token is tagged."
            )
        if self._unread:
            texts.append(
                number_of(self._unread, "item without a text is", "items without a text are") + " left out."
            )
        return texts

    def add(self, example: TrainingExample) -> None:
        text = self._text(example.data)
        if not text:
            self._unread += 1
            return
        self._classes += sorted({row["label"] for row in example.label} - set(self._classes))
        spans = tuple(Region(row["label"], (row["start"], row["end"])) for row in example.label)
        answer = RegionAnswer(None, spans)
        item = RegionItem(example.id, example.id, (answer,), text=text)
        result = tagged(item, answer, self._classes)
        self._lost += len(result.left_out)
        starts, ends = ({spot[at] for spot in result.tokens} for at in (0, 1))
        self._moved += sum(span.spot[0] not in starts or span.spot[1] not in ends for span in result.kept)
        lines = [f"{word} {self._tag(tag)}\n" for word, tag in zip(result.words, result.tags, strict=True)]
        if lines:
            self._stream.write("".join(lines) + "\n")

    def close(self) -> None:
        self._stream.close()

    def _tag(self, tag: int) -> str:
        if tag == OUTSIDE:
            return "O"
        return f"{'B' if tag % 2 else 'I'}-{_name(self._classes[(tag - 1) // 2])}"


def _name(label: str) -> str:
    """The class as a tag spells it."""
    return label.replace(" ", "_")
