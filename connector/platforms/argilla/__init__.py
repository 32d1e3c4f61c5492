"""Argilla: its datasets as projects, records as items, webhooks, review datasets."""
