"""What the pages count and draw is found by an index: pairs, people, what was decided lately."""

from __future__ import annotations

from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.create_index("ix_issues_pair", "issues", ["project_id", "kind", "given", "suggested", "state"])
    op.drop_index("ix_issues_annotator", "issues")
    op.create_index("ix_issues_annotator", "issues", ["project_id", "annotator", "kind", "state"])
    op.create_index("ix_decisions_decided_at", "decisions", ["decided_at", "issue_id"])
    op.create_index("ix_annotations_annotator", "annotations", ["annotator", "item_id"])
