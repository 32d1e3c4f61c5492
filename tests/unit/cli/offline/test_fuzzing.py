"""Spoiled files of every form; `make fuzz` tries as many more as it is told."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from tests.support.fuzzing import READ, REFUSED, faults, seeds
from workers.cli.offline.dataset import Columns
from workers.cli.offline.regions.reading import read_any

N = 400


def test_every_whole_seed_but_the_one_without_labels_is_read(tmp_path: Path) -> None:
    for name, content in seeds():
        if name in {"c.json", "h.json", "probs.csv", "d.jsonl"}:  # no label, no header, no text
            continue
        (tmp_path / name).write_bytes(content)
        read_any(tmp_path / name, Columns())


def test_a_spoiled_file_is_read_or_refused_with_a_sentence() -> None:
    counts: Counter[str] = Counter()
    assert list(faults(0, N, counts)) == []
    assert min(counts[READ], counts[REFUSED]) > N / 10
