"""A rating: one of a few numbers an item, of which near ones are nearly the same."""
