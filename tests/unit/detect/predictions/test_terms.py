"""Terms of texts: those of scikit-learn's vectorizers, and the same for texts that come later."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from workers.detect.predictions.terms import PieceTerms, WordTerms

MOST = 1_000
PEERS = {
    WordTerms: {"ngram_range": (1, 2), "token_pattern": r"(?u)\b\w+\b"},
    PieceTerms: {"analyzer": "char_wb", "ngram_range": (3, 5)},
}
TEXTS = st.lists(st.text(alphabet="ab cÉ.\t1", max_size=14), min_size=1, max_size=12)


@pytest.mark.parametrize("kind", PEERS)
@settings(max_examples=40, deadline=None)
@given(texts=TEXTS, rarest=st.sampled_from([1, 2]))
def test_texts_lie_to_each_other_as_by_the_vectorizer_of_scikit_learn(kind, texts, rarest):
    learnt = kind.fit(texts, rarest, MOST)
    peer = TfidfVectorizer(**PEERS[kind], min_df=rarest, sublinear_tf=True)
    try:
        expected = peer.fit_transform(texts)
    except ValueError:  # no term is left
        assert learnt is None
        return

    assert learnt is not None
    terms, matrix = learnt
    assert matrix.shape == expected.shape
    np.testing.assert_allclose((matrix @ matrix.T).toarray(), (expected @ expected.T).toarray(), atol=1e-5)
    np.testing.assert_array_equal(terms.matrix(texts).toarray(), matrix.toarray())


@pytest.mark.parametrize("kind", PEERS)
def test_only_the_most_frequent_terms_are_kept_and_words_not_seen_count_for_nothing(kind):
    learnt = kind.fit(["cat dog cat", "cat dog", "cat bird"], 1, 2)

    assert learnt is not None
    assert learnt[1].shape == (3, 2)
    assert kind.fit(["", " "], 1, MOST) is None
    assert learnt[0].matrix(["zebra", "cat"]).getnnz(axis=1).tolist()[0] == 0
