"""Results on their way to the terminal."""
