"""From the votes on one question to its decision, and to what follows from it."""
