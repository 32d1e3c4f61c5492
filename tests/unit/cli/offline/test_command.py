"""`secondlook evaluate` on small arrays, good and bad."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workers.cli.app import run

Ran = tuple[int, str, str]
LABELS = np.array([0, 0, 0, 1, 1, 1])
PROBS = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.1, 0.9], [0.3, 0.7]])
TRUTH = np.array([0, 0, 1, 1, 1, 1])


@pytest.fixture
def evaluate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Ran]:
    monkeypatch.chdir(tmp_path)
    np.save("labels.npy", LABELS)
    np.save("probs.npy", PROBS)
    np.save("truth.npy", TRUTH)

    def call(*arguments: str) -> Ran:
        code = run(["evaluate", "--labels", "labels.npy", "--probs", "probs.npy", *arguments])
        return code, *capsys.readouterr()

    return call


def votes(**changes: Any) -> list[dict[str, Any]]:
    counts = {"given": 1, "guessed": 4, "neither": 0, "both": 0}
    entry = {"id": 2, "given_original_label": 0, "our_guessed_label": 1, "mturk": counts}
    return [entry | changes]


def test_the_truth_is_measured(evaluate: Callable[..., Ran]) -> None:
    code, out, _ = evaluate("--truth", "truth.npy", "--json", "--at", "1")
    found = json.loads(out)
    assert code == 0
    assert found["n_flagged"] == 1
    assert found["truth"]["precision"] == found["truth"]["recall"] == found["truth"]["auroc"] == 1.0
    assert found["truth"]["precision_at"] == {"1": 1.0}
    assert found["votes"] is None


def test_people_read_the_same_as_a_table(evaluate: Callable[..., Ran], tmp_path: Path) -> None:
    (tmp_path / "votes.json").write_text(json.dumps(votes()))
    code, out, _ = evaluate("--truth", "truth.npy", "--votes", "votes.json", "--method", "confident_learning")
    assert code == 0
    assert "confident_learning: 1 of 6 labels flagged" in out
    assert "precision" in out
    assert "share confirmed" in out


def test_arrays_alone_give_counts(evaluate: Callable[..., Ran]) -> None:
    code, out, _ = evaluate()
    assert code == 0
    first, _, row = out.splitlines()
    assert first == "prune_by_noise_rate: 1 of 6 labels flagged (16.67%)"
    assert row.split() == ["2", "0", "1", "90%", "10%"]


def test_the_flagged_rows_are_written(evaluate: Callable[..., Ran], tmp_path: Path) -> None:
    expected = {"rank": 1, "row": 2, "given": 0, "suggested": 1, "probability": 0.9, "quality": 0.1}
    code, out, err = evaluate("--out", "rows.json", "--json")
    assert code == 0
    assert "Wrote rows.json" in err
    assert json.loads((tmp_path / "rows.json").read_text()) == [expected] == json.loads(out)["issues"]
    assert evaluate("--out", "rows.csv")[0] == 0
    assert (tmp_path / "rows.csv").read_text().splitlines()[1] == "1,2,0,1,0.9,0.1"
    assert evaluate("--out", "rows.csv")[0] == 2
    assert evaluate("--out", "rows.html")[0] == 2


@pytest.mark.parametrize(
    ("name", "array", "words"),
    [
        ("probs.npy", PROBS * 1.004, "6 rows sum to 1 but for rounding"),
        ("probs.npy", PROBS.astype(np.float16), "Probabilities are float16"),
        ("labels.npy", LABELS.astype(float), "Labels are whole numbers saved as float64"),
    ],
)
def test_what_is_converted_is_said(
    evaluate: Callable[..., Ran], name: str, array: np.ndarray, words: str
) -> None:
    np.save(name, array)
    code, out, err = evaluate()
    assert code == 0
    assert "1 of 6 labels flagged" in out
    assert words in " ".join(err.split())


def test_votes_written_twice_are_counted_once(evaluate: Callable[..., Ran], tmp_path: Path) -> None:
    """The published MNIST file: where the guess is the given label, both counts hold the same votes."""
    twice = votes(our_guessed_label=0, mturk={"given": 4, "guessed": 4, "neither": 1})
    (tmp_path / "votes.json").write_text(json.dumps(twice))
    scores = json.loads(evaluate("--votes", "votes.json", "--json")[1])["votes"]
    assert (scores["n_reviewed"], scores["n_errors"], scores["counted_twice"]) == (1, 0, 1)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"id": 9}, "--votes, entry 0: id 9 is beyond the 6 labels"),
        ({"id": True}, "id is no whole number"),
        (
            {"given_original_label": 1, "our_guessed_label": 0},
            "given_original_label is 1, and the label of row 2 is 0",
        ),
        ({"mturk": None}, "entry 0: it is not an entry with votes"),
        ({"mturk": {"given": -1, "guessed": 4}}, "given is no whole number"),
        ({"mturk": {"given": 0, "guessed": 0}}, "0 votes instead of 1 to 5"),
        ({"mturk": {"given": 5, "guessed": 5}}, "10 votes instead of 1 to 5"),
        ({"our_guessed_label": 0}, "its votes differ"),
    ],
)
def test_bad_votes_are_refused(
    evaluate: Callable[..., Ran], tmp_path: Path, changed: dict[str, Any], words: str
) -> None:
    (tmp_path / "votes.json").write_text(json.dumps(votes(**changed)))
    code, out, err = evaluate("--votes", "votes.json")
    assert (code, out) == (1, "")
    assert words in err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[]", "not a list of entries"),
        ('[{"id": 1', "line 1: the JSON breaks off"),
        (json.dumps(votes() * 2), "entry 1: id 2 stands in entry 0 too"),
    ],
)
def test_a_file_of_votes_that_is_none_is_refused(
    evaluate: Callable[..., Ran], tmp_path: Path, text: str, words: str
) -> None:
    (tmp_path / "votes.json").write_text(text)
    code, _, err = evaluate("--votes", "votes.json")
    assert code == 1
    assert words in err


@pytest.mark.parametrize(
    ("name", "array", "words"),
    [
        ("labels.npy", LABELS[:4], "--labels: has 4 entries for 6 rows"),
        ("labels.npy", np.zeros(6, dtype=int), "--labels: holds class 0 only"),
        ("labels.npy", LABELS + 1, "--labels, row 3: holds 2, outside 0..1"),
        ("labels.npy", LABELS + 0.5, "--labels, row 0: it is 0.5"),
        ("labels.npy", LABELS.astype(str), "--labels: it holds text (0, 1)"),
        ("probs.npy", PROBS.ravel(), "--probs: has 1 dimensions"),
        ("probs.npy", PROBS - 0.5, "--probs, row 0: holds a negative probability"),
        ("probs.npy", np.where(PROBS == 0.3, np.nan, PROBS), "--probs, row 5: holds NaN"),
        ("probs.npy", PROBS / 2, "--probs, row 0: sums to 0.5"),
        ("truth.npy", TRUTH[:3], "--truth: it has 3 entries for 6 labels"),
        ("truth.npy", TRUTH - 1, "--truth, row 0: class -1 is outside 0..1"),
        ("truth.npy", TRUTH + 0.5, "--truth, row 0: it is 0.5"),
    ],
)
def test_bad_arrays_are_named_by_their_option(
    evaluate: Callable[..., Ran], name: str, array: np.ndarray, words: str
) -> None:
    np.save(name, array)
    code, out, err = evaluate("--truth", "truth.npy")
    assert (code, out) == (1, "")
    assert words in " ".join(err.split())
    assert "Traceback" not in err


def test_files_that_are_no_arrays_are_refused(evaluate: Callable[..., Ran], tmp_path: Path) -> None:
    content = (tmp_path / "probs.npy").read_bytes()
    (tmp_path / "probs.npy").write_bytes(content[:-20])
    assert "save it again with numpy.save" in evaluate()[2]
    (tmp_path / "probs.npy").unlink()
    assert "there is no file probs.npy" in evaluate()[2]
    np.savez("several.npz", a=LABELS, b=LABELS)
    (tmp_path / "several.npz").rename(tmp_path / "probs.npy")
    assert "holds 2 arrays" in evaluate()[2]


def test_a_file_that_is_no_array_is_named_for_what_it_is(evaluate: Callable[..., Ran]) -> None:
    Path("text.npy").write_text("hello")
    np.save("objects.npy", np.array([{}, []], dtype=object), allow_pickle=True)
    Path("empty.npy").write_bytes(b"")
    for name, said in (
        ("text", "text.npy is no .npy file"),
        ("objects", "objects.npy holds Python objects, not numbers"),
        ("empty", "may be cut short"),
    ):
        code, _, err = evaluate("--labels", "labels.npy", "--probs", f"{name}.npy")
        assert code == 1
        assert said in err
        assert "pickle" not in err
