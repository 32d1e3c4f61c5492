"""The migrations in order; each holds its own copy of what it needs."""
