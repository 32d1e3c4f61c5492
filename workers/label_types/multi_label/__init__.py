"""Several choices: a set of classes an item, none of them too."""
