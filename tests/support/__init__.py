"""Real servers and ways to hurt them: what tests share."""
