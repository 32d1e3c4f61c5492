"""A model that is kept: what it is asked again about, and what never makes it learn."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.detect.predictions import sealed as sealing
from workers.detect.predictions.features import encoded
from workers.detect.predictions.fitting import (
    Fitted,
    Spec,
    ask_again,
    changed_since,
    digests_of,
    features_of,
    fit,
    values_for,
)
from workers.detect.predictions.folds import folds_by_id
from workers.detect.predictions.kinds import FeatureKind
from workers.detect.predictions.limits import judgement_limit, knowledge
from workers.detect.predictions.sealed import NotKept, opened, sealed

SPEC = Spec(("cat", "dog", "bird"), ("v",))
KEY = b"k" * 32


def clouds(n_rows: int, seed: int = 0) -> tuple[list[dict[str, Any]], np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, n_rows)
    centres = np.random.default_rng(99).normal(size=(3, 4)) * 4
    return [{"v": (centres[k] + rng.normal(size=4)).tolist()} for k in labels], labels


def trained(
    items: list[dict[str, Any]], labels: np.ndarray, spec: Spec = SPEC, **more: Any
) -> tuple[Fitted, Any]:
    features = features_of(spec, items)
    ids = np.arange(100, 100 + len(items))
    return fit(spec, features, ids, digests_of(spec, items, features.kind), labels, **more)


def asked(fitted: Fitted, items: list[dict[str, Any]], ids: np.ndarray) -> np.ndarray:
    features = encoded(values_for(fitted, items), fitted.encoder)
    return ask_again(fitted, features, ids, digests_of(fitted.spec, items, fitted.kind))[0]


def test_an_unchanged_item_keeps_its_held_out_probabilities_whatever_its_label_is() -> None:
    items, labels = clouds(90)
    fitted, predicted = trained(items, labels)

    again = asked(fitted, items, np.arange(100, 190))

    np.testing.assert_array_equal(again, predicted.probs)
    shuffled = np.random.default_rng(0).permutation(90)
    np.testing.assert_array_equal(
        asked(fitted, [items[i] for i in shuffled], 100 + shuffled), predicted.probs[shuffled]
    )


def test_a_changed_item_is_asked_of_the_model_that_has_not_seen_it() -> None:
    items, labels = clouds(90)
    fitted, predicted = trained(items, labels)
    other = [*items[:5], {"v": items[70]["v"]}, *items[6:]]

    again = asked(fitted, other, np.arange(100, 190))

    fold = predicted.folds[5]
    expected = fitted.models[fold].probabilities(np.array([items[70]["v"]]), 3)
    np.testing.assert_allclose(again[5], expected[0])
    np.testing.assert_array_equal(np.delete(again, 5, axis=0), np.delete(predicted.probs, 5, axis=0))


def test_a_new_item_has_the_mean_of_the_folds_models() -> None:
    items, labels = clouds(90)
    fitted, _ = trained(items, labels)
    new, truth = clouds(40, seed=5)

    probs = asked(fitted, new, np.arange(9000, 9040))

    assert probs.sum(axis=1) == pytest.approx(1)
    assert np.mean(probs.argmax(axis=1) == truth) > 0.95
    by_fold = [model.probabilities(np.array([one["v"] for one in new]), 3) for model in fitted.models]
    np.testing.assert_allclose(probs, np.mean(by_fold, axis=0))


@pytest.mark.parametrize(
    ("field", "later"),
    [("t", {"t": "a word nobody wrote before"}), ("i", {"i": 4.5, "j": "unheard of"})],
)
def test_texts_and_tables_are_read_later_as_they_were_learnt(field: str, later: dict[str, Any]) -> None:
    rng = np.random.default_rng(0)
    words = [["card", "pay"], ["rain", "sun"], ["goal", "team"]]
    labels = rng.integers(0, 3, 60)
    items = [{"t": " ".join(rng.choice(words[k], 4)), "i": float(k), "j": words[k][0]} for k in labels]
    spec = Spec(SPEC.classes, (field,) if field == "t" else ("i", "j"))
    fitted, predicted = trained(items, labels, spec)

    assert predicted.accuracy > 0.95
    probs = asked(fitted, [later, items[0]], np.array([9000, 9001]))
    assert probs.sum(axis=1) == pytest.approx(1)
    assert probs[1].argmax() == labels[0]


def test_what_has_changed_is_counted_once() -> None:
    items, labels = clouds(50)
    fitted, _ = trained(items, labels)
    ids, digests = np.arange(100, 150), digests_of(SPEC, items, FeatureKind.VECTOR)

    assert changed_since(fitted, ids, digests, labels) == 0
    other = labels.copy()
    other[3] = (other[3] + 1) % 3
    assert changed_since(fitted, ids, digests, other) == 1
    assert changed_since(fitted, ids[5:], digests[5:], labels[5:]) == 5
    assert changed_since(fitted, ids + 10, digests, labels) >= 20
    assert changed_since(fitted, ids[:0], digests[:0], labels[:0]) == 50


def test_a_fold_whose_training_content_is_known_is_not_trained_again() -> None:
    items, labels = clouds(60)
    first, predicted = trained(items, labels)
    again, same = trained(items, labels, earlier=first)

    assert [a.model is b.model for a, b in zip(first.models, again.models, strict=True)] == [True] * 5
    np.testing.assert_array_equal(predicted.probs, same.probs)

    other = labels.copy()
    other[7] = (other[7] + 1) % 3
    third, _ = trained(items, other, earlier=first)
    kept = [a.model is b.model for a, b in zip(first.models, third.models, strict=True)]
    assert sum(kept) <= 1  # only the model that was trained without that item may stay


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 3), min_size=4, max_size=120), st.integers(2, 6), st.integers(0, 10**6))
def test_folds_follow_from_ids_and_leave_no_class_out(labels: list[int], n_folds: int, start: int) -> None:
    classes, ids = np.array(labels), list(range(start, start + len(labels)))
    folds = folds_by_id(ids, classes, n_folds)
    order = np.random.default_rng(0).permutation(len(ids))

    np.testing.assert_array_equal(folds_by_id([ids[i] for i in order], classes[order], n_folds), folds[order])
    assert sorted(set(folds.tolist())) == list(range(folds.max() + 1))
    assert len(set(folds.tolist())) == min(n_folds, len(ids))
    for label in set(labels):
        assert np.ptp(np.bincount(folds[classes == label], minlength=folds.max() + 1)) <= 1


def test_an_item_of_a_large_class_keeps_its_fold_when_others_come() -> None:
    few, many = list(range(1000)), list(range(1500))

    before = folds_by_id(few, np.zeros(1000, dtype=int), 5)
    after = folds_by_id(many, np.zeros(1500, dtype=int), 5)

    np.testing.assert_array_equal(before, after[:1000])
    assert np.bincount(before).min() > 150


def test_a_sealed_model_answers_as_before() -> None:
    items, labels = clouds(60)
    fitted, _ = trained(items, labels)

    again = opened(sealed(fitted, KEY), KEY)

    assert again is not None
    assert again.spec == fitted.spec
    np.testing.assert_array_equal(
        asked(again, items, np.arange(300, 360)), asked(fitted, items, np.arange(300, 360))
    )


class Trap:
    """Tells if it is ever unpickled."""

    sprung = False

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return spring, ()


def spring() -> None:
    Trap.sprung = True


@pytest.mark.parametrize("place", [0, 40, 60, -1])
def test_a_model_that_we_did_not_seal_is_never_opened(place: int) -> None:
    stored = bytearray(sealed(trained(*clouds(20))[0], KEY))
    stored[place] ^= 1

    assert opened(bytes(stored), KEY) is None
    assert opened(b"", KEY) is None
    forged = pickle.dumps(Trap())
    assert opened(bytes(stored[:32]) + sealing._versions() + b"\n" + forged, KEY) is None
    assert not Trap.sprung


def test_another_key_or_other_versions_open_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    stored = sealed(trained(*clouds(20))[0], KEY)

    assert opened(stored, b"another key" * 3) is None
    monkeypatch.setattr(sealing, "FORMAT", 99)
    assert opened(stored, KEY) is None


def test_a_model_that_is_no_pickle_or_too_large_is_said_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    fitted, _ = trained(*clouds(20))
    monkeypatch.setattr(sealing, "MOST_BYTES", 1 << 10)
    with pytest.raises(NotKept, match="0 MB are the most"):
        sealed(fitted, KEY)


def test_a_weak_model_may_judge_in_proportion_to_what_it_knows() -> None:
    assert [judgement_limit(gain) for gain in (-1, 0, 0.02, 0.1, 0.2, 0.9)] == [0.1, 0.1, 0.1, 0.5, 1, 1]
    probs = np.array([[0.9, 0.1], [0.8, 0.2], [0.6, 0.4], [0.2, 0.8]])
    assert knowledge(np.array([0, 0, 0, 1]), probs) == (1.0, 1.0)
    assert knowledge(np.array([0, 0, 1, 0]), probs) == (0.5, pytest.approx(-1.0))
    assert knowledge(np.array([0, 0]), probs[:2]) == (1.0, 0.0)
