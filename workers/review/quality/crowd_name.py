"""Where it is kept what a project's answers have taught."""

from __future__ import annotations

from connector.model import Project


def crowd_fact(project: Project) -> str:
    """The fact that holds what was learned."""
    return f"crowd:{project.id}"
