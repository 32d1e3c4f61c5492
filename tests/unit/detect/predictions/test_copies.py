"""Copies are held out together, so that errors are found with and without them."""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from workers.detect.predictions.copies import by_name, copies, plain_text, repeated, together
from workers.detect.predictions.crossval import out_of_sample
from workers.detect.predictions.features import extract
from workers.detect.predictions.fitting import ask_again, digests_of, features_of, fit, specified
from workers.detect.predictions.folds import folds_by_id, stratified_folds
from workers.detect.predictions.kinds import FeatureKind
from workers.detect.predictions.near import near_rows
from workers.issues import label_issues

TEXT = "the parcel never came to my new address in town"


@pytest.mark.parametrize(
    "copy",
    [
        TEXT.upper(),
        f"  {TEXT}!! ",
        f"RT @someone: {TEXT}",
        f"Re: Fwd: {TEXT}",
        f"[support] {TEXT}",
        f"https://example.org/1 {TEXT}",
        f"dear all {TEXT}",
        f"{TEXT} sent from my phone",
        TEXT.replace("never", "not"),
    ],
)
def test_a_copy_is_of_one_group_with_the_original(copy: str) -> None:
    groups = copies([TEXT, "how do I close my account with you", copy], FeatureKind.TEXT)
    assert groups.tolist() == [0, 1, 0]


@pytest.mark.parametrize("other", ["my address", "the card never came to his old house", "", "!"])
def test_other_texts_are_not(other: str) -> None:
    assert copies([TEXT, other], FeatureKind.TEXT).tolist() == [0, 1]


def test_texts_of_one_template_are_not_held_together() -> None:
    texts = [f"the order with the number {n} is late again today" for n in range(40)]
    assert repeated(copies(texts, FeatureKind.TEXT)) == (0, 0)


def test_equal_vectors_and_rows_are_copies() -> None:
    vectors = [np.array([1.0, 2.0]), np.array([1.0, 2.5]), np.array([1.0, 2.0])]
    assert copies(vectors, FeatureKind.VECTOR).tolist() == [0, 1, 0]
    assert copies([(1.0, "a"), (1.0, "a"), (2.0, None)], FeatureKind.TABLE).tolist() == [0, 0, 1]


def test_named_groups_and_copies_are_joined() -> None:
    named = by_name(["p1", "p2", None, "p2", ""])
    assert named.tolist() == [0, 1, -1, 1, -1]
    assert together(np.array([0, 1, 1, 2, 3]), named).tolist() == [0, 1, 1, 1, 2]
    assert together(None, named).tolist() == [0, 1, 2, 1, 3]


@settings(max_examples=100, deadline=None)
@given(data=st.data(), n_folds=st.integers(2, 6))
def test_no_group_is_in_two_folds_unless_it_is_all_of_its_class(data: st.DataObject, n_folds: int) -> None:
    n = data.draw(st.integers(2, 60))
    labels = np.array(data.draw(st.lists(st.integers(0, 3), min_size=n, max_size=n)))
    groups = np.array(data.draw(st.lists(st.integers(0, 20), min_size=n, max_size=n)))
    for folds in (
        stratified_folds(labels, n_folds, np.random.default_rng(0), groups),
        folds_by_id(list(range(n)), labels, n_folds, groups),
    ):
        assert 0 <= folds.min() <= folds.max() < n_folds
        majority = {g: int(np.bincount(labels[groups == g]).argmax()) for g in set(groups.tolist())}
        for group, label in majority.items():
            if sum(other == label for other in majority.values()) > 1:
                assert len(set(folds[groups == group].tolist())) == 1


def test_without_copies_folds_are_as_they_were() -> None:
    labels = np.random.default_rng(1).integers(0, 4, 200)
    alone = np.arange(200)
    for seed in range(3):
        np.testing.assert_array_equal(
            stratified_folds(labels, 5, np.random.default_rng(seed), alone),
            stratified_folds(labels, 5, np.random.default_rng(seed)),
        )
    np.testing.assert_array_equal(
        folds_by_id(alone.tolist(), labels, 5, alone), folds_by_id(alone.tolist(), labels, 5)
    )


def _messages() -> tuple[list[str], np.ndarray, list[int]]:
    """90 messages of three classes with three wrong labels."""
    rng = np.random.default_rng(3)
    words = ["price invoice charge refund card fee", "parcel courier shipment box driver late",
             "password login username profile access reset"]  # fmt: skip
    common = ["my", "please", "still", "today", "for", "the", "and", "it"]
    truth = np.arange(90) % 3
    texts = []
    for k in truth:
        chosen = [*rng.choice(words[k].split(), 5, replace=False), *rng.choice(common, 4)]
        texts.append(" ".join(rng.permutation(chosen)))
    wrong = [7, 40, 71]
    labels = truth.copy()
    labels[wrong] = (labels[wrong] + 1) % 3
    return texts, labels, wrong


def test_the_same_errors_are_found_with_and_without_copies() -> None:
    texts, labels, wrong = _messages()
    for repeats in (1, 3):
        many = [f"RT @a{n}: {text}".upper() if n else text for n in range(repeats) for text in texts]
        features = extract([{"t": text} for text in many], "t")
        given = np.tile(labels, repeats)
        found = label_issues(given, out_of_sample(features, given, 3, seed=1).probs)
        expected = sorted(row + n * 90 for n in range(repeats) for row in wrong)
        assert np.flatnonzero(found.mask).tolist() == expected


def _patterns() -> tuple[np.ndarray, np.ndarray, list[int]]:
    """90 vectors (90, 64) of three classes in 0..1, with three wrong labels that every copy shares."""
    rng = np.random.default_rng(5)
    truth = np.arange(90) % 3
    vectors = np.clip(rng.random((3, 64))[truth] + rng.normal(0, 0.2, (90, 64)), 0, 1)
    labels = truth.copy()
    labels[[7, 40, 71]] = (labels[[7, 40, 71]] + 1) % 3
    return vectors, labels, [7, 40, 71]


def _vector(values: np.ndarray, n: int) -> object:
    """An embedding as another run of the same encoder gives it: not the same number anywhere."""
    return (values + n * 1e-3 * np.sin(np.arange(64) + n)).tolist()


def _picture(values: np.ndarray, n: int) -> object:
    """One picture in files of several sizes and packings."""
    image = Image.fromarray((255 * values.reshape(8, 8)).astype(np.uint8)).resize((32, 32), 0)
    stream = io.BytesIO()
    if n:
        image.resize((32 + 16 * n, 32 + 16 * n), 0).save(stream, "JPEG", quality=90)
    else:
        image.save(stream, "PNG")
    return f"data:image/{'jpeg' if n else 'png'};base64,{base64.b64encode(stream.getvalue()).decode()}"


@pytest.mark.parametrize("form", [_vector, _picture])
def test_the_same_errors_are_found_with_and_without_near_copies(
    form: Callable[[np.ndarray, int], object],
) -> None:
    vectors, labels, wrong = _patterns()
    for repeats in (1, 3):
        features = extract([{"x": form(each, n)} for n in range(repeats) for each in vectors], "x")
        assert features.groups is not None
        assert repeated(features.groups) == ((0, 0) if repeats == 1 else (270, 90))
        given = np.tile(labels, repeats)
        found = label_issues(given, out_of_sample(features, given, 3, seed=1).probs)
        expected = sorted(row + n * 90 for n in range(repeats) for row in wrong)
        assert np.flatnonzero(found.mask).tolist() == expected


def test_measurements_that_fill_a_plane_are_no_copies() -> None:
    rng = np.random.default_rng(2)
    plane = rng.normal(size=(400, 2)) @ rng.normal(size=(2, 30)) * 100
    _, sizes = np.unique(near_rows(plane), return_counts=True)
    assert np.count_nonzero(sizes > 1) <= 4


@pytest.mark.parametrize("matrix", [np.zeros((0, 3)), np.ones((1, 3)), np.ones((3, 0)), np.ones((5, 3))])
def test_rows_without_a_spread_are_one_or_alone(matrix: np.ndarray) -> None:
    assert len(near_rows(matrix)) == len(matrix)


def test_near_copies_are_the_same_in_every_process() -> None:
    texts = [f"ticket {n * 7919} {text}" for n, text in enumerate(2 * _messages()[0])]
    here = copies(texts, FeatureKind.TEXT).tolist()
    script = (
        "import json, sys; from workers.detect.predictions.copies import copies, FeatureKind; "
        "print(json.dumps(copies(json.load(sys.stdin), FeatureKind.TEXT).tolist()))"
    )
    told = subprocess.run(
        [sys.executable, "-c", script],
        input=json.dumps(texts), capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONHASHSEED": "12"},
    ).stdout  # fmt: skip
    assert json.loads(told) == here


def test_a_new_copy_is_judged_by_the_model_that_has_not_seen_its_original() -> None:
    texts, labels, wrong = _messages()
    data = [{"t": text} for text in texts]
    spec = specified(("a", "b", "c"), ("t",), None, 5, 0)
    features = features_of(spec, data)
    digests = digests_of(spec, data, features.kind)
    ids = np.arange(90, dtype=np.int64)
    fitted, predicted = fit(spec, features, ids, digests, labels)
    probs, folds = ask_again(fitted, features, ids + 1000, digests)
    np.testing.assert_allclose(probs[wrong], predicted.probs[wrong])
    assert (folds >= 0).all()


def test_a_field_of_the_data_names_groups_in_the_service() -> None:
    texts, _, _ = _messages()
    data = [{"t": text, "meta": {"patient": n // 3}} for n, text in enumerate(texts)]
    groups = features_of(specified(("a", "b"), ("t",), None, 5, 0, "meta.patient"), data).groups
    assert groups is not None
    assert all(len(set(groups[n : n + 3].tolist())) == 1 for n in range(0, 90, 3))


@given(text=st.text(max_size=40))
def test_a_plain_text_is_plain_already(text: str) -> None:
    assert plain_text(f"  {text} ") == plain_text(text)
