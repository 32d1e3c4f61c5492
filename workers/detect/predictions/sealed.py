"""Kept models as bytes. They are pickles, so only those with our own seal are ever opened."""

from __future__ import annotations

import hashlib
import hmac
import json
import pickle
import platform
import warnings
from importlib.metadata import version

from workers.detect.predictions.fitting import Fitted

FORMAT = 2
SEAL_BYTES = 32
MOST_BYTES = 512 << 20  # a larger model is trained anew rather than stored


class NotKept(Exception):
    """A model that cannot be stored; the message says why."""


def sealed(fitted: Fitted, key: bytes) -> bytes:
    """The model as bytes: seal, versions, content. NotKept where it is no pickle or too large."""
    try:
        content = pickle.dumps(fitted, protocol=pickle.HIGHEST_PROTOCOL)
    except Exception as error:
        # A plug-in's model may hold anything: what its pickling raises is not ours to know.
        raise NotKept(f"{type(error).__name__}: {error}") from error
    if len(content) > MOST_BYTES:
        raise NotKept(f"it has {len(content) >> 20} MB, and {MOST_BYTES >> 20} MB are the most")
    body = _versions() + b"\n" + content
    return _seal(body, key) + body


def opened(stored: bytes, key: bytes) -> Fitted | None:
    """The model; None for bytes that we did not seal, or that other versions of the libraries wrote.

    Nothing of the content is read before its seal is checked.
    """
    seal, body = stored[:SEAL_BYTES], memoryview(stored)[SEAL_BYTES:]
    if not hmac.compare_digest(seal, _seal(body, key)):
        return None
    head = _versions() + b"\n"
    if bytes(body[: len(head)]) != head:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # such as a library's doubt about another version's model
            result = pickle.loads(body[len(head) :])  # noqa: S301 - sealed with our own key, checked above
    except Exception:  # noqa: BLE001 - a plug-in may be gone or changed: its model is then trained anew
        return None
    return result if isinstance(result, Fitted) else None


def seal_of(stored: bytes) -> str:
    """A name for these very bytes."""
    return stored[:SEAL_BYTES].hex()


def _seal(body: bytes | memoryview, key: bytes) -> bytes:
    return hmac.new(key, body, hashlib.sha256).digest()


def _versions() -> bytes:
    packages = {name: version(name) for name in ("secondlook", "scikit-learn", "numpy", "scipy")}
    return json.dumps({"format": FORMAT, "python": platform.python_version()} | packages).encode()
