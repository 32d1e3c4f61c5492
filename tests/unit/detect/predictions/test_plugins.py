"""Models of other packages: found by a real entry point, and blamed by name when they fail."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workers.detect.predictions.errors import NoPredictions
from workers.detect.predictions.features import encoded
from workers.detect.predictions.fitting import Fitted, digests_of, features_of, fit, specified, values_for
from workers.detect.predictions.kinds import FeatureKind
from workers.detect.predictions.plugins import plugin
from workers.detect.predictions.sealed import opened, sealed

Install = Callable[..., None]
PAGE = Path(__file__).parents[4] / "docs" / "models.md"
CLASSES = ("cat", "dog", "bird")

NEIGHBOURS = """
from sklearn.neighbors import KNeighborsClassifier

def model():
    return KNeighborsClassifier(7)
"""
LENGTHS = '''
import numpy as np

class Lengths:
    """Knows the class by the mean length of the text."""
    takes = "data"

    def fit(self, rows, labels):
        assert isinstance(rows, list)
        self.classes_ = np.unique(labels)
        long = np.array([len(row["text"]) for row in rows])
        self.middles = np.array([long[labels == k].mean() for k in self.classes_])
        return self

    def predict_proba(self, rows):
        near = np.exp(-np.abs(np.array([len(row["text"]) for row in rows])[:, None] - self.middles))
        return near / near.sum(axis=1, keepdims=True)
'''


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Install a package with one model, as an installer does: a module and its metadata."""

    def installed(code: str, target: str = "model", name: str = "own") -> None:
        number = len(list(tmp_path.glob("*.py")))
        module = f"secondlook_plugin_{number}_{tmp_path.name.replace('-', '_')}"
        (tmp_path / f"{module}.py").write_text(code)
        info = tmp_path / f"{module}-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.2\n")
        (info / "entry_points.txt").write_text(f"[secondlook.models]\n{name} = {module}:{target}\n")
        importlib.invalidate_caches()
        monkeypatch.delitem(sys.modules, module, raising=False)

    monkeypatch.syspath_prepend(str(tmp_path))
    return installed


def texts() -> tuple[list[dict[str, Any]], np.ndarray]:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 90)
    return [{"text": "x" * int(4 + 10 * k + rng.integers(3)), "v": [float(k), 1.0]} for k in labels], labels


def trained(model: str, field: str) -> tuple[Any, Any, list[dict[str, Any]], np.ndarray]:
    items, labels = texts()
    spec = specified(CLASSES, (field,), model, 5, 0)
    features = features_of(spec, items)
    ids = np.arange(len(items))
    fitted, predicted = fit(spec, features, ids, digests_of(spec, items, features.kind), labels)
    return fitted, predicted, items, labels


def probabilities_of(fitted: Fitted, items: Sequence[Mapping[str, Any]]) -> np.ndarray:
    """The mean of the folds' models."""
    matrix = encoded(values_for(fitted, items), fitted.encoder).matrix
    return np.mean([one.probabilities(matrix, len(fitted.spec.classes)) for one in fitted.models], axis=0)


def test_a_classifier_of_scikit_learn_is_a_model(install: Install) -> None:
    install(NEIGHBOURS)

    fitted, predicted, items, labels = trained("own", "v")

    assert predicted.accuracy > 0.95
    assert predicted.probs.sum(axis=1) == pytest.approx(1)
    assert fitted.spec.version.endswith("1.2")
    again = opened(sealed(fitted, b"key"), b"key")
    assert again is not None
    assert probabilities_of(again, items[:3]).argmax(axis=1).tolist() == labels[:3].tolist()


def test_a_model_may_read_the_items_data_itself(install: Install) -> None:
    install(LENGTHS, "Lengths")

    fitted, predicted, items, labels = trained("own", "text")

    assert fitted.kind is FeatureKind.DATA
    assert predicted.accuracy > 0.95
    assert probabilities_of(fitted, items[:4]).argmax(axis=1).tolist() == labels[:4].tolist()


def test_a_name_that_nobody_offers_is_said_with_those_that_are_offered(install: Install) -> None:
    install(NEIGHBOURS, name="nearest")

    with pytest.raises(NoPredictions, match=r"(?s)predictions\.model.*'nearst'.*nearest"):
        plugin("nearst")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import nothing_of_this_name\ndef model(): ...", "cannot be imported"),
        ("model = 3", "is no class or function"),
        ("def model(): raise RuntimeError('no licence')", "cannot be made: RuntimeError: no licence"),
        ("def model(): return object()", "has no method fit"),
        (
            "class model:\n takes = 'pixels'\n def fit(self): ...\n def predict_proba(self): ...",
            "takes = 'pixels'",
        ),
        (
            (
                "class model:\n def fit(self, X, y): raise ValueError('too few')\n"
                " def predict_proba(self, X): ..."
            ),
            "failed to train: ValueError: too few",
        ),
        ("class model:\n def fit(self, X, y): ...\n def predict_proba(self, X): ...", "has no classes_"),
    ],
)
def test_a_broken_model_is_blamed_by_name_and_setting(install: Install, code: str, said: str) -> None:
    install(code)

    with pytest.raises(NoPredictions, match=said) as caught:
        trained("own", "v")

    assert "predictions.model" in str(caught.value)
    assert "'own'" in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("np.ones((len(X), 2)) / 2", "of the shape"),
        ("np.full((len(X), 3), np.nan)", "NaN"),
        ("np.ones((len(X), 3))", "do not sum to 1"),
        ("1 / 0", "failed to predict: ZeroDivisionError"),
    ],
)
def test_answers_that_are_no_probabilities_are_refused(install: Install, answer: str, said: str) -> None:
    install(
        "import numpy as np\nclass model:\n def fit(self, X, y):\n  self.classes_ = np.unique(y)\n"
        f" def predict_proba(self, X):\n  return {answer}"
    )

    with pytest.raises(NoPredictions, match=said):
        trained("own", "v")


def documented(heading: str) -> str:
    """The first Python block under a heading of the page."""
    _, _, rest = PAGE.read_text("utf-8").partition(f"## {heading}\n")
    return rest.partition("```python\n")[2].partition("```")[0]


def test_the_documented_model_of_scikit_learn_works(install: Install) -> None:
    install(documented("A model in ten lines"), "Centroids")

    assert trained("own", "v")[1].accuracy > 0.95


TORCH = find_spec("torch") is not None and find_spec("skorch") is not None


@pytest.mark.skipif(
    not TORCH, reason="needs torch and skorch, which are no dependencies: install them to run it"
)
@pytest.mark.filterwarnings("default")
def test_the_documented_network_works_where_torch_is_installed(install: Install) -> None:
    install(documented("PyTorch through skorch"), "TorchModel")

    fitted, predicted, items, labels = trained("own", "v")

    assert predicted.accuracy > 0.9
    again = opened(sealed(fitted, b"key"), b"key")
    assert again is not None
    assert probabilities_of(again, items[:3]).argmax(axis=1).tolist() == labels[:3].tolist()
