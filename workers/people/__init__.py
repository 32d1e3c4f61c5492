"""What is known of each person: reliability from golden items and consensus, kept day by day."""
