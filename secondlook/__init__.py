"""What programs import: `secondlook.client` reads a running service."""
