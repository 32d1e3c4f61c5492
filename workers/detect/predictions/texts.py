"""Texts as weighted counts of words and of pieces of words."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scipy.sparse import csr_matrix, hstack

from workers.detect.predictions.errors import NoPredictions
from workers.detect.predictions.terms import PieceTerms, WordTerms

MOST_TERMS = 30_000  # of each kind; the rarest are dropped
SMALL = 200  # texts; below, terms that occur once are kept


TURN_KEYS = ("text", "content", "message", "value", "utterance")  # of a turn in a dialogue
TAGS = re.compile(r"</\w+\s*>|<br\s*/?>", re.IGNORECASE)  # a text with one of these is HTML
UNSEEN = re.compile(r"<(script|style)\b.*?</\1\s*>|<!--.*?-->", re.IGNORECASE | re.DOTALL)
SAMPLE = 200  # items that show what a field holds
LEAST_WORDS = 3.0  # on average, of a field that is text


def usable_text(value: Any) -> str | None:
    """The text, or None where the value is none. HTML without its tags; of a dialogue, what is said."""
    if isinstance(value, str):
        return _without_tags(value).strip() if TAGS.search(value) else value.strip()
    if isinstance(value, list | tuple) and value:
        turns = [_content(each) for each in value]
        return "\n".join(turns) if all(isinstance(turn, str) for turn in turns) else None
    return None


def holds_text(values: Sequence[Any]) -> bool:
    """Whether most of a field's values are texts, of several words on average."""
    texts = [usable_text(value) for value in values[:SAMPLE]]
    words = [len(text.split()) for text in texts if text]
    return 2 * len(words) > min(len(values), SAMPLE) and sum(words) >= LEAST_WORDS * len(words)


def _content(turn: Any) -> Any:
    if isinstance(turn, Mapping):
        return next((turn[key] for key in TURN_KEYS if isinstance(turn.get(key), str)), None)
    return turn


def _without_tags(text: str) -> str:
    return html.unescape(re.sub(r"<[^<>]*>", " ", UNSEEN.sub(" ", text)))


@dataclass(frozen=True)
class TextEncoder:
    """TF-IDF of word unigrams and bigrams, and of character 3- to 5-grams within words.

    The vocabulary and the weights are learnt from all texts but from no label, so probabilities of models
    cross-validated on the matrix stay out of sample in the sense that matters here.
    """

    terms: tuple[WordTerms | PieceTerms, ...]

    @classmethod
    def fit(cls, texts: Sequence[str]) -> tuple[TextEncoder, csr_matrix]:
        """Learn both vocabularies: the encoder, and the matrix of these texts.

        Raises
        ------
        NoPredictions
            Where no term occurs often enough.
        """
        rarest = 1 if len(texts) < SMALL else 2
        learnt = [kind.fit(texts, rarest, MOST_TERMS) for kind in (WordTerms, PieceTerms)]
        fitted = [each for each in learnt if each is not None]
        if not fitted:
            raise NoPredictions(
                "no term occurs often enough to learn from", field="text", remedy="Give longer or more texts"
            )
        terms, parts = zip(*fitted, strict=True)
        return cls(terms), hstack(parts, format="csr")

    def usable(self, value: str) -> bool:
        """Any text is; one without a known term has a row of zeros."""
        return bool(value)

    def matrix(self, values: Sequence[str]) -> csr_matrix:
        """(N, terms), sparse."""
        return hstack([each.matrix(values) for each in self.terms], format="csr")
