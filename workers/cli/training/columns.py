"""Parquet, and a folder that `datasets.load_dataset` reads."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from connector.errors import Misconfigured
from connector.wording import number_of
from workers.cli.offline.kinds import FileKind
from workers.cli.training.shapes import TrainingExample
from workers.cli.training.writers import ExportPlan, flat

ROWS = 2000  # in a group, which is held in memory
ABOUT = ("id", "label", "status", "quality", "weight", "given")
SPAN_FIELDS = {"label": "string", "start": "int64", "end": "int64", "text": "string"}
BOX_FIELDS = {
    "label": "string",
    **dict.fromkeys(("x1", "y1", "x2", "y2", "rotation"), "float64"),
    "width": "int64",
    "height": "int64",
    "image": "string",
}
DATA_FOLDER = "data"
FILE = "train-00000-of-00001.parquet"


class ParquetRows:
    """A column for each field of the first item's data, as text; what later items have besides in `more`.

    With `numbered` single classes are their numbers in the plan's order, as `ClassLabel` has them.
    """

    def __init__(self, path: Path, plan: ExportPlan, *, numbered: bool = False) -> None:
        self._arrow, self._parquet = _pyarrow()
        self._path, self._plan, self._numbered = path, plan, numbered
        self._number = {name: k for k, name in enumerate(plan.classes)}
        self.fields: list[str] | None = None
        self._rows: list[dict[str, Any]] = []
        self._writer: Any = None
        self._unknown = 0

    @property
    def remarks(self) -> Sequence[str]:
        n = self._unknown
        return (
            (
                (
                    f"{number_of(n, 'label is of a class', 'labels are of classes')} that the project "
                    "does not have: -1, or left out of a set."
                ),
            )
            if n
            else ()
        )

    def add(self, example: TrainingExample) -> None:
        data = flat(example.data)
        if self.fields is None:
            self.fields = list(data)
        row = example.plain()
        del row["data"]
        row["label"] = self._label(row["label"])
        row |= {_column(name): _text(data.get(name)) for name in self.fields}
        more = {name: value for name, value in data.items() if name not in self.fields}
        row["more"] = json.dumps(more, ensure_ascii=False) if more else None
        self._rows.append(row)
        if len(self._rows) >= ROWS:
            self._flush()

    def close(self) -> None:
        self._flush()
        self._writer.close()

    def features(self) -> dict[str, Any]:
        """The columns as `datasets` names their types."""
        text = {"dtype": "string", "_type": "Value"}
        number = {"dtype": "float64", "_type": "Value"}
        result = {
            "id": text,
            "label": self._label_feature(),
            "status": text,
            "quality": number,
            "weight": number,
        }
        return result | {"given": text} | {_column(name): text for name in self.fields or ()} | {"more": text}

    def _flush(self) -> None:
        if self._writer is None:
            schema = self._schema()
            self._writer = self._parquet.ParquetWriter(self._path, schema)
        if self._rows:
            self._writer.write_table(self._arrow.Table.from_pylist(self._rows, schema=self._writer.schema))
            self._rows = []

    def _label(self, label: Any) -> Any:
        if not self._numbered:
            return label
        if isinstance(label, str):
            self._unknown += label not in self._number
            return self._number.get(label, -1)
        if isinstance(label, list) and all(isinstance(one, str) for one in label):
            self._unknown += sum(one not in self._number for one in label)
            return [self._number[one] for one in label if one in self._number]
        return label

    def _schema(self) -> Any:
        pa = self._arrow
        text, number = pa.string(), pa.float64()
        columns = [
            ("id", text), ("label", self._label_type()), ("status", text), ("quality", number),
            ("weight", number), ("given", text), *((_column(name), text) for name in self.fields or ()),
            ("more", text),
        ]  # fmt: skip
        schema = pa.schema(columns)
        if not self._numbered:
            return schema
        return schema.with_metadata({"huggingface": json.dumps({"info": {"features": self.features()}})})

    def _label_type(self) -> Any:
        pa = self._arrow
        kind = self._plan.kind
        if kind is FileKind.RATING:
            return pa.float64()
        if kind in (FileKind.BOXES, FileKind.SPANS):
            fields = BOX_FIELDS if kind is FileKind.BOXES else SPAN_FIELDS
            return pa.list_(pa.struct([(name, getattr(pa, of)()) for name, of in fields.items()]))
        one = pa.int64() if self._numbered else pa.string()
        return pa.list_(one) if kind is FileKind.MULTI_LABEL else one

    def _label_feature(self) -> Any:
        kind = self._plan.kind
        if kind is FileKind.RATING:
            return {"dtype": "float64", "_type": "Value"}
        if kind in (FileKind.BOXES, FileKind.SPANS):
            fields = BOX_FIELDS if kind is FileKind.BOXES else SPAN_FIELDS
            return [{name: {"dtype": of, "_type": "Value"} for name, of in fields.items()}]
        named = {"names": list(self._plan.classes), "_type": "ClassLabel"}
        return {"feature": named, "_type": "Sequence"} if kind is FileKind.MULTI_LABEL else named


class HuggingFaceFolder:
    """`data/train-….parquet` and a README.md whose head says what the columns are."""

    @property
    def remarks(self) -> Sequence[str]:
        return self._rows.remarks

    def __init__(self, folder: Path, plan: ExportPlan) -> None:
        (folder / DATA_FOLDER).mkdir()
        self._folder, self._plan = folder, plan
        self._rows = ParquetRows(folder / DATA_FOLDER / FILE, plan, numbered=True)
        self._n = 0

    def add(self, example: TrainingExample) -> None:
        self._rows.add(example)
        self._n += 1

    def close(self) -> None:
        self._rows.close()
        text = card(self._plan, self._rows.features(), self._n)
        (self._folder / "README.md").write_text(text, encoding="utf-8", newline="\n")


def card(plan: ExportPlan, features: dict[str, Any], n: int) -> str:
    """The page of a data set, with the head that `datasets` reads. JSON is YAML."""
    info = {"features": [_card_feature(name, of) for name, of in features.items()]}
    info |= {"splits": [{"name": "train", "num_examples": n}]}
    files = [{"split": "train", "path": f"{DATA_FOLDER}/*.parquet"}]
    head = [
        f"configs: {json.dumps([{'config_name': 'default', 'data_files': files}])}",
        f"dataset_info: {json.dumps(info, ensure_ascii=False)}",
    ]
    text = (
        f"Labels of the project {plan.project} as reviewers left them. `status` says how each came to be, "
        "`quality` how probable it is (0 to 1), and `weight` what it may count in training."
    )
    return "\n".join(["---", *head, "---", f"# {plan.project}", "", text, ""])


def _card_feature(name: str, of: Any) -> dict[str, Any]:
    """A feature as the head of the page spells it."""
    if isinstance(of, list):
        return {"name": name, "list": [_card_feature(key, each) for key, each in of[0].items()]}
    if of["_type"] == "ClassLabel":
        return {"name": name, "dtype": {"class_label": _names(of)}}
    if of["_type"] == "Sequence":
        return {"name": name, "sequence": {"class_label": _names(of["feature"])}}
    return {"name": name, "dtype": of["dtype"]}


def _names(of: dict[str, Any]) -> dict[str, Any]:
    return {"names": {str(k): name for k, name in enumerate(of["names"])}}


def _column(name: str) -> str:
    return f"data.{name}" if name in (*ABOUT, "more") else name


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ModuleNotFoundError as error:
        remedy = "Install it with: pip install 'secondlook[parquet]', or export as jsonl or csv."
        raise Misconfigured("Parquet needs pyarrow", field="--format", remedy=remedy) from error
    return pa, parquet
