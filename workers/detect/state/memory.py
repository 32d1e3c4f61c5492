"""The detectors that this process keeps at hand, so that the next change finds one without restoring it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from weakref import WeakKeyDictionary

from connector.store.unit_of_work import Store
from workers.detect.state.detector import Detector

MOST_DETECTORS = 4
MOST_BYTES = 1 << 30  # of all together; the one used last stays whatever its size


class Memory:
    """Detectors by project; those used longest ago go first. Safe for threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[int, Detector] = OrderedDict()

    def take(self, project_id: int) -> Detector | None:
        """The project's detector, out of the memory: whoever changes it puts it back when all went well."""
        with self._lock:
            return self._kept.pop(project_id, None)

    def put(self, project_id: int, detector: Detector) -> None:
        with self._lock:
            self._kept[project_id] = detector
            self._kept.move_to_end(project_id)
            while len(self._kept) > 1 and not self._fits():
                self._kept.popitem(last=False)

    def _fits(self) -> bool:
        size = sum(detector.nbytes for detector in self._kept.values())
        return len(self._kept) <= MOST_DETECTORS and size <= MOST_BYTES


_MEMORIES: WeakKeyDictionary[Store, Memory] = WeakKeyDictionary()  # by store: tests have several
_LOCK = threading.Lock()


def memory_of(store: Store) -> Memory:
    """What this process keeps of the projects in a store."""
    with _LOCK:
        return _MEMORIES.setdefault(store, Memory())
