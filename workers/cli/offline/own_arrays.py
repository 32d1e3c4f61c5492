"""Labels and probabilities that somebody saved, in the form that detection takes; what is changed is said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from connector.wording import number_of
from workers.cli.offline.errors import BadFile

ROUNDED = 0.02  # farther from 1 a row's sum is no rounding
EXACT = 1e-3  # nearer, detection itself takes it
SHOWN = 6  # names in a message
BLOCK = 1 << 16  # rows looked at together

Array = NDArray[Any]


def class_numbers(labels: Array, argument: str, names: Sequence[str] = ()) -> tuple[Array, tuple[str, ...]]:
    """Classes as the numbers of the columns of probabilities, 0..K - 1; `names` are those of the columns.

    BadFile for text where the columns have no names, and for a class that is none of them.
    """
    if labels.dtype.kind in "US":
        return _by_name(labels, argument, names), ()
    if labels.dtype.kind != "f" or labels.ndim != 1:
        text = f"Class numbers are taken in the order of the columns: {_listed(names)}." if names else ""
        return labels, (text,) if text else ()
    bad = np.flatnonzero(~np.isfinite(labels) | (labels != np.floor(labels)))
    if bad.size:
        remedy = "Save one class number per item"
        where = f"row {bad[0]}"
        raise BadFile(f"it is {labels[bad[0]]:g}", argument=argument, where=where, remedy=remedy)
    return labels.astype(np.int64), (f"Labels are whole numbers saved as {labels.dtype}: read as classes.",)


def _by_name(labels: Array, argument: str, names: Sequence[str]) -> Array:
    """Each label's place among the names."""
    if not names:
        listed = ", ".join(str(name) for name in np.unique(labels[:1000])[:5])
        raise BadFile(
            f"it holds text ({listed}), and which column of --probs is which class is not known",
            argument=argument,
            remedy="Give --probs with the classes' names as columns (CSV, JSON, Parquet), or save class "
            "numbers; with columns in alphabetical order: numpy.unique(labels, return_inverse=True)[1]",
        )
    known = {name: n for n, name in enumerate(names)}
    given, inverse = np.unique(labels, return_inverse=True)
    missing = next((n for n, name in enumerate(given) if str(name) not in known), None)
    if missing is not None:
        row = int(np.argmax(inverse == missing))
        problem = f"'{given[missing]}' is none of the columns of --probs: {_listed(names)}"
        raise BadFile(
            problem, argument=argument, where=f"row {row}", remedy="Name the columns as the classes"
        )
    result: Array = np.array([known[str(name)] for name in given], dtype=np.int64)[inverse]
    return result


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (", …" if len(names) > SHOWN else "")


def probabilities(probs: Array) -> tuple[Array, tuple[str, ...]]:
    """Half precision as single; rows whose sum is 1 but for rounding, divided by it."""
    notes: list[str] = []
    if probs.dtype == np.float16:
        probs = probs.astype(np.float32)
        notes.append("Probabilities are float16: read as float32.")
    if probs.ndim != 2 or probs.dtype.kind != "f" or not probs.size:
        return probs, tuple(notes)
    sums = np.concatenate(
        [probs[start : start + BLOCK].sum(axis=1, dtype=np.float64) for start in range(0, len(probs), BLOCK)]
    )
    off = np.abs(sums - 1)
    if not np.isfinite(off).all() or off.max() > ROUNDED or off.max() <= EXACT:
        return probs, tuple(notes)
    n_off = int(np.count_nonzero(off > EXACT))
    notes.append(
        f"{number_of(n_off, 'row sums', 'rows sum')} to 1 but for rounding (the farthest to "
        f"{sums[off.argmax()]:.4g}): divided by it."
    )
    return probs / sums[:, None], tuple(notes)
