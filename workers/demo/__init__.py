"""The loop on a real server, with simulated people."""
