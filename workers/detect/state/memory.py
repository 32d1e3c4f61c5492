"""The detectors that this process keeps at hand, so that the next change finds one without restoring it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from connector.model.jobs import Claim
from connector.store.unit_of_work import Store
from workers.detect.state.detector import Detector

MOST_DETECTORS = 4
MOST_BYTES = 1 << 30  # of all together; the one used last stays whatever its size


@dataclass(frozen=True, slots=True)
class Remembered:
    """A detector, and the run of a job that left it so."""

    detector: Detector
    claim: Claim


class Memory:
    """Detectors by project; those used longest ago go first. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[int, Remembered] = OrderedDict()

    def take(self, project_id: int) -> Remembered | None:
        """The project's detector, out of the memory: whoever changes it puts it back when all went well."""
        with self._lock:
            return self._kept.pop(project_id, None)

    def put(self, project_id: int, remembered: Remembered) -> None:
        with self._lock:
            self._kept[project_id] = remembered
            self._kept.move_to_end(project_id)
            while len(self._kept) > 1 and not self._fits():
                self._kept.popitem(last=False)

    def _fits(self) -> bool:
        size = sum(each.detector.nbytes for each in self._kept.values())
        return len(self._kept) <= MOST_DETECTORS and size <= MOST_BYTES


_MEMORIES: WeakKeyDictionary[Store, Memory] = WeakKeyDictionary()  # by store: tests have several
_LOCK = threading.Lock()


def memory_of(store: Store) -> Memory:
    """What this process keeps of the projects in a store."""
    with _LOCK:
        return _MEMORIES.setdefault(store, Memory())
