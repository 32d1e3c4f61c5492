"""Probabilities: cross-validation, kept models and plug-ins, files, class scores."""
