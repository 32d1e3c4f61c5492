"""Detection that stays: the state of a project's last scan, which takes in changes one by one."""

from workers.detector.detector import Basis, Detector, Taken
from workers.detector.memory import Memory, memory_of
from workers.issues.incremental import UnusableState

__all__ = ["Basis", "Detector", "Memory", "Taken", "UnusableState", "memory_of"]
