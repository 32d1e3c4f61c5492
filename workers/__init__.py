"""What is computed, and what runs in the background."""
