"""What the platform says, taken in: by webhook, by polling, by comparing all ids."""
