"""Drawing swaps of a fitted pair with the generator."""
