"""Boxes and spans in files: readers of their forms, what judges them, and what is found."""
