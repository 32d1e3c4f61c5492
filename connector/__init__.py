"""What is true, and how Secondlook speaks to the world."""
