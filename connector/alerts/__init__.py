"""People are told: what fires, what is said of it to whom and when, and the ways there."""
