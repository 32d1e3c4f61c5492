"""Shares with their interval, as the pages say them. Pure."""

from __future__ import annotations

from math import sqrt

FEW = 20  # below, a share is said without colour or rank
Z95 = 1.959964


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval (Wilson 1927); the whole range where nothing was counted."""
    if n == 0:
        return 0.0, 1.0
    p, z2 = hits / n, Z95**2
    middle = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 / (1 + z2 / n) * sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def share_text(hits: int, n: int) -> str:
    """'40% (12 to 77%, 2 of 5)'; empty where nothing was counted."""
    if n == 0:
        return ""
    low, high = wilson(hits, n)
    return f"{hits / n:.0%} ({low * 100:.0f} to {high * 100:.0f}%, {hits:,} of {n:,})"
