"""Texts as weighted counts of words and of pieces of words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer

from workers.predictions.errors import NoPredictions

MOST_TERMS = 30_000  # of each kind; the rarest are dropped
SMALL = 200  # texts; below, terms that occur once are kept


def usable_text(value: Any) -> str | None:
    """The text, or None where the value is not one."""
    return value.strip() if isinstance(value, str) else None


def text_matrix(texts: Sequence[str]) -> csr_matrix:
    """TF-IDF of word unigrams and bigrams, and of character 3- to 5-grams within words: (N, terms).

    The vocabulary and the weights are learnt from all texts but from no label, so probabilities of models
    cross-validated on the matrix stay out of sample in the sense that matters here.
    """
    rarest = 1 if len(texts) < SMALL else 2
    words = TfidfVectorizer(
        ngram_range=(1, 2),
        token_pattern=r"(?u)\b\w+\b",  # noqa: S106 - a pattern, not a secret
        min_df=rarest,
        max_features=MOST_TERMS,
        sublinear_tf=True,
    )
    pieces = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(3, 5), min_df=rarest, max_features=MOST_TERMS, sublinear_tf=True
    )
    parts = [part for part in (_fitted(words, texts), _fitted(pieces, texts)) if part is not None]
    if not parts:
        raise NoPredictions(
            "no term occurs often enough to learn from", field="text", remedy="Give longer or more texts"
        )
    return hstack(parts, format="csr")


def _fitted(vectorizer: TfidfVectorizer, texts: Sequence[str]) -> csr_matrix | None:
    """None where these texts hold no such term at all: scikit-learn raises then."""
    try:
        return vectorizer.fit_transform(texts)
    except ValueError:
        return None
