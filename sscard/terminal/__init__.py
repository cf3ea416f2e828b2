"""What a counter does with a finished card: identify it, prove it, gain rights, read."""
