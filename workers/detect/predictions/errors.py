"""Why no probabilities can be had, in the shape that the worker shell understands."""

from __future__ import annotations

from connector.errors import Misconfigured


class NoPredictions(Misconfigured):
    """The items, labels or file given cannot yield probabilities until a person changes something."""
