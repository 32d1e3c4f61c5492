"""Parquet read within bounds: a file of some kilobytes can stand for terabytes."""

from __future__ import annotations

from typing import Any

from connector.errors import BadPayload

BATCH_ROWS = 65_536
ALLOWED_BYTES = 1 << 30  # whatever the file's size
MOST_GROWTH = 100  # times its size, above that


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
    batches, held = [], 0
    for batch in file.iter_batches(BATCH_ROWS):
        held += sum(_expanded(column) for column in batch.columns)
        if held > limit:
            msg = f"its {size:,} bytes stand for more than {limit:,}"
            raise BadPayload(msg)
        batches.append(batch)
    if not batches:
        return file.schema_arrow.empty_table()
    return pa.Table.from_batches(batches).replace_schema_metadata(file.schema_arrow.metadata)


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
