"""The only HTTP to others: one folder a platform, reached through the registry."""
