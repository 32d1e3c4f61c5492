"""Dated reports: figures gathered from the store, set against those before, as JSON and as a page."""
