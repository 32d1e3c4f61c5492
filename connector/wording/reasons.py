"""Why something is held back, let go or not counted: stored as they are, and shown."""

from __future__ import annotations

BUDGET = "waits for a free place in the review queue"
CLASS_CAP = "its class has reached the cap of flags"
RARE_CLASS = "its class has too few examples to be judged"
NO_ALTERNATIVE = "the model's own guess is the given label"
NO_LONGER_FLAGGED = "a later scan no longer flags it"
LABEL_CHANGED = "the label changed before a decision"
ITEM_GONE = "the item or its annotation was deleted before a decision"
CLASS_GONE = "its class is not in the labelling config any more"
TASK_GONE = "the review task was deleted on the platform"
OWN_LABEL = "the reviewer labeled this item before"
EDITED = "someone else edited this answer"
SKIPPED = "skipped"
SUPERSEDED = "the same reviewer answered again later"
NO_ANSWER = "neither a label nor a problem was chosen"
UNKNOWN_LABEL = "the label is not among the project's classes"
