"""A single choice: one class an item."""
