"""Several people's answers to the items of a file become one agreed answer each."""
