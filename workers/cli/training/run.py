"""One export: examples read page by page, written in one form, with a hash of what they are."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any

from connector.errors import Misconfigured, Retryable
from connector.model import LabelSchema
from connector.model.item_text import labelled_text
from connector.store.views.training import TrainingItem
from connector.wording import number_of
from workers.cli.offline.kinds import FileKind
from workers.cli.offline.left_out import left_out_rows
from workers.cli.offline.record import LeftOut
from workers.cli.training.shapes import DECIDED, ApartItem, ContentHash, TrainingExample
from workers.cli.training.standing import example_of
from workers.cli.training.values import kind_of_schema, picture_in, reader_of
from workers.cli.training.writers import ExampleWriter, ExportPlan, MakeWriter
from workers.label_types.registry import kind_of

BLOCK = 1 << 20  # bytes of a file hashed at a time
APART = "apart.jsonl"
MANIFEST = "manifest.json"


class ExportForm(StrEnum):
    """How labels are written."""

    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"
    HF = "hf"
    COCO = "coco"
    YOLO = "yolo"
    CONLL = "conll"


FOLDERS = frozenset({ExportForm.HF, ExportForm.YOLO})
NEEDS: Mapping[ExportForm, FileKind] = {
    ExportForm.COCO: FileKind.BOXES,
    ExportForm.YOLO: FileKind.BOXES,
    ExportForm.CONLL: FileKind.SPANS,
}


@dataclass(slots=True)
class Exported:
    """What was written: how many by status, how many apart by reason, and hashes."""

    form: ExportForm
    content: str = ""
    standing: Counter[str] = field(default_factory=Counter)
    apart: Counter[str] = field(default_factory=Counter)
    undecided: int = 0  # left out, where only decided ones were wanted
    remarks: tuple[str, ...] = ()
    files: dict[str, str] = field(default_factory=dict)

    def manifest(self, project: str) -> dict[str, Any]:
        """As it stands beside the files; nothing in it says when, so that equal labels give equal bytes."""
        return {
            "project": project,
            "format": self.form.value,
            "content_sha256": self.content,
            "rows": self.standing.total(),
            "status": dict(sorted(self.standing.items())),
            "apart": dict(sorted(self.apart.items())),
            "undecided_left_out": self.undecided,
            "notes": list(self.remarks),
            "files": dict(sorted(self.files.items())),
        }


def check(project: str, schema: LabelSchema | None, form: ExportForm, out: Path, *, force: bool) -> None:
    """Refuse, before any work, what could not be written. Misconfigured names the option and what to do."""
    if schema is None:
        msg = f"project {project!r} has not been synced yet: run `secondlook sync {project}` first"
        raise Retryable(msg)
    needed = NEEDS.get(form)
    if needed is not None and kind_of_schema(schema) is not needed:
        problem = f"'{form}' holds {needed}, and the labels of '{schema.control}' are {schema.kind}"
        raise Misconfigured(problem, field="--format", remedy="Use jsonl, csv, parquet or hf.")
    if not out.parent.is_dir():
        raise Misconfigured(
            f"{out.parent} is no folder", field="--out", remedy="Name a path in a folder that exists."
        )
    if out.exists() and not force:
        raise Misconfigured(
            f"{out} exists", field="--out", remedy="Give another name, or overwrite it with --force."
        )
    if out.exists() and out.is_dir() != (form in FOLDERS):
        kind = "a folder" if out.is_dir() else "a file"
        raise Misconfigured(f"{out} is {kind}", field="--out", remedy="Give another name.")
    if out.is_dir():
        _require_only_ours(out)


def _require_only_ours(out: Path) -> None:
    """A folder is replaced as a whole: whoever put pictures into an export would lose them."""
    try:
        written = set(json.loads((out / MANIFEST).read_text("utf-8"))["files"])
    except (OSError, ValueError, LookupError, TypeError):
        problem = f"{out} is a folder that no export made"
        raise Misconfigured(
            problem, field="--out", remedy="Give another name: an export replaces its folder."
        ) from None
    present = {str(path.relative_to(out)) for path in out.rglob("*") if not path.is_dir()}
    strange = sorted(present - written - {MANIFEST})
    if strange:
        raise Misconfigured(
            f"{out} holds {number_of(len(strange), 'file')} that the last export did not write, "
            f"such as {strange[0]}",
            field="--out",
            remedy="Give another name: an export replaces its folder, and these would be lost.",
        )


def write_export(
    items: Iterable[TrainingItem],
    schema: LabelSchema,
    project: str,
    form: ExportForm,
    out: Path,
    *,
    decided: bool = False,
) -> Exported:
    """Write all of it beside its place, and then put it there: whole, or not at all.

    Parameters
    ----------
    items
        In the order in which they are to be written.
    schema
        The control whose labels they are; its classes in their order.
    decided
        Only labels that reviewers decided on.
    """
    kind = kind_of_schema(schema)
    try:
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as folder:
            created = Path(folder) / out.name
            if form in FOLDERS:
                created.mkdir()
            plan = ExportPlan(
                project, kind, schema.classes, partial(labelled_text, schema), partial(picture_in, schema)
            )
            writer = _writers()[form](created, plan)
            apart_file = created / APART if form in FOLDERS else Path(folder) / f"{out.name}.{APART}"
            result = _pour(items, schema, form, writer, apart_file, kind, decided=decided)
            _hash(result, created)
            _put(result, project, created, apart_file, out)
    except OSError as error:
        problem = f"{out} cannot be written ({error.strerror})"
        raise Misconfigured(problem, field="--out", remedy="Name a folder that you may write.") from error
    return result


def _pour(
    items: Iterable[TrainingItem],
    schema: LabelSchema,
    form: ExportForm,
    writer: ExampleWriter,
    apart_file: Path,
    kind: FileKind | None,
    *,
    decided: bool,
) -> Exported:
    """Every item to where it belongs."""
    result, digest = Exported(form), ContentHash()
    lost: list[LeftOut] = []
    read = reader_of(schema, lost)
    parts = kind_of(schema) if kind in (FileKind.BOXES, FileKind.SPANS) else None
    with apart_file.open("w", encoding="utf-8", newline="\n") as apart:
        for item in items:
            one = example_of(item, read, parts)
            if isinstance(one, ApartItem):
                result.apart[one.reason.value] += 1
                apart.write(json.dumps(one.plain(), ensure_ascii=False, allow_nan=False) + "\n")
            elif decided and one.standing not in DECIDED:
                result.undecided += 1
                continue
            else:
                _add(one, writer, result)
            digest.add(one)
    writer.close()
    result.content = digest.hex()
    result.remarks = (
        *writer.remarks,
        *(f"{row.count:,} × {row.reason} ({', '.join(row.places)})" for row in left_out_rows(lost)),
    )
    return result


def _add(example: TrainingExample, writer: ExampleWriter, exported: Exported) -> None:
    writer.add(example)
    exported.standing[example.standing.value] += 1


def _hash(exported: Exported, target: Path) -> None:
    files = sorted(path for path in target.rglob("*") if path.is_file()) if target.is_dir() else [target]
    for path in files:
        digest = hashlib.sha256()
        with path.open("rb") as stream:
            while block := stream.read(BLOCK):
                digest.update(block)
        exported.files[str(path.relative_to(target)) if target.is_dir() else path.name] = digest.hexdigest()


def _put(exported: Exported, project: str, target: Path, apart_file: Path, out: Path) -> None:
    """The manifest beside the file, or in the folder; then all of it to its place."""
    text = json.dumps(exported.manifest(project), ensure_ascii=False, indent=2) + "\n"
    if target.is_dir():
        (target / MANIFEST).write_text(text, encoding="utf-8", newline="\n")
        _replace_folder(target, out)
        return
    manifest = target.with_name(f"{out.name}.{MANIFEST}")
    manifest.write_text(text, encoding="utf-8", newline="\n")
    for path in (apart_file, manifest, target):
        path.replace(out.with_name(path.name))


def _replace_folder(path: Path, out: Path) -> None:
    """Put a folder into the place of another, which goes only when the new one stands."""
    if not out.exists():
        path.replace(out)
        return
    before = path.with_name(f"{out.name}.before")
    out.replace(before)
    try:
        path.replace(out)
    except OSError:
        before.replace(out)
        raise


def _writers() -> Mapping[ExportForm, MakeWriter]:
    from workers.cli.training.columns import HuggingFaceFolder, ParquetRows
    from workers.cli.training.pictures import CocoFile, YoloFolder
    from workers.cli.training.sentences import ConllFile
    from workers.cli.training.text_rows import CommaSeparated, JsonLines

    return {
        ExportForm.JSONL: JsonLines,
        ExportForm.CSV: CommaSeparated,
        ExportForm.PARQUET: ParquetRows,
        ExportForm.HF: HuggingFaceFolder,
        ExportForm.COCO: CocoFile,
        ExportForm.YOLO: YoloFolder,
        ExportForm.CONLL: ConllFile,
    }
