"""Corrections and guideline notes brought home, and taken back."""
