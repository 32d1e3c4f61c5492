"""Every sentence that a person reads. Pure: facts in, text out; callers never build sentences."""
