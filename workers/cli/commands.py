"""The commands by name, with their help: the list that `--help` shows without importing any of them."""

from __future__ import annotations

from typing import NamedTuple


class Command(NamedTuple):
    """A command, or a group of them, and where it is: imported when it is asked for."""

    name: str
    module: str  # of workers.cli
    attribute: str
    help: str
    is_group: bool = False


COMMANDS = (
    Command("init", "init", "init", "Set up a project, checking each answer on the server."),
    Command("doctor", "doctor", "doctor", "Say what works, what does not, and what to do about it."),
    Command("up", "serve", "up", "Run web, worker and scheduler in one process."),
    Command("web", "serve", "web", "Run the web process alone."),
    Command("sync", "loop", "sync", "Bring in what changed on the platform."),
    Command(
        "scan",
        "scan",
        "scan",
        "Find suspicious labels: of a project, planning their review; or of a file, without a server.",
    ),
    Command("controls", "loop", "controls", "Ask about unflagged items: they bound the errors left."),
    Command("push", "loop", "push", "Create the planned review tasks on the platform."),
    Command("collect", "loop", "collect", "Read the reviewers' answers."),
    Command("status", "status", "status", "Show where each project stands, and the review link."),
    Command("issues", "issues", "issues", "List issues, the most suspicious first."),
    Command(
        "findings",
        "findings",
        "findings",
        "List what else the last scan found: of classes, annotators and groups first, then of items.",
    ),
    Command(
        "dispositions",
        "dispositions",
        "dispositions",
        "List items that no single label answers: several fit, none does, or guidelines are silent.",
    ),
    Command(
        "quality",
        "quality",
        "quality",
        "Show what is left to find, how often flags are right, and what corrections do to each class.",
    ),
    Command(
        "reviewers",
        "reviewers",
        "reviewers",
        "Show how far each reviewer can be relied on, and what operations should know.",
    ),
    Command(
        "feedback",
        "feedback",
        "feedback",
        "Write a friendly sheet for each annotator whose labels were looked at again.",
    ),
    Command(
        "report",
        "report",
        "report",
        "Report where the labels stand, set against the report before, and store it.",
    ),
    Command("revert", "revert", "revert", "Restore what a correction changed."),
    Command(
        "evaluate",
        "evaluate",
        "evaluate",
        "List the flagged rows; measure them against truth or votes, and rules of decision on answers.",
    ),
    Command(
        "consensus",
        "consensus",
        "consensus",
        "Agree on one answer for each item of a file that several people labeled.",
    ),
    Command(
        "export",
        "export",
        "export",
        "Write the agreed and corrected labels of a project, as people train on them.",
    ),
    Command("demo", "demo", "demo", "Run the loop on a real annotation server, and measure it."),
    Command("alerts", "alerts", "app", "List, test and silence alerts.", is_group=True),
    Command("audit", "audit", "app", "Export the audit log, or verify its hash chain.", is_group=True),
    Command("jobs", "jobs", "app", "List and replay jobs that were given up.", is_group=True),
    Command(
        "guidelines",
        "guidelines",
        "app",
        "Notes of reviewers, and what the instructions say of them.",
        is_group=True,
    ),
    Command("held", "held", "app", "List, release or discard corrections that are held.", is_group=True),
    Command(
        "golden",
        "golden",
        "app",
        "Keep the golden set: verified items that measure reviewers.",
        is_group=True,
    ),
    Command("users", "users", "app", "Add, list and revoke people who sign in to the pages.", is_group=True),
    Command("tokens", "tokens", "app", "Add, list and revoke tokens for programs.", is_group=True),
)
