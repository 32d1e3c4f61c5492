"""What is shown: one file for each thing, read only."""
