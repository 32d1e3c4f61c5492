"""A saved state is whole or refused."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from workers.issues import Method
from workers.issues.incremental import LabelIssueState, UnusableState, saving


def some_state(method: Method = Method.BOTH) -> LabelIssueState:
    rng = np.random.default_rng(8)
    probs = rng.dirichlet(np.full(4, 0.3), 120)
    labels = np.where(rng.random(120) < 0.3, rng.integers(0, 4, 120), probs.argmax(axis=1))
    labels[:2] = 0, 1
    state = LabelIssueState(labels, probs, method=method)
    state.remove([5])
    return state


def saved() -> bytes:
    file = io.BytesIO()
    some_state().save(file)
    return file.getvalue()


@pytest.mark.parametrize("method", list(Method))
def test_a_state_comes_back_from_a_path(method: Method, tmp_path: Path) -> None:
    state = some_state(method)
    state.save(tmp_path / "state")
    found = LabelIssueState.restore(str(tmp_path / "state"))
    assert found.method is method
    assert np.array_equal(found.mask(), state.mask())
    assert found.rows().tolist() == state.rows().tolist()
    assert [path.name for path in tmp_path.iterdir()] == ["state"]


def test_saving_twice_writes_the_same_bytes() -> None:
    assert saved() == saved()


def test_a_save_that_breaks_down_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state"
    path.write_bytes(saved())
    monkeypatch.setattr(saving, "PIECE", 0)  # a step of 0 is an error
    with pytest.raises(ValueError, match="arg 3"):
        some_state().save(path)
    assert path.read_bytes() == saved_before(monkeypatch)


def saved_before(monkeypatch: pytest.MonkeyPatch) -> bytes:
    monkeypatch.undo()
    return saved()


@pytest.mark.parametrize("share", [0, 0.001, 0.01, 0.03, 0.2, 0.5, 0.9, 0.999])
def test_a_file_cut_short_is_refused(share: float) -> None:
    content = saved()
    with pytest.raises(UnusableState, match="Build it anew"):
        LabelIssueState.restore(io.BytesIO(content[: int(share * len(content))]))


def test_a_file_without_its_last_byte_is_refused() -> None:
    with pytest.raises(UnusableState, match="cut short"):
        LabelIssueState.restore(io.BytesIO(saved()[:-1]))


def test_one_flipped_bit_anywhere_is_noticed() -> None:
    content = saved()
    for at in range(0, len(content), 97):
        damaged = bytearray(content)
        damaged[at] ^= 1
        with pytest.raises(UnusableState):
            LabelIssueState.restore(io.BytesIO(bytes(damaged)))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 something else", b"\x93NUMPY" + bytes(200)])
def test_a_foreign_file_is_refused(content: bytes) -> None:
    with pytest.raises(UnusableState, match="does not begin as one"):
        LabelIssueState.restore(io.BytesIO(content))


def test_another_version_is_refused_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saving, "VERSION", 99)
    content = saved()
    monkeypatch.undo()
    with pytest.raises(UnusableState, match="version 99"):
        LabelIssueState.restore(io.BytesIO(content))


def test_a_missing_file_is_the_systems_own_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        LabelIssueState.restore(tmp_path / "none")


def test_an_array_of_objects_is_not_read() -> None:
    file = io.BytesIO()
    saving.write(file, {}, {"odd": np.array(["text"])})
    file.seek(0)
    with pytest.raises(UnusableState, match="an array of <U4"):
        saving.read(file)
