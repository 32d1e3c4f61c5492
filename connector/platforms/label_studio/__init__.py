"""Label Studio: its projects, tasks and annotations, webhooks, review projects."""
