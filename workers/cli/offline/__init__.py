"""Work on files alone: no server, no database, no configuration."""
