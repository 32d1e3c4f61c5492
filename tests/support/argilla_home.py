"""The Argilla that the demo installs, for tests: `python -m tests.support.argilla_home` prepares it."""

from __future__ import annotations

from workers.demo.argilla_home import DATABASE, WORKSPACE, main

__all__ = ["DATABASE", "WORKSPACE", "main"]

if __name__ == "__main__":
    main()
