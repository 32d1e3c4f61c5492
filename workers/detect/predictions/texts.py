"""Texts as weighted counts of words and of pieces of words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer

from workers.detect.predictions.errors import NoPredictions

MOST_TERMS = 30_000  # of each kind; the rarest are dropped
SMALL = 200  # texts; below, terms that occur once are kept


def usable_text(value: Any) -> str | None:
    """The text, or None where the value is not one."""
    return value.strip() if isinstance(value, str) else None


@dataclass(frozen=True)
class TextEncoder:
    """TF-IDF of word unigrams and bigrams, and of character 3- to 5-grams within words.

    The vocabulary and the weights are learnt from all texts but from no label, so probabilities of models
    cross-validated on the matrix stay out of sample in the sense that matters here.
    """

    vectorizers: tuple[TfidfVectorizer, ...]

    @classmethod
    def fit(cls, texts: Sequence[str]) -> TextEncoder:
        """Learn both vocabularies. NoPredictions where no term occurs often enough."""
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
        fitted = tuple(vectorizer for vectorizer in (words, pieces) if _fits(vectorizer, texts))
        if not fitted:
            raise NoPredictions(
                "no term occurs often enough to learn from", field="text", remedy="Give longer or more texts"
            )
        return cls(fitted)

    def usable(self, value: str) -> bool:
        """Any text is; one without a known term has a row of zeros."""
        return bool(value)

    def matrix(self, values: Sequence[str]) -> csr_matrix:
        """(N, terms), sparse."""
        return hstack([vectorizer.transform(values) for vectorizer in self.vectorizers], format="csr")


def _fits(vectorizer: TfidfVectorizer, texts: Sequence[str]) -> bool:
    """False where these texts hold no such term at all: scikit-learn raises then."""
    try:
        vectorizer.fit(texts)
    except ValueError:
        return False
    return True
