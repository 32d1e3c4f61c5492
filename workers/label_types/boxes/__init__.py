"""Boxes on a picture, upright or rotated."""
