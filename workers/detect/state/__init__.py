"""Detection that stays: the state of a project's last scan, which takes in changes one by one."""

from workers.detect.state.detector import Basis, Detector, Taken
from workers.detect.state.memory import Memory, Remembered, memory_of
from workers.issues.incremental import UnusableState

__all__ = ["Basis", "Detector", "Memory", "Remembered", "Taken", "UnusableState", "memory_of"]
