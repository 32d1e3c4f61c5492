"""Detection on what is read chunk by chunk, and never held in memory as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from numpy.typing import ArrayLike

from workers.issues.detection import LabelIssues
from workers.issues.sharded import Reduction, cuts_of, read_evidence, read_margins, read_trust
from workers.issues.validation import InvalidInput

Chunk = tuple[ArrayLike, ArrayLike]


def label_issues_of_chunks(
    chunks: Callable[[], Iterable[Chunk]], *, method: str = "prune_by_noise_rate"
) -> LabelIssues:
    """`label_issues`, with the same answer, for input that comes in chunks.

    A matrix in one file needs no chunks: `label_issues` takes `np.load(path, mmap_mode="r")` as it is.

    Parameters
    ----------
    chunks
        Begins to read anew each time it is called, which is twice, or three times where boundaries are tied,
        and gives labels (n,) and probabilities (n, K) of the next n rows; n may differ, and be 0.
    method
        One of `Method`.

    Returns
    -------
    LabelIssues
        Of all rows, in the order read. About 30 bytes a row are held besides one chunk.

    Raises
    ------
    InvalidInput
        As `label_issues`, with rows numbered over all chunks; and where they are not the same when read anew.
    """
    trust = [read_trust(labels, probs, first_row=first) for first, labels, probs in _numbered(chunks())]
    if not trust:
        raise InvalidInput("has no rows", argument="pred_probs", remedy="Give at least two items")
    cuts = cuts_of(trust, method)
    evidence = [
        read_evidence(labels, probs, cuts, first_row=first) for first, labels, probs in _numbered(chunks())
    ]
    if [len(part.predicted) for part in evidence] != [len(part.given) for part in trust]:
        raise InvalidInput(
            "gives other rows when it is called again",
            argument="chunks",
            remedy="Begin to read anew at each call: a generator is used up after one",
        )
    found = Reduction(cuts, trust, evidence)
    if found.question is None:
        return found.issues()
    return found.issues(
        [read_margins(labels, probs, cuts, found.question) for _, labels, probs in _numbered(chunks())]
    )


def _numbered(chunks: Iterable[Chunk]) -> Iterator[tuple[int, ArrayLike, ArrayLike]]:
    """Each chunk that has rows, with the number of its first one."""
    first = 0
    for labels, probs in chunks:
        n_rows = len(probs)  # type: ignore[arg-type]
        if n_rows or len(labels):  # type: ignore[arg-type]
            yield first, labels, probs
        first += n_rows
