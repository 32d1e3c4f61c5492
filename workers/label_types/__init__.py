"""What a label is: one folder a label type."""
