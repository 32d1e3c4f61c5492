"""One frozen settings object, and the only reader of the configuration file and the environment."""
