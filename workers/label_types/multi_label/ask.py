"""Why a set is shown to a reviewer."""

from __future__ import annotations

from connector.model import Issue
from connector.wording.text import listing, percent, quoted

MOST_NAMED = 3  # classes


def question(issue: Issue) -> str | None:
    """The doubtful classes, the surest first; None where nothing is known of them."""
    doubtful = (issue.evidence.about or {}).get("classes")
    if not doubtful:
        return None
    texts = [
        f"{quoted(name)} {percent(p if not chosen else 1 - p)}, and it is {'' if chosen else 'not '}chosen"
        for name, chosen, p in doubtful[:MOST_NAMED]
    ]
    return f"The model gives {listing(texts)}. Please verify."
