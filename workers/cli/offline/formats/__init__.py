"""Readers of files, one module a format: `read(InputFile) -> FileEntries`, whatever stands in the file."""
