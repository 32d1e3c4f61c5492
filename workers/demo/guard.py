"""Run a program that cannot outlive the one who starts it: `python guard.py [--user NAME] PROGRAM ARGUMENTS`.

It ends when its standard input closes. The starter holds the other end of that pipe, and the
kernel closes it even when the starter is killed. Run as the leader of a process group of its own.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading


def _end_with_parent() -> None:
    while os.read(0, 1):
        pass
    os.killpg(0, signal.SIGKILL)


def main(arguments: list[str]) -> int:
    user = None
    if arguments[0] == "--user":
        user, arguments = arguments[1], arguments[2:]
    groups: list[str | int] | None = [] if user else None
    child = subprocess.Popen(  # noqa: S603 - what it is for
        arguments, stdin=subprocess.DEVNULL, user=user, extra_groups=groups
    )
    for polite in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        signal.signal(polite, lambda number, _: child.send_signal(number))
    threading.Thread(target=_end_with_parent, daemon=True).start()
    code = child.wait()
    return code if code >= 0 else 128 - code  # as a shell reports a death by signal


if __name__ == "__main__":
    os._exit(main(sys.argv[1:]))  # the thread that reads the pipe must not hold up the end
