"""Parquet and Arrow read within bounds: a file of some kilobytes can stand for terabytes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from connector.errors import BadPayload

BATCH_ROWS = 65_536
ALLOWED_BYTES = 1 << 30  # whatever the file's size
MOST_GROWTH = 100  # times its size, above that
WIDTHS = {"INT32": 4, "FLOAT": 4, "INT64": 8, "DOUBLE": 8, "INT96": 12, "BYTE_ARRAY": 4}  # bytes of a value


def read_bounded(source: Any, size: int) -> Any:
    """The table that a file holds, with texts as dictionaries, so that none is copied before it is counted.

    Parameters
    ----------
    source
        A path, or what `pyarrow.parquet.ParquetFile` reads from.
    size
        The file's bytes.

    Raises
    ------
    BadPayload
        If its values take more than `ALLOWED_BYTES` and more than `MOST_GROWTH` times the file's size.
    OSError, pyarrow.ArrowException
        If it is damaged.
    """
    import pyarrow as pa
    from pyarrow import parquet

    limit = max(ALLOWED_BYTES, MOST_GROWTH * size)
    texts = [each.name for each in parquet.read_schema(source) if _is_text(each.type)]
    file = parquet.ParquetFile(source, read_dictionary=texts)
    _require_within(_announced(file.metadata), limit, size)
    batches = _within(file.iter_batches(BATCH_ROWS), limit, size)
    if not batches:
        return file.schema_arrow.empty_table()
    return pa.Table.from_batches(batches).replace_schema_metadata(file.schema_arrow.metadata)


def read_batches_bounded(schema: Any, batches: Iterable[Any], size: int) -> Any:
    """The table of an Arrow file's batches, which may be packed; BadPayload as above."""
    import pyarrow as pa

    return pa.Table.from_batches(_within(batches, max(ALLOWED_BYTES, MOST_GROWTH * size), size), schema)


def _within(batches: Iterable[Any], limit: int, size: int) -> list[Any]:
    result, held = [], 0
    for batch in batches:
        held += sum(_expanded(column) for column in batch.columns)
        _require_within(held, limit, size)
        result.append(batch)
    return result


def _require_within(held: int, limit: int, size: int) -> None:
    if held > limit:
        msg = f"its {size:,} bytes stand for more than {limit:,}"
        raise BadPayload(msg)


def _announced(metadata: Any) -> int:
    """Bytes that its values take at least: those of one row can be too many, so none is read before."""
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    columns = [group.column(number) for group in groups for number in range(group.num_columns)]
    return sum(column.num_values * WIDTHS.get(column.physical_type, 1) for column in columns)


def _expanded(column: Any) -> int:
    """Bytes of a column whose values are written out one by one."""
    import pyarrow as pa
    from pyarrow import compute

    if not pa.types.is_dictionary(column.type) or not _is_text(column.type.value_type):
        return int(column.nbytes)
    return int(compute.sum(compute.binary_length(column.dictionary).take(column.indices)).as_py() or 0)


def _is_text(kind: Any) -> bool:
    import pyarrow as pa

    return any(
        of_kind(kind)
        for of_kind in (
            pa.types.is_string,
            pa.types.is_large_string,
            pa.types.is_binary,
            pa.types.is_large_binary,
        )
    )
