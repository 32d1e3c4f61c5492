"""From a file to what its people agree on."""

from __future__ import annotations

from pathlib import Path

from connector.wording import number_of
from workers.cli.offline.agreed.labels import agree_on_labels
from workers.cli.offline.agreed.regions import agree_on_regions
from workers.cli.offline.agreed.shapes import FileAgreement
from workers.cli.offline.dataset import Columns, Dataset
from workers.cli.offline.errors import ARGUMENT, BadFile
from workers.cli.offline.regions.reading import read_any
from workers.consensus import InvalidVotes


def agree_on_file(path: Path, columns: Columns, quorum: int, encoding: str | None = None) -> FileAgreement:
    """Agree on the labels of a file, whatever they are.

    Raises
    ------
    BadFile
        If it cannot be read, or no item has answers of two people.
    """
    data = read_any(path, columns, encoding)
    answers = [len(one.answers) for one in (data.records if isinstance(data, Dataset) else data.items)]
    if quorum > 1 and max(answers) < 2:
        raise BadFile(
            f"of its {number_of(len(answers), 'item')} none has answers of two people",
            argument=ARGUMENT,
            remedy="Export all annotations of a task; in rows name the columns with --id-column and "
            "--annotator-column",
        )
    try:
        return agree_on_labels(data, quorum) if isinstance(data, Dataset) else agree_on_regions(data, quorum)
    except InvalidVotes as error:
        raise BadFile(str(error), argument=ARGUMENT, remedy="Mend the answers named") from error
