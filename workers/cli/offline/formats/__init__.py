"""Readers of files, one module a format: `read(Source) -> Entries`, whatever stands in the file."""
