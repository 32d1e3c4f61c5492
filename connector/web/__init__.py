"""The web process: deliveries in, pages and JSON out; it verifies, records, enqueues and reads."""
