"""Routes: webhooks, health, and the JSON API."""
