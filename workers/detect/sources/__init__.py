"""Where probabilities come from: the platform, an ML backend, a file, the built-in model."""
