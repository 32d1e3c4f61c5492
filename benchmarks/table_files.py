"""A CSV file of many rows, read and scanned: ours against pandas and what is written with cleanlab.

Each side is a process of its own: processor seconds and peak memory are the system's, imports included.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from lines import Line, times
from scene import Scene

ROWS, QUICK_ROWS = 1_000_000, 20_000
ROUNDS, QUICK_ROUNDS = 3, 1
CLASSES, WORDS_OF_CLASS, WORDS_OF_ALL, WORDS = 10, 300, 3_000, 10
WRONG = 0.02
MB = 1000.0

READ = """
import sys
from pathlib import Path
from workers.cli.offline.dataset import Columns
from workers.cli.offline.regions.reading import read_any
assert len(read_any(Path(sys.argv[1]), Columns()).records) == int(sys.argv[2])
"""
READ_PEER = """
import sys, pandas
assert len(pandas.read_csv(sys.argv[1])) == int(sys.argv[2])
"""
SCAN = """
import sys
from workers.cli.app import run
assert run(["scan", sys.argv[1], "--out", sys.argv[1] + ".out.csv", "--force"]) == 0
"""
SCAN_PEER = """
import sys, pandas
from cleanlab.filter import find_label_issues
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
data = pandas.read_csv(sys.argv[1])
labels = data["label"].astype("category").cat.codes.to_numpy()
model = make_pipeline(TfidfVectorizer(), LogisticRegression(max_iter=200))
probs = cross_val_predict(model, data["text"], labels, cv=5, method="predict_proba")
data[find_label_issues(labels, probs, n_jobs=1)].to_csv(sys.argv[1] + ".peer.csv")
"""


def measure(scene: Scene) -> Iterator[Line]:
    """Reading alone, then all of a scan with its file of results."""
    rows = QUICK_ROWS if scene.quick else ROWS
    rounds = QUICK_ROUNDS if scene.quick else ROUNDS
    file = scene.folder / "table.csv"
    write_table(file, rows)
    for name, ours, peer, n in (("read", READ, READ_PEER, rounds), ("scan", SCAN, SCAN_PEER, 1)):
        a = [_spent(ours, file, rows) for _ in range(n)]
        b = [_spent(peer, file, rows) for _ in range(n)]
        memory = {"ours_mb": round(max(mb for _, mb in a)), "peer_mb": round(max(mb for _, mb in b))}
        seconds = [s for s, _ in a], [s for s, _ in b]
        yield times(f"table_files/{name}", *seconds, "s of processor", rows=rows, **memory)


def write_table(file: Path, rows: int) -> None:
    """Texts of words that their class prefers, some under another class."""
    chance = random.Random(0)
    common = [f"word{n}" for n in range(WORDS_OF_ALL)]
    own = [[f"own{k}x{n}" for n in range(WORDS_OF_CLASS)] for k in range(CLASSES)]
    with file.open("w", encoding="utf-8") as out:
        out.write("id,text,label\n")
        for n in range(rows):
            k = chance.randrange(CLASSES)
            words = chance.choices(common, k=WORDS - 3) + chance.choices(own[k], k=3)
            given = chance.randrange(CLASSES) if chance.random() < WRONG else k
            out.write(f'{n},"{" ".join(words)}",class {given}\n')


def _spent(script: str, file: Path, rows: int) -> tuple[float, float]:
    """Seconds of processor and peak megabytes of one run."""
    with subprocess.Popen(
        [sys.executable, "-c", script, str(file), str(rows)], stdout=subprocess.DEVNULL
    ) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, script)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1.024 / MB
